//! The layers of the vision tower: every patch sees every patch.

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::linear::Linear;
use super::memory::by_head;
use super::scratch::{Pool, Scratch, block_rows, room};
use crate::kernels::cpu::attention::{KEY_BLOCK, KeyBlock, Segment};
use crate::kernels::cpu::{Isa, Precision, rows};
use crate::kernels::threads;
use crate::model::config::VisionConfig;
use crate::model::error::ModelError;
use crate::model::observe::EachLayer;
use crate::model::stacks;
use crate::weights::{Weights, WeightsError};

/// All layers and the norm after them.
#[derive(Debug)]
pub(crate) struct VisionLayers {
    layers: Vec<VisionLayer>,
    post_norm: LayerNorm,
    precision: Precision,
    pool: Pool,
}

impl VisionLayers {
    /// Loads the layers of the tower `name`.
    pub(crate) fn load(weights: &Weights, name: &str, config: &VisionConfig) -> Result<Self, WeightsError> {
        let layer = |i| VisionLayer::load(weights, &format!("{name}.encoder.layers.{i}"), config);
        Ok(Self {
            layers: (0..config.num_layers).map(layer).collect::<Result<_, _>>()?,
            post_norm: LayerNorm::load(weights, &format!("{name}.post_layernorm"), config)?,
            precision: weights.precision(),
            pool: Pool::default(),
        })
    }
}

impl stacks::VisionLayers for VisionLayers {
    fn forward(&self, x: Tensor, each_layer: EachLayer<'_>) -> Result<Tensor, ModelError> {
        let (patches, width) = x.dims2()?;
        let mut x = x.flatten_all()?.to_vec1::<f32>()?;
        for (i, layer) in self.layers.iter().enumerate() {
            each_layer(i)?;
            let blocks = x
                .par_chunks(KEY_BLOCK * width)
                .map(|x| self.pool.with(|scratch| layer.keys_values(x, self.precision, scratch)));
            let blocks: Vec<Vec<KeyBlock>> = threads::shared(|| blocks.collect());
            let keys = by_head(blocks, layer.num_heads);
            let blocks = x.par_chunks_mut(block_rows(patches) * width);
            let work = |x: &mut [f32]| self.pool.with(|scratch| layer.attend_and_feed(x, &keys, patches, scratch));
            threads::shared(|| blocks.for_each(work));
        }
        let mut states = vec![0.0; x.len()];
        self.post_norm.forward(&x, &mut states);
        Ok(Tensor::from_vec(states, (patches, width), &Device::Cpu)?)
    }
}

#[derive(Debug)]
struct VisionLayer {
    attention_norm: LayerNorm,
    query: Linear,
    /// Keys of all heads, then their values.
    key_value: Linear,
    output: Linear,
    feedforward_norm: LayerNorm,
    inner: Linear,
    outer: Linear,
    activation: rows::Activation,
    num_heads: usize,
    width: usize,
}

impl VisionLayer {
    fn load(weights: &Weights, name: &str, config: &VisionConfig) -> Result<Self, WeightsError> {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let part = |part: &str, outputs: usize| (format!("{name}.{part}"), outputs);
        let linear = |parts: &[(String, usize)], inputs| Linear::load(weights, parts, inputs, true);
        Ok(Self {
            attention_norm: LayerNorm::load(weights, &format!("{name}.layer_norm1"), config)?,
            query: linear(&[part("self_attn.q_proj", width)], width)?,
            key_value: linear(&[part("self_attn.k_proj", width), part("self_attn.v_proj", width)], width)?,
            output: linear(&[part("self_attn.out_proj", width)], width)?,
            feedforward_norm: LayerNorm::load(weights, &format!("{name}.layer_norm2"), config)?,
            inner: linear(&[part("mlp.fc1", inner)], width)?,
            outer: linear(&[part("mlp.fc2", width)], inner)?,
            activation: config.activation,
            num_heads: config.num_heads,
            width,
        })
    }

