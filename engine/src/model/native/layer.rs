//! The parts that encoder and decoder layers share: everything except what they attend to.

use super::linear::Linear;
use super::rope::Rotations;
use super::scratch::{Scratch, room};
use crate::kernels::cpu::attention::KeyBlock;
use crate::kernels::cpu::{Isa, Precision, rows};
use crate::model::config::StackConfig;
use crate::weights::{Weights, WeightsError};

/// A norm's `1 + w`.
#[derive(Debug)]
pub(super) struct Norm {
    weight: Vec<f32>,
    eps: f32,
}

impl Norm {
    /// Loads `{name}.weight` `[width]`; `factor` is multiplied in.
    pub(super) fn load(
        weights: &Weights,
        name: &str,
        width: usize,
        eps: f64,
        factor: f64,
    ) -> Result<Self, WeightsError> {
        let mut weight = weights.numbers(&format!("{name}.weight"), &[width])?;
        for weight in &mut weight {
            *weight = (*weight + 1.0) * factor as f32;
        }
        Ok(Self { weight, eps: eps as f32 })
    }

    /// `1 + w`.
    pub(super) fn weight(&self) -> &[f32] {
        &self.weight
    }

    /// Normalises rows `[n, c]` into `to`.
    pub(super) fn forward(&self, x: &[f32], to: &mut [f32]) {
        let width = self.weight.len();
        for (row, to) in x.chunks_exact(width).zip(to.chunks_exact_mut(width)) {
            rows::rms_norm(Isa::current(), row, &self.weight, self.eps, to);
        }
    }

    /// Normalises a row in place.
    pub(super) fn in_place(&self, row: &mut [f32]) {
        rows::rms_norm_in_place(Isa::current(), row, &self.weight, self.eps);
    }

    /// The inverse norm, `1 / sqrt(mean(x²) + eps)`.
    pub(super) fn inverse(&self, row: &[f32]) -> f32 {
        rows::inverse_root_mean_square(Isa::current(), row, self.eps)
    }

    /// `to += norm(x)`, row by row.
    fn add_to(&self, x: &[f32], to: &mut [f32]) {
        let width = self.weight.len();
        for (row, to) in x.chunks_exact(width).zip(to.chunks_exact_mut(width)) {
            rows::add_rms_norm(Isa::current(), row, &self.weight, self.eps, to);
        }
    }
}

/// `h += post_norm(attention(pre_norm(h)))`, then `h += post_norm(mlp(pre_norm(h)))` (reference description §2.4).
#[derive(Debug)]
pub(super) struct Layer {
    query: Linear,
    /// Keys of all heads, then their values.
    key_value: Linear,
    output: Linear,
    gate: Linear,
    up: Linear,
    down: Linear,
    /// Includes the factor on attention scores.
    query_norm: Norm,
    key_norm: Norm,
    pre_attention_norm: Norm,
    post_attention_norm: Norm,
    pre_feedforward_norm: Norm,
    post_feedforward_norm: Norm,
    activation: rows::Activation,
    pub(super) heads: Heads,
    precision: Precision,
}

/// The heads of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads {
    /// Query heads that share a key head.
    pub(super) group: usize,
    /// Key heads.
    pub(super) kv: usize,
    /// Width of a head.
    pub(super) width: usize,
}

impl Heads {
    /// Numbers in all query heads of a row.
    pub(super) fn queries(self) -> usize {
        self.kv * self.group * self.width
    }

    /// Numbers in all key heads of a row.
    pub(super) fn keys(self) -> usize {
        self.kv * self.width
    }
}

impl Layer {
    pub(super) fn load(weights: &Weights, name: &str, config: &StackConfig) -> Result<Self, WeightsError> {
        let (hidden, inner, eps) = (config.hidden_size, config.intermediate_size, config.rms_norm_eps);
        let heads = Heads { group: config.group_size(), kv: config.num_kv_heads, width: config.head_dim };
        let attention = |part: &str| format!("{name}.self_attn.{part}");
        let linear = |parts: &[(String, usize)], inner, bias| Linear::load(weights, parts, inner, bias);
        let bias = config.attention_bias;
        let norm = |part: &str| Norm::load(weights, &format!("{name}.{part}_layernorm"), hidden, eps, 1.0);
        let head_norm = |part: &str, factor| Norm::load(weights, &attention(part), heads.width, eps, factor);
        Ok(Self {
            query: linear(&[(attention("q_proj"), heads.queries())], hidden, bias)?,
            key_value: linear(
                &[(attention("k_proj"), heads.keys()), (attention("v_proj"), heads.keys())],
                hidden,
                bias,
            )?,
            output: linear(&[(attention("o_proj"), hidden)], heads.queries(), bias)?,
            gate: linear(&[(format!("{name}.mlp.gate_proj"), inner)], hidden, false)?,
            up: linear(&[(format!("{name}.mlp.up_proj"), inner)], hidden, false)?,
            down: linear(&[(format!("{name}.mlp.down_proj"), hidden)], inner, false)?,
            query_norm: head_norm("q_norm", config.attention_scale())?,
            key_norm: head_norm("k_norm", 1.0)?,
            pre_attention_norm: norm("pre_self_attn")?,
            post_attention_norm: norm("post_self_attn")?,
            pre_feedforward_norm: norm("pre_feedforward")?,
            post_feedforward_norm: norm("post_feedforward")?,
            activation: config.activation,
            heads,
            precision: weights.precision(),
        })
    }

