//! The SigLIP vision tower: a pre-norm transformer over patches, no mask, no pooling head.

use candle_core::{DType, Result, Tensor};

use crate::kernels::linear::Linear;
use crate::model::backend::Backend;
use crate::model::config::VisionConfig;
use crate::model::error::ModelError;
use crate::model::observe::EachLayer;
use crate::model::stacks::VisionLayers;
use crate::weights::{Weights, WeightsError};

const NAME: &str = "model.encoder.vision_tower";

/// The tower up to and including its last layer norm.
#[derive(Debug)]
pub(crate) struct VisionTower {
    patch_embedding: Linear,
    position_embedding: Tensor,
    layers: Box<dyn VisionLayers>,
    config: VisionConfig,
    activations: DType,
}

impl VisionTower {
    pub(crate) fn load(
        weights: &Weights,
        config: &VisionConfig,
        backend: Backend,
    ) -> std::result::Result<Self, WeightsError> {
        let (width, patch, channels) = (config.hidden_size, config.patch_size, config.num_channels);
        let name = format!("{NAME}.embeddings.patch_embedding");
        let kernel = weights.matrix(&format!("{name}.weight"), &[width, channels, patch, patch])?;
        let kernel = kernel
            .reshape((width, channels * patch * patch))
            .map_err(|source| WeightsError::Load { name: name.clone(), source })?;
        let bias = weights.vector(&format!("{name}.bias"), width)?;
        let grid = config.grid();
        Ok(Self {
            patch_embedding: Linear::new(kernel, Some(bias)),
            position_embedding: weights
                .matrix(&format!("{NAME}.embeddings.position_embedding.weight"), &[grid * grid, width])?,
            layers: backend.load_vision_layers(weights, NAME, config)?,
            config: config.clone(),
            activations: weights.activation_dtype(),
        })
    }

    /// Pixels `[3, H, W]` in -1..1 to patch states `[p, c]`, row by row of the image.
    pub(crate) fn forward(
        &self,
        pixels: &Tensor,
        each_layer: EachLayer<'_>,
    ) -> std::result::Result<Tensor, ModelError> {
        let patches = self.patch_embedding.forward(&self.patches(pixels)?)?;
        self.layers.forward((patches + self.position_embedding.to_dtype(self.activations)?)?, each_layer)
    }

    /// The convolution's kernel and stride are one patch, so it is a product over patches `[p, 3·s·s]`.
    fn patches(&self, pixels: &Tensor) -> Result<Tensor> {
        let (grid, patch, channels) = (self.config.grid(), self.config.patch_size, self.config.num_channels);
        // A convolution leaves out what does not fill a patch.
        let whole = pixels.narrow(1, 0, grid * patch)?.narrow(2, 0, grid * patch)?;
        whole
            .to_dtype(self.activations)?
            .reshape((channels, grid, patch, grid, patch))?
            .permute((1, 3, 0, 2, 4))?
            .contiguous()?
            .reshape((grid * grid, channels * patch * patch))
    }
}
