//! The gated feed-forward block.

use candle_core::{Result, Tensor};

use super::linear::linear;
use crate::kernels::linear::Linear;
use crate::model::config::{Activation, StackConfig};
use crate::weights::{Weights, WeightsError};

/// `down(activation(gate(x)) * up(x))`.
#[derive(Debug)]
pub(crate) struct Mlp {
    gate: Linear,
    up: Linear,
    down: Linear,
    activation: Activation,
}

impl Mlp {
    pub(crate) fn load(weights: &Weights, name: &str, config: &StackConfig) -> std::result::Result<Self, WeightsError> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        Ok(Self {
            gate: linear(weights, &format!("{name}.gate_proj"), inner, hidden, false)?,
            up: linear(weights, &format!("{name}.up_proj"), inner, hidden, false)?,
            down: linear(weights, &format!("{name}.down_proj"), hidden, inner, false)?,
            activation: config.activation,
        })
    }

    /// `x` is `[r, c]`; returns `[r, c]`.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let gate = self.activation.apply(&self.gate.forward(x)?)?;
        self.down.forward(&(gate * self.up.forward(x)?)?)
    }
}
