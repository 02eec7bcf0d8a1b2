//! Token embedding, shared by encoder and decoder; its table is the output head too where the head is tied.

use candle_core::{DType, Result, Tensor};
use half::bf16;

use crate::weights::{Weights, WeightsError};

/// The table `[v, c]`, and the vector of the end-of-image token.
#[derive(Clone, Debug)]
pub(super) struct Embedding {
    table: Tensor,
    scale: f64,
    end_of_image: Option<(u32, Tensor)>,
    activations: DType,
}

impl Embedding {
    /// Loads `{name}.weight` and, where there is an end-of-image id, `{name}.eoi_embedding`.
    pub(super) fn load(
        weights: &Weights,
        name: &str,
        shape: [usize; 2],
        end_of_image: Option<u32>,
    ) -> std::result::Result<Self, WeightsError> {
        let table = weights.matrix(&format!("{name}.weight"), &shape)?;
        let end_of_image = match end_of_image {
            Some(id) => Some((id, weights.vector(&format!("{name}.eoi_embedding"), shape[1])?)),
            None => None,
        };
        Ok(Self {
            table,
            scale: embedding_scale(shape[1], weights.dtype()),
            end_of_image,
            activations: weights.activation_dtype(),
        })
    }

    /// Rows of `ids` times the square root of the width, `[n, c]`; the end-of-image token has its own, unscaled vector.
    pub(super) fn forward(&self, ids: &[u32]) -> Result<Tensor> {
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

    /// The table `[v, c]`, unscaled.
    pub(super) fn table(&self) -> &Tensor {
        &self.table
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

/// `rows` `[n, c]` with the blocks `(start, [m, c])` in their place; starts ascend and blocks do not overlap.
pub(super) fn replace_rows(rows: &Tensor, blocks: &[(usize, Tensor)]) -> Result<Tensor> {
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
