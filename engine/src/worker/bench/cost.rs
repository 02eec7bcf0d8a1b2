//! Computes the machine-independent cost of each published size, so that the speed of one size predicts that of the others.

use super::shape::{Shape, random_weights};
use crate::model::config::{ConfigError, ModelConfig, StackConfig, VisionConfig};

/// The cost of a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Number of weights, including the vision tower.
    pub num_weights: u64,
    /// Floating-point operations per token in the encoder, or in a decoder that processes a prompt.
    pub token_flops: f64,
    /// Floating-point operations per figure.
    pub figure_flops: f64,
    /// Number of weights read per generated token: the decoder and the embedding, which are all the weights of a model without
    /// an encoder.
    pub num_written_weights: u64,
}

impl Shape {
    /// Its cost; `layers` limits both text stacks.
    ///
    /// # Errors
    /// Returns a [`ConfigError`] if `layers` is 0.
    pub fn cost(self, layers: Option<usize>) -> Result<Cost, ConfigError> {
        let config = self.config(layers, true)?;
        let head = (config.vocab_size * config.hidden_size()) as u64;
        let layers = config.decoder.layers.len() as u64;
        let in_layers = layers * products(&config.decoder);
        Ok(Cost {
            num_weights: random_weights(&config).num_parameters(),
            token_flops: 2.0 * in_layers as f64,
            figure_flops: vision(&config).map_or(0.0, figure_flops),
            num_written_weights: head + in_layers,
        })
    }
}

fn vision(config: &ModelConfig) -> Option<&VisionConfig> {
    config.encoder.as_ref()?.vision.as_ref()
}

/// Number of weights in the matrix products of a layer.
fn products(stack: &StackConfig) -> u64 {
    let (queries, keys) = (stack.num_heads * stack.head_dim, stack.num_kv_heads * stack.head_dim);
    (stack.hidden_size * (2 * queries + 2 * keys + 3 * stack.intermediate_size)) as u64
}

/// The matrix products of the vision tower, and its full attention between patches.
fn figure_flops(vision: &VisionConfig) -> f64 {
    let (width, inner) = (vision.hidden_size as f64, vision.intermediate_size as f64);
    let patches = (vision.grid() * vision.grid()) as f64;
    let products = 2.0 * patches * (4.0 * width * width + 2.0 * width * inner);
    vision.num_layers as f64 * (products + 4.0 * patches * patches * width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_match_a_count_by_hand() {
        let cost = Shape::Smallest.cost(None).unwrap();
        assert_eq!(cost.num_weights, 786_029_296);
        assert_eq!(cost.token_flops, 2.0 * 18.0 * 5_570_560.0);
        assert_eq!(cost.num_written_weights, 262_144 * 640 + 18 * 5_570_560);
        // 5.5 TFLOP per figure, the same for all sizes.
        assert!((cost.figure_flops / 5.5e12 - 1.0).abs() < 0.02, "{}", cost.figure_flops);
        let short = Shape::Smallest.cost(Some(6)).unwrap();
        assert_eq!(short.token_flops * 3.0, cost.token_flops);
        assert_eq!(Shape::Largest.cost(None).unwrap().figure_flops, cost.figure_flops);
    }
}