    /// Packs keys and values `[r, d]` of a head for short-lived use by queries of the same sequence.
    pub(super) fn pack(&self, keys: &[f32], values: &[f32]) -> KeyBlock {
        let precision = match self.precision {
            Precision::Int8 => Precision::Int8,
            Precision::F32 | Precision::Bf16 => Precision::F32,
        };
        KeyBlock::pack(Isa::current(), precision, keys, self.heads.width, values, self.heads.width)
    }

    /// Norm of keys.
    pub(super) fn key_norm(&self) -> &Norm {
        &self.key_norm
    }

    /// Keys and values of rows `x` `[r, c]`, which are already normed where needed: `[r, 2·k·d]`.
    pub(super) fn keys_values<'a>(&self, x: &[f32], scratch: &'a mut Scratch) -> &'a mut [f32] {
        let rows = x.len() / self.width();
        let to = room(&mut scratch.projected, rows * self.key_value.outputs());
        self.key_value.forward(x, &mut scratch.quantized, to);
        to
    }

    /// Keys, normed and rotated, and values of rows `x` `[r, c]`, head by head: `take(head, keys, values)` gets `[r, d]`.
    pub(super) fn split_keys_values(
        &self,
        both: &mut [f32],
        rotations: Option<(&Rotations, usize)>,
        gathered: &mut Vec<f32>,
        mut take: impl FnMut(usize, &[f32], &[f32]),
    ) {
        let Heads { kv, width, .. } = self.heads;
        let rows = both.len() / (2 * kv * width);
        let (keys, values) = room(gathered, 2 * rows * width).split_at_mut(rows * width);
        for head in 0..kv {
            for (row, both) in both.chunks_exact_mut(2 * kv * width).enumerate() {
                let key = &mut both[head * width..][..width];
                self.key_norm.in_place(key);
                if let Some((rotations, first)) = rotations {
                    rotations.apply(Isa::current(), first + row, key);
                }
                keys[row * width..][..width].copy_from_slice(key);
                values[row * width..][..width].copy_from_slice(&both[(kv + head) * width..][..width]);
            }
            take(head, keys, values);
        }
    }

    /// Rows `x` `[r, c]`, normed for attention.
    pub(super) fn before_attention<'a>(&self, x: &[f32], normed: &'a mut Vec<f32>) -> &'a [f32] {
        let normed = room(normed, x.len());
        self.pre_attention_norm.forward(x, normed);
        normed
    }

    /// Queries `[r, h·d]` in place: normed, rotated and scaled.
    pub(super) fn finish_queries(&self, queries: &mut [f32], rotations: &Rotations, first: usize) {
        let width = self.heads.width;
        for (row, queries) in queries.chunks_exact_mut(self.heads.queries()).enumerate() {
            for head in queries.chunks_exact_mut(width) {
                self.query_norm.in_place(head);
                rotations.apply(Isa::current(), first + row, head);
            }
        }
    }

    /// The query product.
    pub(super) fn query(&self) -> &Linear {
        &self.query
    }

    /// The key and value product.
    pub(super) fn key_value(&self) -> &Linear {
        &self.key_value
    }

    /// The rest of the layer on the calling thread: adds the heads' results `[r, h·d]` to the rows `x` `[r, c]`.
    pub(super) fn after_attention(&self, x: &mut [f32], scratch: &mut Scratch) {
        let rows = x.len() / self.width();
        let projected = room(&mut scratch.projected, x.len());
        self.output.forward(&scratch.mixed[..rows * self.heads.queries()], &mut scratch.quantized, projected);
        self.post_attention_norm.add_to(projected, x);
        let normed = room(&mut scratch.normed, x.len());
        self.pre_feedforward_norm.forward(x, normed);
        let inner = room(&mut scratch.inner, rows * self.gate.outputs());
        let up = room(&mut scratch.up, rows * self.up.outputs());
        self.gate.forward(normed, &mut scratch.quantized, inner);
        self.up.forward(normed, &mut scratch.quantized, up);
        rows::gate(Isa::current(), self.activation, inner, up);
        self.down.forward(inner, &mut scratch.quantized, projected);
        self.post_feedforward_norm.add_to(projected, x);
    }

    /// The same for a few rows, with each product spread over all threads.
    pub(super) fn after_attention_wide(&self, x: &mut [f32], mixed: &[f32], scratch: &mut Scratch) {
        let Scratch { normed, projected, inner, up, quantized, .. } = scratch;
        self.output.forward_wide(mixed, quantized, projected);
        self.post_attention_norm.add_to(projected, x);
        let normed = room(normed, x.len());
        self.pre_feedforward_norm.forward(x, normed);
        self.gate.forward_wide(normed, quantized, inner);
        self.up.forward_wide(normed, quantized, up);
        rows::gate(Isa::current(), self.activation, inner, up);
        self.down.forward_wide(inner, quantized, projected);
        self.post_feedforward_norm.add_to(projected, x);
    }

    /// Width of the residual stream.
    pub(super) fn width(&self) -> usize {
        self.pre_attention_norm.weight.len()
    }
}
