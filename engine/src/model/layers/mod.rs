//! The parts that encoder and decoder layers are made of.

mod attention;
mod block;
mod embedding;
mod mlp;
mod norm;
mod rope;

pub(super) use attention::Projections;
pub(super) use block::Block;
pub(super) use embedding::{Embedding, replace_rows};
use mlp::Mlp;
pub(super) use norm::RmsNorm;
pub(super) use rope::{RopeTable, RopeTables};

use candle_core::{Result, Tensor};

use super::config::Activation;
use crate::kernels::linear::Linear;
use crate::weights::{Weights, WeightsError};

/// Rows that go through the row-wise parts of a layer at a time: bounds the feed-forward block's width × rows.
pub(super) const CHUNK_ROWS: usize = 1024;

/// A product with the weight `{name}.weight` and, where asked for, `{name}.bias`.
pub(super) fn linear(
    weights: &Weights,
    name: &str,
    outputs: usize,
    inputs: usize,
    bias: bool,
) -> std::result::Result<Linear, WeightsError> {
    let weight = weights.matrix(&format!("{name}.weight"), &[outputs, inputs])?;
    let bias = if bias { Some(weights.vector(&format!("{name}.bias"), outputs)?) } else { None };
    Ok(Linear::new(weight, bias))
}

impl Activation {
    /// The function, element by element.
    pub(super) fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::GeluTanh => x.gelu(),
            Self::GeluErf => x.gelu_erf(),
            Self::Silu => x.silu(),
            Self::Relu => x.relu(),
        }
    }
}

/// Ranges of at most [`CHUNK_ROWS`] rows that cover `rows`.
pub(super) fn chunks(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).step_by(CHUNK_ROWS).map(move |start| (start, CHUNK_ROWS.min(rows - start)))
}
