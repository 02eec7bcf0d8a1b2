//! The projector: patch states to the soft tokens that represent an image in the text.

use candle_core::{Result, Tensor};

use crate::model::candle::layers::RmsNorm;
use crate::model::config::VisionConfig;
use crate::weights::{Weights, WeightsError};

const NAME: &str = "model.encoder.multi_modal_projector";

/// Average over squares of patches, RMSNorm, one product (reference description §2.3). The result is not scaled.
#[derive(Debug)]
pub(crate) struct Projector {
    norm: RmsNorm,
    /// `[c_vision, c]`: multiplied from the right, not transposed.
    weight: Tensor,
    grid: usize,
    pool: usize,
}

impl Projector {
    pub(crate) fn load(
        weights: &Weights,
        config: &VisionConfig,
        tokens_per_image: usize,
        hidden_size: usize,
    ) -> std::result::Result<Self, WeightsError> {
        let width = config.hidden_size;
        Ok(Self {
            norm: RmsNorm::load(weights, &format!("{NAME}.mm_soft_emb_norm"), width, config.layer_norm_eps)?,
            weight: weights.matrix(&format!("{NAME}.mm_input_projection_weight"), &[width, hidden_size])?,
            grid: config.grid(),
            pool: config.pool_size(tokens_per_image),
        })
    }

    /// Patch states `[p, c_vision]` averaged over squares, `[tokens, c_vision]`, row by row of the image.
    pub(crate) fn pool(&self, patches: &Tensor) -> Result<Tensor> {
        let width = patches.dim(1)?;
        let (grid, pool) = (self.grid, self.pool);
        let side = grid / pool;
        patches
            .reshape((grid, grid, width))?
            .narrow(0, 0, side * pool)?
            .narrow(1, 0, side * pool)?
            .contiguous()?
            .reshape((side, pool, side, pool, width))?
            .mean((1, 3))?
            .reshape((side * side, width))
    }

    /// Averages `[tokens, c_vision]` to soft tokens `[tokens, c]`.
    pub(crate) fn project(&self, pooled: &Tensor) -> Result<Tensor> {
        self.norm.forward(pooled)?.matmul(&self.weight.to_dtype(pooled.dtype())?)
    }
}
