//! Products with loaded weights.

use crate::kernels::linear::Linear;
use crate::weights::{Weights, WeightsError};

/// A product with the weight `{name}.weight` and, where asked for, `{name}.bias`.
pub(crate) fn linear(
    weights: &Weights,
    name: &str,
    outputs: usize,
    inputs: usize,
    bias: bool,
) -> Result<Linear, WeightsError> {
    let weight = weights.matrix(&format!("{name}.weight"), &[outputs, inputs])?;
    let bias = if bias { Some(weights.vector(&format!("{name}.bias"), outputs)?) } else { None };
    Ok(Linear::new(weight, bias))
}
