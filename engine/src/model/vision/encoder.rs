//! The vision tower and the projector behind it, as a model with vision holds them.

use std::cell::OnceCell;

use candle_core::{Device, Tensor};

use super::preprocess::Pixels;
use super::projector::Projector;
use super::tower::VisionTower;
use crate::model::backend::Backend;
use crate::model::config::{EncoderConfig, VisionConfig};
use crate::model::error::ModelError;
use crate::model::observe::EachLayer;
use crate::weights::{Weights, WeightsError};

/// Images to soft tokens. The tower is larger than the rest of a small model and many reports need none: it is loaded
/// with the first picture.
pub(crate) struct VisionEncoder {
    tower: OnceCell<VisionTower>,
    projector: Projector,
    config: VisionConfig,
    backend: Backend,
    weights: Weights,
}

impl VisionEncoder {
    /// Loads the projector; `None` for an encoder without vision.
    pub(crate) fn load(
        weights: Weights,
        encoder: &EncoderConfig,
        hidden_size: usize,
        backend: Backend,
    ) -> Result<Option<Self>, WeightsError> {
        let Some(config) = encoder.vision.clone() else { return Ok(None) };
        let projector = Projector::load(&weights, &config, encoder.image.per_image, hidden_size)?;
        Ok(Some(Self { tower: OnceCell::new(), projector, config, backend, weights }))
    }

    /// Layers of the tower.
    pub(crate) fn num_layers(&self) -> usize {
        self.config.num_layers
    }

    /// Pooled features of one image, `[tokens, tower width]`.
    pub(crate) fn features(
        &self,
        pixels: &Pixels,
        device: &Device,
        each_layer: EachLayer<'_>,
    ) -> Result<Tensor, ModelError> {
        let side = pixels.side;
        let tensor = Tensor::from_slice(&pixels.values, (3, side, side), device)?;
        Ok(self.projector.pool(&self.tower()?.forward(&tensor, each_layer)?)?)
    }

    /// Features `[tokens, tower width]` to soft tokens `[tokens, c]`.
    pub(crate) fn project(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        Ok(self.projector.project(features)?)
    }

    fn tower(&self) -> Result<&VisionTower, ModelError> {
        if let Some(tower) = self.tower.get() {
            return Ok(tower);
        }
        let tower = VisionTower::load(&self.weights, &self.config, self.backend)?;
        Ok(self.tower.get_or_init(|| tower))
    }
}
