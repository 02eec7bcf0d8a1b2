//! Products with a weight matrix held in f32 or bf16.

use candle_core::{DType, Device, Result, Tensor};

use super::matvec;

/// Rows of activations up to which a product is bound by reading the weights.
const FEW_ROWS: usize = 4;

/// Output columns widened to f32 at a time when weights are held in bf16 on the CPU: bounds the copy.
const WIDENED_COLUMNS: usize = 16_384;

/// `y = x · wᵀ + b`.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// A product with `weight` `[out, in]` and `bias` `[out]`.
    pub fn new(weight: Tensor, bias: Option<Tensor>) -> Self {
        Self { weight, bias }
    }

    /// The matrix, `[out, in]`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// What is added, `[out]`, in f32.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// `x` is `[r, in]`; returns `[r, out]` in the type of `x`.
    ///
    /// # Errors
    /// Fails where the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = product(x, &self.weight)?;
        match &self.bias {
            Some(bias) => y.broadcast_add(&bias.to_dtype(y.dtype())?),
            None => Ok(y),
        }
    }
}

/// `x · wᵀ` for `x` `[r, in]` and `w` `[out, in]`; returns `[r, out]` in the type of `x`.
///
/// # Errors
/// Fails where the shapes do not fit.
pub fn product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let (rows, _) = x.dims2()?;
    match x.device() {
        Device::Cpu if rows <= FEW_ROWS && x.dtype() == DType::F32 => matvec::product(x, weight),
        Device::Cpu if weight.dtype() != x.dtype() => widened_product(x, weight),
        _ => x.matmul(&weight.to_dtype(x.dtype())?.t()?),
    }
}

/// candle would widen a bf16 product's whole operands on every call and narrow its result: only the weight's current
/// slice is widened here, and the result stays in f32.
fn widened_product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let (columns, _) = weight.dims2()?;
    let slice = |start: usize| -> Result<Tensor> {
        let wide = weight.narrow(0, start, WIDENED_COLUMNS.min(columns - start))?.to_dtype(x.dtype())?;
        x.matmul(&wide.t()?)
    };
    if columns <= WIDENED_COLUMNS {
        return slice(0);
    }
    let parts: Vec<Tensor> = (0..columns).step_by(WIDENED_COLUMNS).map(slice).collect::<Result<_>>()?;
    Tensor::cat(&parts, 1)
}
