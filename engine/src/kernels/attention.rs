//! Attention in blocks of queries: scores of a block against the keys it may see, one softmax, one product.
//!
//! Never a buffer of queries × keys over a whole sequence: a block has as many rows as fit into [`SCORES_PER_BLOCK`], so
//! memory grows with the number of keys. Local layers look at the keys around a block only, so their cost is linear.
//! Grouped heads share their keys without copying them: the `g = h / k` query heads of a key head lie side by side as
//! rows of one product.

use std::ops::Range;

use candle_core::{D, DType, Result, Tensor};

pub use super::operands::{AttentionSink, CrossKeys, OwnKeys, Visibility};

/// Scores held at a time, over all heads: 16 Mi of f32 are 64 MiB.
const SCORES_PER_BLOCK: usize = 1 << 24;

/// Most query rows of a block, so that the keys of a local block are few beside its window.
const MAX_BLOCK_ROWS: usize = 256;

/// Attention of queries `[h, r, d]`, the first of which stands at `first_query`, over their own sequence's keys and,
/// with one joint softmax, over `cross`. Returns `[r, h·d]`.
///
/// # Errors
/// Fails where the shapes do not fit.
pub fn attend(
    queries: &Tensor,
    first_query: usize,
    own: &OwnKeys,
    cross: Option<&dyn CrossKeys>,
    scale: f64,
    mut sink: Option<&mut dyn AttentionSink>,
) -> Result<Tensor> {
    #[cfg(any(feature = "cuda", feature = "metal"))]
    if let Some(mixed) = super::gpu::attend(queries, first_query, own, cross, scale, &mut sink)? {
        return Ok(mixed);
    }
    let (heads, rows, width) = queries.dims3()?;
    let (kv_heads, num_own, _) = own.keys.dims3()?;
    let group = heads / kv_heads;
    let cross = cross.filter(|cross| !cross.is_empty());
    let num_cross = cross.map_or(0, CrossKeys::len);
    let num_keys = num_cross + num_own;
    let block_rows = (SCORES_PER_BLOCK / (heads * num_keys).max(1)).clamp(1, MAX_BLOCK_ROWS);
    let mut blocks = Vec::with_capacity(rows.div_ceil(block_rows));
    for start in (0..rows).step_by(block_rows) {
        let count = block_rows.min(rows - start);
        let block = queries.narrow(1, start, count)?.contiguous()?.reshape((kv_heads, group * count, width))?;
        // Positions relative to the first key that is still in the cache.
        let first = first_query + start - own.first_position;
        let reach = own.visibility.reach(&(first..first + count), num_own);
        let keys = own.keys.narrow(1, reach.start, reach.len())?;
        let values = own.values.narrow(1, reach.start, reach.len())?;
        let own_scores = block.matmul(&keys.t()?)?;
        let scores = match cross {
            Some(cross) => Tensor::cat(&[&own_scores, &cross.scores(&block)?], D::Minus1)?,
            None => own_scores,
        };
        let scores = (scores.to_dtype(DType::F32)? * scale)?;
        let scores = match mask(own.visibility, first..first + count, &reach, num_own, num_cross)? {
            Some(mask) => scores
                .reshape((kv_heads, group, count, reach.len() + num_cross))?
                .broadcast_add(&mask.to_device(scores.device())?)?
                .reshape((kv_heads, group * count, reach.len() + num_cross))?,
            None => scores,
        };
        let probabilities = candle_nn::ops::softmax_last_dim(&scores)?;
        let own_part = probabilities.narrow(D::Minus1, 0, reach.len())?;
        if let Some(sink) = &mut sink {
            let mean = |part: &Tensor| {
                let keys = part.dim(D::Minus1)?;
                part.contiguous()?.reshape((heads, count, keys))?.mean(0)
            };
            sink.own(&mean(&own_part)?, own.first_position + reach.start)?;
            if num_cross > 0 {
                sink.cross(&mean(&probabilities.narrow(D::Minus1, reach.len(), num_cross)?)?)?;
            }
        }
        let dtype = values.dtype();
        let mixed = own_part.to_dtype(dtype)?.contiguous()?.matmul(&values.contiguous()?)?;
        let mixed = match cross {
            Some(cross) => {
                let part = probabilities.narrow(D::Minus1, reach.len(), num_cross)?;
                (mixed + cross.mix(&part.to_dtype(dtype)?.contiguous()?)?)?
            }
            None => mixed,
        };
        // [k, g·r, d] -> [h, r, d] -> [r, h·d]
        blocks.push(
            mixed.reshape((heads, count, width))?.transpose(0, 1)?.contiguous()?.reshape((count, heads * width))?,
        );
    }
    if blocks.len() == 1 { Ok(blocks.remove(0)) } else { Tensor::cat(&blocks, 0) }
}

/// What is added to the scores of a block, `[r, n]`: 0 where a query sees a key, minus infinity where it does not;
/// `None` where each sees all in reach. No row is ever all minus infinity: a query sees itself.
fn mask(
    visibility: Visibility,
    rows: Range<usize>,
    reach: &Range<usize>,
    num_own: usize,
    num_cross: usize,
) -> Result<Option<Tensor>> {
    if rows.clone().all(|row| visibility.seen(row, num_own) == *reach) {
        return Ok(None);
    }
    let width = reach.len() + num_cross;
    let count = rows.len();
    let mut values = vec![f32::NEG_INFINITY; count * width];
    for (row, line) in rows.zip(values.chunks_exact_mut(width.max(1))) {
        let seen = visibility.seen(row, num_own);
        line[seen.start - reach.start..seen.end - reach.start].fill(0.0);
        line[reach.len()..].fill(0.0);
    }
    Tensor::from_vec(values, (count, width), &candle_core::Device::Cpu).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoder_window_is_asymmetric_by_one() {
        for (window, left, right) in [(512, 255, 256), (7, 3, 3), (6, 2, 3), (1, 0, 0)] {
            assert_eq!(Visibility::encoder_window(window), Visibility::Band { left, right }, "window {window}");
        }
    }

    #[test]
    fn a_query_sees_exactly_its_window() {
        for (visibility, position, keys, expected) in [
            (Visibility::All, 3, 10, 0..10),
            (Visibility::Band { left: 2, right: 1 }, 0, 10, 0..2),
            (Visibility::Band { left: 2, right: 1 }, 5, 10, 3..7),
            (Visibility::Band { left: 2, right: 1 }, 9, 10, 7..10),
            (Visibility::Causal { window: None }, 4, 10, 0..5),
            (Visibility::Causal { window: Some(3) }, 4, 10, 2..5),
            (Visibility::Causal { window: Some(3) }, 1, 10, 0..2),
        ] {
            assert_eq!(visibility.seen(position, keys), expected, "{visibility:?} at {position}");
        }
    }
}
