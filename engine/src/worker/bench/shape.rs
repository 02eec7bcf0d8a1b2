//! The published sizes of T5Gemma 2 with random weights; the speed does not depend on their values.

use std::str::FromStr;

use serde_json::json;

use crate::model::config::{ConfigError, ModelConfig};
use crate::model::tensors::{ExpectedTensor, TensorRole, expected_tensors};
use crate::weights::random::{RandomSource, RandomTensor};

/// Seed of the weights, which are the same on every machine.
const SEED: u64 = 2;

/// A published size of T5Gemma 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `270m-270m`.
    Smallest,
    /// `1b-1b`.
    Middle,
    /// `4b-4b`.
    Largest,
}

/// Dimensions of the text stacks; encoder and decoder have the same.
struct Sizes {
    hidden: usize,
    intermediate: usize,
    layers: usize,
    heads: usize,
    kv_heads: usize,
    window: usize,
}

impl Shape {
    /// All sizes, smallest first.
    pub const ALL: [Self; 3] = [Self::Smallest, Self::Middle, Self::Largest];

    /// Its published name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smallest => "270m-270m",
            Self::Middle => "1b-1b",
            Self::Largest => "4b-4b",
        }
    }

    fn sizes(self) -> Sizes {
        match self {
            Self::Smallest => Sizes { hidden: 640, intermediate: 2048, layers: 18, heads: 4, kv_heads: 1, window: 512 },
            Self::Middle => Sizes { hidden: 1152, intermediate: 6912, layers: 26, heads: 4, kv_heads: 1, window: 512 },
            Self::Largest => {
                Sizes { hidden: 2560, intermediate: 10_240, layers: 34, heads: 8, kv_heads: 4, window: 1024 }
            }
        }
    }

    /// Its configuration. `layers` limits both text stacks; `with_vision` includes the vision tower.
    ///
    /// # Errors
    /// Returns a [`ConfigError`] if `layers` is 0.
    pub fn config(self, layers: Option<usize>, with_vision: bool) -> Result<ModelConfig, ConfigError> {
        let sizes = self.sizes();
        let stack = json!({
            "vocab_size": 262_144,
            "hidden_size": sizes.hidden,
            "intermediate_size": sizes.intermediate,
            "num_hidden_layers": layers.unwrap_or(sizes.layers),
            "num_attention_heads": sizes.heads,
            "num_key_value_heads": sizes.kv_heads,
            "head_dim": 256,
            "hidden_activation": "gelu_pytorch_tanh",
            "rms_norm_eps": 1e-6,
            "query_pre_attn_scalar": 256,
            "sliding_window": sizes.window,
            "sliding_window_pattern": 6,
            "rope_parameters": {
                "full_attention": { "rope_type": "linear", "factor": 8.0, "rope_theta": 1e6 },
                "sliding_attention": { "rope_type": "default", "rope_theta": 1e4 },
            },
            "bos_token_id": 2,
            "eos_token_id": 1,
            "pad_token_id": 0,
        });
        let model = json!({
            "model_type": "t5gemma2",
            "decoder": stack,
            "encoder": {
                "text_config": stack,
                "vision_config": {
                    "model_type": "siglip_vision_model",
                    "hidden_size": 1152,
                    "intermediate_size": 4304,
                    "num_hidden_layers": 27,
                    "num_attention_heads": 16,
                    "image_size": 896,
                    "patch_size": 14,
                    "num_channels": 3,
                    "hidden_act": "gelu_pytorch_tanh",
                    "layer_norm_eps": 1e-6,
                },
                "mm_tokens_per_image": 256,
                "boi_token_index": 255_999,
                "eoi_token_index": 256_000,
            },
            "image_token_index": 256_001,
        });
        let mut config = ModelConfig::from_json(&model.to_string())?;
        if let Some(encoder) = config.encoder.as_mut().filter(|_| !with_vision) {
            encoder.vision = None;
        }
        Ok(config)
    }
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|shape| shape.name() == text).ok_or_else(|| format!("known shapes: {}", known()))
    }
}

/// Random weights for every tensor that a model of this configuration needs.
pub(super) fn random_weights(config: &ModelConfig) -> RandomSource {
    let random = |tensor: ExpectedTensor| {
        let tensor_kind = match (tensor.role, tensor.shape.as_slice()) {
            (TensorRole::Offset, [length]) => RandomTensor::vector(*length, 0.0),
            (TensorRole::Factor, [length]) => RandomTensor::vector(*length, 1.0),
            (_, shape) => RandomTensor::product(shape),
        };
        (tensor.name, tensor_kind)
    };
    RandomSource::new(expected_tensors(config).into_iter().map(random).collect(), SEED)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::weights::TensorSource;

    #[test]
    fn the_published_sizes_have_the_published_number_of_parameters() {
        for (shape, parameters) in [("270m-270m", 786_029_296), ("1b-1b", 2_115_977_456), ("4b-4b", 7_508_928_880_u64)]
        {
            let config = shape.parse::<Shape>().unwrap().config(None, true).unwrap();
            assert_eq!(config.unknown_fields, Vec::<String>::new());
            assert_eq!(random_weights(&config).num_parameters(), parameters, "{shape}");
        }
    }

    #[test]
    fn every_sixth_layer_is_global_and_layers_can_be_left_out() {
        let config = Shape::Largest.config(Some(6), false).unwrap();
        let global: Vec<_> =
            (0..6).filter(|&i| config.decoder.layers[i] == crate::model::config::LayerKind::Global).collect();
        assert_eq!((config.decoder.layers.len(), global), (6, vec![5]));
        assert_eq!(config.encoder.unwrap().vision, None);
        assert!(Shape::Largest.config(Some(0), false).is_err());
        assert_eq!("7b".parse::<Shape>().unwrap_err(), "known shapes: 270m-270m, 1b-1b, 4b-4b");
    }

    #[test]
    fn weights_are_deterministic_and_preserve_the_input_scale() {
        let source = random_weights(&Shape::Smallest.config(Some(1), false).unwrap());
        let name = "model.decoder.layers.0.mlp.down_proj.weight";
        let load = |dtype| source.load(name, dtype, &Device::Cpu).unwrap();
        let numbers: Vec<f32> = load(DType::F32).flatten_all().unwrap().to_vec1().unwrap();
        assert_eq!(load(DType::F32).dims(), [640, 2048]);
        assert_eq!(numbers, load(DType::F32).flatten_all().unwrap().to_vec1::<f32>().unwrap());
        let narrow: Vec<f32> =
            load(DType::BF16).to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        assert!(numbers.iter().zip(&narrow).all(|(wide, narrow)| (wide - narrow).abs() <= wide.abs() / 256.0));
        let count = numbers.len() as f64;
        let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let square = numbers.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / count;
        assert!(mean.abs() < 1e-4, "{mean}");
        assert!((square * 2048.0 - 1.0).abs() < 0.01, "{square}");
        let other = source.load("model.encoder.layers.0.mlp.down_proj.weight", DType::F32, &Device::Cpu).unwrap();
        assert_ne!(numbers, other.flatten_all().unwrap().to_vec1::<f32>().unwrap());
    }
}
