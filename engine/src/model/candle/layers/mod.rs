//! The parts that encoder and decoder layers are made of.

mod attention;
mod block;
mod linear;
mod mlp;
mod norm;
mod rope;

pub(super) use attention::Projections;
pub(super) use block::Block;
pub(super) use linear::linear;
pub(in crate::model) use norm::RmsNorm;
pub(super) use rope::RopeTables;

use candle_core::{Result, Tensor};

use crate::model::config::Activation;

/// Rows that go through the row-wise parts of a layer at a time: limits the size of the feed-forward block's activations.
pub(super) const CHUNK_ROWS: usize = 1024;

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