    /// Packed keys and values of the rows `x` `[r, c]`, one block per head.
    fn keys_values(&self, x: &[f32], precision: Precision, scratch: &mut Scratch) -> Vec<KeyBlock> {
        let (rows, head_dim) = (x.len() / self.width, self.width / self.num_heads);
        let normed = room(&mut scratch.normed, x.len());
        self.attention_norm.forward(x, normed);
        let both = room(&mut scratch.projected, 2 * x.len());
        self.key_value.forward(normed, &mut scratch.quantized, both);
        let (keys, values) = room(&mut scratch.gathered, 2 * rows * head_dim).split_at_mut(rows * head_dim);
        let head = |head: usize| {
            for (row, both) in both.chunks_exact(2 * self.width).enumerate() {
                let at = row * head_dim..(row + 1) * head_dim;
                keys[at.clone()].copy_from_slice(&both[head * head_dim..][..head_dim]);
                values[at].copy_from_slice(&both[self.width + head * head_dim..][..head_dim]);
            }
            KeyBlock::pack(Isa::current(), precision, keys, head_dim, values, head_dim)
        };
        (0..self.num_heads).map(head).collect()
    }

    /// Everything after the keys, for the rows `x` `[r, c]`.
    fn attend_and_feed(&self, x: &mut [f32], keys: &[Vec<KeyBlock>], patches: usize, scratch: &mut Scratch) {
        let isa = Isa::current();
        let (rows, width, head_dim) = (x.len() / self.width, self.width, self.width / self.num_heads);
        let normed = room(&mut scratch.normed, x.len());
        self.attention_norm.forward(x, normed);
        let queries = room(&mut scratch.queries, x.len());
        self.query.forward(normed, &mut scratch.quantized, queries);
        let mixed = room(&mut scratch.mixed, x.len());
        let scale = (head_dim as f32).powf(-0.5);
        for (head, blocks) in keys.iter().enumerate() {
            let gathered = room(&mut scratch.gathered, rows * head_dim);
            for (to, from) in gathered.chunks_exact_mut(head_dim).zip(queries.chunks_exact(width)) {
                for (to, from) in to.iter_mut().zip(&from[head * head_dim..]) {
                    *to = from * scale;
                }
            }
            scratch.tile.begin(rows, head_dim);
            let segment = Segment { blocks, len: patches, factors: None, sight: |_: usize| 0..patches };
            scratch.tile.attend(isa, gathered, &segment, 0..patches, None, None);
            let found = scratch.tile.finish(isa).chunks_exact(head_dim);
            for (to, from) in mixed.chunks_exact_mut(width).zip(found) {
                to[head * head_dim..][..head_dim].copy_from_slice(from);
            }
        }
        let projected = room(&mut scratch.projected, x.len());
        self.output.forward(mixed, &mut scratch.quantized, projected);
        x.iter_mut().zip(projected.iter()).for_each(|(x, y)| *x += y);
        self.feedforward_norm.forward(x, normed);
        let inner = room(&mut scratch.inner, rows * self.inner.outputs());
        self.inner.forward(normed, &mut scratch.quantized, inner);
        rows::activate(isa, self.activation, inner);
        self.outer.forward(inner, &mut scratch.quantized, projected);
        x.iter_mut().zip(projected.iter()).for_each(|(x, y)| *x += y);
    }
}

/// `(x - mean) / sqrt(var + eps) * w + b`.
#[derive(Debug)]
struct LayerNorm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
}

impl LayerNorm {
    fn load(weights: &Weights, name: &str, config: &VisionConfig) -> Result<Self, WeightsError> {
        let part = |part: &str| weights.numbers(&format!("{name}.{part}"), &[config.hidden_size]);
        Ok(Self { weight: part("weight")?, bias: part("bias")?, eps: config.layer_norm_eps as f32 })
    }

    fn forward(&self, x: &[f32], to: &mut [f32]) {
        let width = self.weight.len();
        for (row, to) in x.chunks_exact(width).zip(to.chunks_exact_mut(width)) {
            rows::layer_norm(Isa::current(), row, &self.weight, &self.bias, self.eps, to);
        }
    }
}
