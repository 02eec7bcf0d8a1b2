//! Token embedding, shared by encoder, decoder and output head.

use std::sync::Arc;

use candle_core::{DType, Result, Tensor};
use half::bf16;

use crate::kernels::linear::product;
use crate::model::cpu;
use crate::weights::{Weights, WeightsError};

/// The table `[v, c]`, and the vector that stands in for the end-of-image token.
#[derive(Clone, Debug)]
pub(crate) struct Embedding {
    table: Tensor,
    /// The table once more, in bytes, where logits are multiplied so.
    packed: Option<Arc<cpu::Linear>>,
    scale: f64,
    end_of_image: Option<(u32, Tensor)>,
    activations: DType,
}

impl Embedding {
    /// Loads `{name}.weight` and, where there is an end-of-image id, `{name}.eoi_embedding`; `packed_head` where the
    /// table is the head too and logits are multiplied in bytes.
    pub(crate) fn load(
        weights: &Weights,
        name: &str,
        shape: [usize; 2],
        end_of_image: Option<u32>,
        activations: DType,
        packed_head: bool,
    ) -> std::result::Result<Self, WeightsError> {
        let table = weights.matrix(&format!("{name}.weight"), &shape)?;
        let end_of_image = match end_of_image {
            Some(id) => Some((id, weights.vector(&format!("{name}.eoi_embedding"), shape[1])?)),
            None => None,
        };
        let load = |source| WeightsError::Load { name: name.to_owned(), source };
        let packed = if packed_head { Some(Arc::new(cpu::Linear::table(&table).map_err(load)?)) } else { None };
        Ok(Self { table, packed, scale: embedding_scale(shape[1], weights.dtype()), end_of_image, activations })
    }

    /// Rows of `ids` times the square root of the width, `[n, c]`; the end-of-image row is its own, unscaled vector.
    pub(crate) fn forward(&self, ids: &[u32]) -> Result<Tensor> {
        let index = Tensor::new(ids, self.table.device())?;
        let rows = (self.table.index_select(&index, 0)?.to_dtype(self.activations)? * self.scale)?;
        match &self.end_of_image {
            Some((id, vector)) => {
                let row = vector.to_dtype(self.activations)?.unsqueeze(0)?;
                let at: Vec<usize> = ids.iter().enumerate().filter(|(_, other)| *other == id).map(|(i, _)| i).collect();
                replace_rows(&rows, &at.iter().map(|&i| (i, row.clone())).collect::<Vec<_>>())
            }
            None => Ok(rows),
        }
    }

    /// Where the table lies.
    pub(crate) fn device(&self) -> &candle_core::Device {
        self.table.device()
    }

    /// Logits of `h` `[r, c]`, `[r, v]`: the head is the unscaled table.
    pub(crate) fn logits(&self, h: &Tensor) -> Result<Tensor> {
        match &self.packed {
            Some(packed) => packed.apply(h),
            None => product(h, &self.table),
        }
    }
}

/// Square root of the width, rounded as the reference does: its scale is a constant of the weights' type, so under bf16
/// 25.25 stands for 25.298 (hidden size 640), and the checkpoints were trained with that.
fn embedding_scale(width: usize, weights: DType) -> f64 {
    let exact = (width as f64).sqrt();
    match weights {
        DType::BF16 => f64::from(bf16::from_f64(exact).to_f32()),
        _ => f64::from(exact as f32),
    }
}

/// `rows` `[n, c]` with the blocks `(start, [m, c])`, rising and apart, put over them.
pub(crate) fn replace_rows(rows: &Tensor, blocks: &[(usize, Tensor)]) -> Result<Tensor> {
    if blocks.is_empty() {
        return Ok(rows.clone());
    }
    let count = rows.dim(0)?;
    let mut parts = Vec::with_capacity(2 * blocks.len() + 1);
    let mut next = 0;
    for (start, block) in blocks {
        if *start > next {
            parts.push(rows.narrow(0, next, start - next)?);
        }
        parts.push(block.clone());
        next = start + block.dim(0)?;
    }
    if next < count {
        parts.push(rows.narrow(0, next, count - next)?);
    }
    Tensor::cat(&parts, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_is_rounded_under_bf16_alone() {
        for (width, exact, rounded) in [(640, 25.298_22, 25.25), (1152, 33.941_124, 34.0), (2560, 50.596_443, 50.5)] {
            assert!((embedding_scale(width, DType::F32) - exact).abs() < 1e-5, "{width}");
            assert_eq!(embedding_scale(width, DType::BF16), rounded, "{width}");
        }
    }
}
