//! The layers of the vision tower: every patch sees every patch.

use candle_core::{DType, Result, Tensor};

use super::layers::{chunks, linear};
use crate::kernels::attention::{OwnKeys, Visibility, attend};
use crate::kernels::linear::Linear;
use crate::model::config::{Activation, VisionConfig};
use crate::model::error::ModelError;
use crate::model::observe::EachLayer;
use crate::model::stacks;
use crate::weights::{Weights, WeightsError};

/// All layers and the norm after them.
#[derive(Debug)]
pub(crate) struct VisionLayers {
    layers: Vec<VisionLayer>,
    post_norm: LayerNorm,
}

impl VisionLayers {
    /// Loads the layers of the tower `name`.
    pub(crate) fn load(
        weights: &Weights,
        name: &str,
        config: &VisionConfig,
    ) -> std::result::Result<Self, WeightsError> {
        let layer = |i| VisionLayer::load(weights, &format!("{name}.encoder.layers.{i}"), config);
        Ok(Self {
            layers: (0..config.num_layers).map(layer).collect::<std::result::Result<_, _>>()?,
            post_norm: LayerNorm::load(weights, &format!("{name}.post_layernorm"), config)?,
        })
    }
}

impl stacks::VisionLayers for VisionLayers {
    fn forward(&self, mut x: Tensor, each_layer: EachLayer<'_>) -> std::result::Result<Tensor, ModelError> {
        for (i, layer) in self.layers.iter().enumerate() {
            each_layer(i)?;
            x = layer.forward(&x)?;
        }
        Ok(self.post_norm.forward(&x)?)
    }
}

#[derive(Debug)]
struct VisionLayer {
    attention_norm: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    feedforward_norm: LayerNorm,
    inner: Linear,
    outer: Linear,
    activation: Activation,
    num_heads: usize,
}

impl VisionLayer {
    fn load(weights: &Weights, name: &str, config: &VisionConfig) -> std::result::Result<Self, WeightsError> {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let product = |part: &str, outputs, inputs| linear(weights, &format!("{name}.{part}"), outputs, inputs, true);
        Ok(Self {
            attention_norm: LayerNorm::load(weights, &format!("{name}.layer_norm1"), config)?,
            query: product("self_attn.q_proj", width, width)?,
            key: product("self_attn.k_proj", width, width)?,
            value: product("self_attn.v_proj", width, width)?,
            output: product("self_attn.out_proj", width, width)?,
            feedforward_norm: LayerNorm::load(weights, &format!("{name}.layer_norm2"), config)?,
            inner: product("mlp.fc1", inner, width)?,
            outer: product("mlp.fc2", width, inner)?,
            activation: config.activation,
            num_heads: config.num_heads,
        })
    }

    /// `[p, c]` to `[p, c]`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (rows, width) = x.dims2()?;
        let head_dim = width / self.num_heads;
        let normed = self.attention_norm.forward(x)?;
        let heads = |product: &Linear| {
            product.forward(&normed)?.reshape((rows, self.num_heads, head_dim))?.transpose(0, 1)?.contiguous()
        };
        let own = OwnKeys {
            keys: heads(&self.key)?,
            values: heads(&self.value)?,
            first_position: 0,
            visibility: Visibility::All,
        };
        let mixed = attend(&heads(&self.query)?, 0, &own, None, (head_dim as f64).powf(-0.5), None)?;
        let x = (x + self.output.forward(&mixed)?)?;
        let mut parts = Vec::new();
        for (start, count) in chunks(rows) {
            let rows = x.narrow(0, start, count)?;
            let inner = self.inner.forward(&self.feedforward_norm.forward(&rows)?)?;
            parts.push((rows + self.outer.forward(&self.activation.apply(&inner)?)?)?);
        }
        Tensor::cat(&parts, 0)
    }
}

/// `(x - mean) / sqrt(var + eps) * w + b`, in f32.
#[derive(Debug)]
struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    fn load(weights: &Weights, name: &str, config: &VisionConfig) -> std::result::Result<Self, WeightsError> {
        let width = config.hidden_size;
        Ok(Self {
            weight: weights.vector(&format!("{name}.weight"), width)?,
            bias: weights.vector(&format!("{name}.bias"), width)?,
            eps: config.layer_norm_eps,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let wide = x.to_dtype(DType::F32)?.contiguous()?;
        candle_nn::ops::layer_norm(&wide, &self.weight, &self.bias, self.eps as f32)?.to_dtype(x.dtype())
    }
}
