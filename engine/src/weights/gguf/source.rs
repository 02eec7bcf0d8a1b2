//! A GGUF file as a source of tensors, dequantised on request.

use candle_core::{DType, Device, Tensor};

use super::GgufModel;
use crate::weights::{TensorSource, WeightsError};

impl TensorSource for GgufModel {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Self::shape(self, name).map(<[usize]>::to_vec)
    }

    fn names(&self) -> Vec<String> {
        Self::names(self).map(str::to_owned).collect()
    }

    fn load(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor, WeightsError> {
        let dense = self.tensor(name).map_err(|source| WeightsError::Gguf { name: name.into(), source })?;
        let moved = dense.to_dtype(dtype).and_then(|tensor| tensor.to_device(device));
        moved.map_err(|source| WeightsError::Load { name: name.into(), source })
    }
}
