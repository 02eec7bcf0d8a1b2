//! The cache of one decoder layer: keys and values of the decoder's own tokens.
//!
//! The encoder's are in [`super::memory`], which never changes. A local layer
//! drops what has left its window, so its cache stays small however long the answer grows. Space is allocated as needed,
//! never for `max_position_embeddings`.

use candle_core::{Result, Tensor};

use crate::kernels::attention::{OwnKeys, Visibility};

/// The cache of one layer.
#[derive(Debug)]
pub(super) struct SelfCache {
    window: Option<usize>,
    /// Keys and values with room to grow, `[k, capacity, d]`.
    room: Option<(Tensor, Tensor)>,
    len: usize,
    first_position: usize,
}

/// Smallest allocation, in tokens.
const LEAST_ROOM: usize = 256;

impl SelfCache {
    /// An empty cache; `window` is the number of keys that a local layer sees.
    pub(super) fn new(window: Option<usize>) -> Self {
        Self { window, room: None, len: 0, first_position: 0 }
    }

    /// Adds keys and values `[k, t, d]` and returns all that the new queries may see.
    pub(super) fn append(&mut self, keys: &Tensor, values: &Tensor) -> Result<OwnKeys> {
        let added = keys.dim(1)?;
        self.forget()?;
        self.reserve(keys, values, added)?;
        let Some((all_keys, all_values)) = &self.room else { candle_core::bail!("a cache without room") };
        all_keys.slice_set(&keys.contiguous()?, 1, self.len)?;
        all_values.slice_set(&values.contiguous()?, 1, self.len)?;
        self.len += added;
        Ok(OwnKeys {
            keys: all_keys.narrow(1, 0, self.len)?,
            values: all_values.narrow(1, 0, self.len)?,
            first_position: self.first_position,
            visibility: Visibility::Causal { window: self.window },
        })
    }

    /// Drops keys that no later query of a local layer sees, once it is worth the copy.
    fn forget(&mut self) -> Result<()> {
        let Some(window) = self.window else { return Ok(()) };
        if self.len < 2 * window + LEAST_ROOM {
            return Ok(());
        }
        let dropped = self.len - window;
        if let Some((keys, values)) = self.room.take() {
            let kept = |all: Tensor| all.narrow(1, dropped, window)?.force_contiguous();
            self.room = Some((kept(keys)?, kept(values)?));
        }
        self.len = window;
        self.first_position += dropped;
        Ok(())
    }

    fn reserve(&mut self, keys: &Tensor, values: &Tensor, added: usize) -> Result<()> {
        let capacity = self.room.as_ref().map_or(Ok(0), |(keys, _)| keys.dim(1))?;
        let needed = self.len + added;
        if needed <= capacity {
            return Ok(());
        }
        let (heads, _, width) = keys.dims3()?;
        let grow = |old: Option<&Tensor>, like: &Tensor| {
            let room =
                Tensor::zeros((heads, (needed + needed / 2).max(LEAST_ROOM), width), like.dtype(), like.device())?;
            if let Some(old) = old {
                room.slice_set(&old.narrow(1, 0, self.len)?.contiguous()?, 1, 0)?;
            }
            Ok::<_, candle_core::Error>(room)
        };
        let old = self.room.as_ref();
        self.room = Some((grow(old.map(|(keys, _)| keys), keys)?, grow(old.map(|(_, values)| values), values)?));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    fn token(value: f32) -> Tensor {
        Tensor::new(&[[[value, -value]]], &Device::Cpu).unwrap()
    }

    /// A local cache stays small and still holds the window's keys at their positions.
    #[test]
    fn a_local_cache_keeps_its_window_and_forgets_the_rest() {
        let window = 5;
        let mut cache = SelfCache::new(Some(window));
        for position in 0..3000 {
            let own = cache.append(&token(position as f32), &token(position as f32)).unwrap();
            let length = own.keys.dim(1).unwrap();
            assert!(length < 2 * window + LEAST_ROOM + 1);
            assert_eq!(own.first_position + length, position + 1);
            let seen = window.min(position + 1);
            let last = own.keys.narrow(1, length - seen, seen).unwrap().flatten_all().unwrap();
            let expected: Vec<f32> = (position + 1 - seen..=position).flat_map(|p| [p as f32, -(p as f32)]).collect();
            assert_eq!(last.to_vec1::<f32>().unwrap(), expected, "at {position}");
        }
    }
}
