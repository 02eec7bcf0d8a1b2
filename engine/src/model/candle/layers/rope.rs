//! Rotary position embedding: two tables, one for local and one for global layers, shared by all layers.
//!
//! Tables are built in f32 from whole positions: in bf16 a position beyond 256 is not even a whole number any more.

use std::cell::RefCell;

use candle_core::{DType, Device, Result, Tensor};

use crate::model::config::{LayerKind, RopeConfig, StackConfig};

/// Cosines and sines of consecutive positions, `[n, d/2]` each, in f32.
#[derive(Clone, Debug)]
pub(crate) struct RopeTable {
    cos: Tensor,
    sin: Tensor,
}

impl RopeTable {
    /// Rotates the last dimension of `x` `[h, n, d]`: the pair of `i` and `i + d/2` turns by `position * theta^(-2i/d) /
    /// factor`.
    pub(crate) fn rotate(&self, x: &Tensor) -> Result<Tensor> {
        let dtype = x.dtype();
        let wide = x.to_dtype(DType::F32)?.contiguous()?.unsqueeze(0)?;
        candle_nn::rotary_emb::rope(&wide, &self.cos, &self.sin)?.squeeze(0)?.to_dtype(dtype)
    }
}

/// The tables of both kinds of layers, grown to the longest sequence met so far.
#[derive(Debug)]
pub(crate) struct RopeTables {
    local: GrowingTable,
    global: GrowingTable,
}

impl RopeTables {
    pub(crate) fn new(config: &StackConfig, device: &Device) -> Self {
        let table = |rope| GrowingTable::new(rope, config.head_dim, device.clone());
        Self { local: table(config.local_rope), global: table(config.global_rope) }
    }

    /// The rows of `count` positions from `first` on, for layers of `kind`.
    pub(crate) fn rows(&self, kind: LayerKind, first: usize, count: usize) -> Result<RopeTable> {
        match kind {
            LayerKind::Local => self.local.rows(first, count),
            LayerKind::Global => self.global.rows(first, count),
        }
    }
}

#[derive(Debug)]
struct GrowingTable {
    config: RopeConfig,
    head_dim: usize,
    device: Device,
    built: RefCell<Option<RopeTable>>,
}

/// Smallest number of positions of a table, so that generation does not rebuild it at every token.
const LEAST_POSITIONS: usize = 1024;

impl GrowingTable {
    fn new(config: RopeConfig, head_dim: usize, device: Device) -> Self {
        Self { config, head_dim, device, built: RefCell::new(None) }
    }

    fn rows(&self, first: usize, count: usize) -> Result<RopeTable> {
        let needed = first + count;
        let mut built = self.built.borrow_mut();
        let table = match built.take() {
            Some(table) if table.cos.dim(0)? >= needed => table,
            _ => self.build(needed.max(LEAST_POSITIONS).next_multiple_of(LEAST_POSITIONS))?,
        };
        let rows = RopeTable { cos: table.cos.narrow(0, first, count)?, sin: table.sin.narrow(0, first, count)? };
        *built = Some(table);
        Ok(rows)
    }

    fn build(&self, positions: usize) -> Result<RopeTable> {
        let half = self.head_dim / 2;
        let frequencies: Vec<f32> = (0..half).map(|i| self.config.inverse_frequency(i, self.head_dim)).collect();
        let mut cos = Vec::with_capacity(positions * half);
        let mut sin = Vec::with_capacity(positions * half);
        for position in 0..positions {
            for frequency in &frequencies {
                let angle = position as f32 * frequency;
                cos.push(angle.cos());
                sin.push(angle.sin());
            }
        }
        let tensor = |values| Tensor::from_vec(values, (positions, half), &self.device);
        Ok(RopeTable { cos: tensor(cos)?, sin: tensor(sin)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against f64, at positions where bf16 would be off by whole turns. An f32 angle near 131,071 is exact to 0.008, and
    /// its frequency to as much again.
    #[test]
    fn tables_hold_at_large_positions() {
        for (theta, factor) in [(10_000.0, 1.0), (1_000_000.0, 8.0)] {
            let tables = GrowingTable::new(RopeConfig { theta, factor }, 256, Device::Cpu);
            for position in [0_usize, 1, 257, 1023, 1024, 4097, 32_769, 131_071] {
                let rows = tables.rows(position, 1).unwrap();
                let (cos, sin) = (rows.cos.get(0).unwrap(), rows.sin.get(0).unwrap());
                let (cos, sin) = (cos.to_vec1::<f32>().unwrap(), sin.to_vec1::<f32>().unwrap());
                for i in 0..128 {
                    let angle = position as f64 * theta.powf(-(i as f64) / 128.0) / factor;
                    let off = (f64::from(cos[i]) - angle.cos()).abs().max((f64::from(sin[i]) - angle.sin()).abs());
                    assert!(off < 1e-6 + position as f64 * 1.3e-7, "theta {theta}, position {position}, {i}: {off:e}");
                }
            }
        }
    }

    /// A table that grew has the same rows as one that was made long at once.
    #[test]
    fn growing_changes_no_row() {
        let config = RopeConfig { theta: 10_000.0, factor: 8.0 };
        let (grown, long) = (GrowingTable::new(config, 16, Device::Cpu), GrowingTable::new(config, 16, Device::Cpu));
        let values = |rows: RopeTable| rows.sin.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let before = values(grown.rows(5, 3).unwrap());
        grown.rows(5000, 1).unwrap();
        assert_eq!(values(grown.rows(5, 3).unwrap()), before);
        assert_eq!(values(long.rows(0, 6000).unwrap())[5 * 8..8 * 8], before);
    }
}
