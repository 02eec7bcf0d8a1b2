//! Gemma's RMSNorm: weights are offsets from one, and the multiplication is in f32.

use candle_core::{DType, Result, Tensor};

use crate::weights::{Weights, WeightsError};

/// `y = x / sqrt(mean(x²) + eps) * (1 + w)` over the last dimension, in f32, then cast (reference description §2.1).
#[derive(Clone, Debug)]
pub(crate) struct RmsNorm {
    one_plus_weight: Tensor,
    eps: f64,
}

impl RmsNorm {
    /// Loads the weight `{name}.weight` of the given width.
    pub(crate) fn load(
        weights: &Weights,
        name: &str,
        width: usize,
        eps: f64,
    ) -> std::result::Result<Self, WeightsError> {
        let name = format!("{name}.weight");
        let weight = weights.vector(&name, width)?;
        let one_plus_weight = (weight + 1.0).map_err(|source| WeightsError::Load { name, source })?;
        Ok(Self { one_plus_weight, eps })
    }

    /// `1 + w`, `[c]`, in f32.
    pub(crate) fn one_plus_weight(&self) -> &Tensor {
        &self.one_plus_weight
    }

    /// Normalises the last dimension of `x`.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let dtype = x.dtype();
        let wide = x.to_dtype(DType::F32)?.contiguous()?;
        candle_nn::ops::rms_norm(&wide, &self.one_plus_weight, self.eps as f32)?.to_dtype(dtype)
    }

    /// The inverse norm, `1 / sqrt(mean(x²) + eps)`, over the last dimension, which it drops; in f32.
    pub(crate) fn inverse_root_mean_square(&self, x: &Tensor) -> Result<Tensor> {
        let mean_square = x.to_dtype(DType::F32)?.sqr()?.mean(candle_core::D::Minus1)?;
        (mean_square + self.eps)?.sqrt()?.recip()
    }
}
