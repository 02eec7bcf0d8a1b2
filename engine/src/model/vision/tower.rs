//! The SigLIP vision tower: a pre-norm transformer over patches, no mask, no pooling head.

use candle_core::{DType, Result, Tensor};

use crate::kernels::attention::{OwnKeys, Visibility, attend};
use crate::kernels::linear::Linear;
use crate::model::config::{Activation, VisionConfig};
use crate::model::layers::{chunks, linear};
use crate::model::{Backend, ModelError, cpu};
use crate::weights::{Weights, WeightsError};

const NAME: &str = "model.encoder.vision_tower";

/// The tower up to and including its last layer norm.
#[derive(Debug)]
pub(crate) struct VisionTower {
    patch_embedding: Linear,
    position_embedding: Tensor,
    layers: Layers,
    config: VisionConfig,
    activations: DType,
}

/// The transformer: on the CPU on packed weights, elsewhere on tensors.
#[derive(Debug)]
enum Layers {
    Cpu(cpu::VisionLayers),
    Tensors { layers: Vec<VisionLayer>, post_norm: LayerNorm },
}

impl VisionTower {
    pub(crate) fn load(
        weights: &Weights,
        config: &VisionConfig,
        activations: DType,
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
            layers: match backend {
                Backend::Cpu => Layers::Cpu(cpu::VisionLayers::load(weights, NAME, config)?),
                Backend::Tensors => Layers::Tensors {
                    layers: (0..config.num_layers)
                        .map(|i| VisionLayer::load(weights, &format!("{NAME}.encoder.layers.{i}"), config))
                        .collect::<std::result::Result<_, _>>()?,
                    post_norm: LayerNorm::load(weights, &format!("{NAME}.post_layernorm"), config)?,
                },
            },
            config: config.clone(),
            activations,
        })
    }

    /// Pixels `[3, H, W]` in -1..1 to patch states `[p, c]`, row by row of the image.
    pub(crate) fn forward(
        &self,
        pixels: &Tensor,
        each_layer: &mut dyn FnMut(usize) -> std::result::Result<(), ModelError>,
    ) -> std::result::Result<Tensor, ModelError> {
        let patches = self.patch_embedding.forward(&self.patches(pixels)?)?;
        let mut x = (patches + self.position_embedding.to_dtype(self.activations)?)?;
        match &self.layers {
            Layers::Cpu(layers) => layers.forward(&x, each_layer),
            Layers::Tensors { layers, post_norm } => {
                for (i, layer) in layers.iter().enumerate() {
                    each_layer(i)?;
                    x = layer.forward(&x)?;
                }
                Ok(post_norm.forward(&x)?)
            }
        }
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
