//! The choice of a backend.
//!
//! [`Backend`] is matched here and nowhere else: the rest of the model works with the traits in `stacks.rs`.

use candle_core::Device;

use super::config::{ModelConfig, VisionConfig};
use super::stacks::{Stacks, VisionLayers};
use super::{candle, native};
use crate::kernels::cpu::Precision;
use crate::weights::{Weights, WeightsError};

/// What computes the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Our own CPU kernels on plain buffers and packed weights.
    Native,
    /// Candle tensors: for accelerators, and on the CPU in tests that compare the two.
    Candle,
}

impl Backend {
    /// The default backend for a device.
    pub(super) fn for_device(device: &Device) -> Self {
        if device.is_cpu() { Self::Native } else { Self::Candle }
    }

    /// Loads the encoder's layers, where there are any, and the decoder's.
    pub(super) fn load_stacks(self, weights: &Weights, config: &ModelConfig) -> Result<Box<dyn Stacks>, WeightsError> {
        Ok(match self {
            Self::Native => Box::new(native::Stacks::load(weights, config)?),
            Self::Candle => Box::new(candle::Stacks::load(weights, config)?),
        })
    }

    /// Loads the transformer layers of the vision tower `name`, and the norm after them.
    pub(super) fn load_vision_layers(
        self,
        weights: &Weights,
        name: &str,
        config: &VisionConfig,
    ) -> Result<Box<dyn VisionLayers>, WeightsError> {
        Ok(match self {
            Self::Native => Box::new(native::VisionLayers::load(weights, name, config)?),
            Self::Candle => Box::new(candle::VisionLayers::load(weights, name, config)?),
        })
    }

    /// Whether logits are int8 products with a packed table.
    pub(super) fn packs_head(self, weights: &Weights) -> bool {
        self == Self::Native && weights.precision() == Precision::Int8
    }
}
