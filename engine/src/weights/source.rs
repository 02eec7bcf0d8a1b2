//! Where tensors come from: the trait that every weights file format implements.

use candle_core::{DType, Device, Tensor};

use super::error::WeightsError;

/// One or several files of tensors, by their published names.
pub trait TensorSource: Send {
    /// Shape of a tensor, as PyTorch prints it; `None` where it does not exist.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Names of all tensors, as published.
    fn names(&self) -> Vec<String>;

    /// The tensor in the given type.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] when it is missing or cannot be read.
    fn load(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor, WeightsError>;

    /// The tensor's numbers in f32, in its own order.
    ///
    /// # Errors
    /// As [`TensorSource::load`].
    fn numbers(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        numbers_of(name, &self.load(name, DType::F32, &Device::Cpu)?)
    }
}

pub(super) fn numbers_of(name: &str, tensor: &Tensor) -> Result<Vec<f32>, WeightsError> {
    let numbers = tensor.flatten_all().and_then(|flat| flat.to_vec1());
    numbers.map_err(|source| WeightsError::Load { name: name.into(), source })
}
