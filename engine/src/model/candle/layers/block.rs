//! The parts that encoder and decoder layers share: everything except what they attend to.

use candle_core::{Result, Tensor};

use super::attention::Projections;
use super::mlp::Mlp;
use super::norm::RmsNorm;
use crate::model::config::StackConfig;
use crate::weights::{Weights, WeightsError};

/// `h += post_norm(attention(pre_norm(h)))`, then `h += post_norm(mlp(pre_norm(h)))` (reference description §2.4).
#[derive(Debug)]
pub(crate) struct Block {
    attention: Projections,
    mlp: Mlp,
    scale: f64,
    pre_attention_norm: RmsNorm,
    post_attention_norm: RmsNorm,
    pre_feedforward_norm: RmsNorm,
    post_feedforward_norm: RmsNorm,
}

impl Block {
    pub(crate) fn load(weights: &Weights, name: &str, config: &StackConfig) -> std::result::Result<Self, WeightsError> {
        let norm = |part: &str| {
            RmsNorm::load(weights, &format!("{name}.{part}_layernorm"), config.hidden_size, config.rms_norm_eps)
        };
        Ok(Self {
            attention: Projections::load(weights, &format!("{name}.self_attn"), config)?,
            mlp: Mlp::load(weights, &format!("{name}.mlp"), config)?,
            scale: config.attention_scale(),
            pre_attention_norm: norm("pre_self_attn")?,
            post_attention_norm: norm("post_self_attn")?,
            pre_feedforward_norm: norm("pre_feedforward")?,
            post_feedforward_norm: norm("post_feedforward")?,
        })
    }

    /// The products around attention.
    pub(crate) fn attention(&self) -> &Projections {
        &self.attention
    }

    /// Factor on attention scores.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    /// `x` `[r, c]`, normed for attention.
    pub(crate) fn before_attention(&self, x: &Tensor) -> Result<Tensor> {
        self.pre_attention_norm.forward(x)
    }

    /// The rest of the layer: rows `x` `[r, c]` and their heads' results `[r, h·d]` to `[r, c]`.
    pub(crate) fn after_attention(&self, x: &Tensor, mixed: &Tensor) -> Result<Tensor> {
        let h = (x + self.post_attention_norm.forward(&self.attention.output(mixed)?)?)?;
        let fed = self.mlp.forward(&self.pre_feedforward_norm.forward(&h)?)?;
        &h + self.post_feedforward_norm.forward(&fed)?
    }
}
