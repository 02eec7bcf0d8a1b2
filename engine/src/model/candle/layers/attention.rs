//! The four products around attention, with the norms of queries and keys.

use candle_core::{Result, Tensor};

use super::linear::linear;
use super::norm::RmsNorm;
use super::rope::RopeTable;
use crate::kernels::linear::Linear;
use crate::model::config::StackConfig;
use crate::weights::{Weights, WeightsError};

/// Query, key, value and output products of a layer; queries and keys are normalised per head before any rotation.
#[derive(Debug)]
pub(crate) struct Projections {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    query_norm: RmsNorm,
    key_norm: RmsNorm,
    num_heads: usize,
    num_kv_heads: usize,
    head_dim: usize,
}

impl Projections {
    pub(crate) fn load(weights: &Weights, name: &str, config: &StackConfig) -> std::result::Result<Self, WeightsError> {
        let (hidden, width) = (config.hidden_size, config.head_dim);
        let (queries, keys) = (config.num_heads * width, config.num_kv_heads * width);
        let product = |part: &str, outputs, inputs| {
            linear(weights, &format!("{name}.{part}_proj"), outputs, inputs, config.attention_bias)
        };
        let norm = |part: &str| RmsNorm::load(weights, &format!("{name}.{part}_norm"), width, config.rms_norm_eps);
        Ok(Self {
            query: product("q", queries, hidden)?,
            key: product("k", keys, hidden)?,
            value: product("v", keys, hidden)?,
            output: product("o", hidden, queries)?,
            query_norm: norm("q")?,
            key_norm: norm("k")?,
            num_heads: config.num_heads,
            num_kv_heads: config.num_kv_heads,
            head_dim: width,
        })
    }

    /// Rotated queries of `x` `[r, c]`: `[h, r, d]`.
    pub(crate) fn queries(&self, x: &Tensor, rope: &RopeTable) -> Result<Tensor> {
        rope.rotate(&self.query_norm.forward(&self.heads(&self.query.forward(x)?, self.num_heads)?)?)
    }

    /// Keys of `x` `[r, c]`, rotated where `rope` is given: `[k, r, d]`.
    pub(crate) fn keys(&self, x: &Tensor, rope: Option<&RopeTable>) -> Result<Tensor> {
        let keys = self.key_norm.forward(&self.unnormed_keys(x)?)?;
        match rope {
            Some(rope) => rope.rotate(&keys),
            None => Ok(keys),
        }
    }

    /// Keys of `x` `[r, c]` before their norm: `[k, r, d]`.
    pub(crate) fn unnormed_keys(&self, x: &Tensor) -> Result<Tensor> {
        self.heads(&self.key.forward(x)?, self.num_kv_heads)
    }

    /// Values of `x` `[r, c]`: `[k, r, d]`.
    pub(crate) fn values(&self, x: &Tensor) -> Result<Tensor> {
        self.heads(&self.value.forward(x)?, self.num_kv_heads)
    }

    /// Projects the heads' results `[r, h·d]` back to `[r, c]`.
    pub(crate) fn output(&self, mixed: &Tensor) -> Result<Tensor> {
        self.output.forward(mixed)
    }

    /// The key product.
    pub(crate) fn key_product(&self) -> &Linear {
        &self.key
    }

    /// The value product.
    pub(crate) fn value_product(&self) -> &Linear {
        &self.value
    }

    /// The norm of keys.
    pub(crate) fn key_norm(&self) -> &RmsNorm {
        &self.key_norm
    }

    /// `[r, n·d]` to `[n, r, d]`.
    fn heads(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        let rows = x.dim(0)?;
        x.reshape((rows, heads, self.head_dim))?.transpose(0, 1)?.contiguous()
    }
}
