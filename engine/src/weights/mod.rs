//! Loading tensors by name with a shape check, whatever the file format.
//!
//! [`Weights`] uses the tensor names of the published T5Gemma 2 checkpoints (`model.decoder.layers.3.mlp.up_proj.weight`);
//! the readers translate other names. Knows nothing of what the tensors are for.

mod error;
pub mod gguf;
pub mod lora;
mod names;
pub mod random;
mod safetensors;
mod source;

use std::path::Path;

pub use error::WeightsError;
pub(crate) use names::canonical;
pub use source::TensorSource;

use candle_core::{DType, Device, Tensor};

use crate::kernels::cpu::Precision;

/// Weights of a model, with the device and precision to load them in.
pub struct Weights {
    source: Box<dyn TensorSource>,
    device: Device,
    precision: Precision,
}

impl Weights {
    /// Stored type of a checkpoint folder's text embedding; `None` where it cannot be read.
    pub fn stored_dtype(folder: &Path) -> Option<DType> {
        safetensors::SafetensorsFiles::open(folder).ok()?.dtype("model.encoder.embed_tokens.weight")
    }

    /// The safetensors of a checkpoint folder: `model.safetensors`, or shards with their index.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] when there are none or they are damaged.
    pub fn source_in(folder: &Path) -> Result<Box<dyn TensorSource>, WeightsError> {
        Ok(Box::new(safetensors::SafetensorsFiles::open(folder)?))
    }

    /// Weights from any source.
    pub fn from_source(source: Box<dyn TensorSource>, device: Device, precision: Precision) -> Self {
        Self { source, device, precision }
    }

    /// The device that tensors are loaded to.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Precision of the large matrices.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Type of tables and matrices that are tensors: with int8 products the embedding is still bf16.
    pub fn dtype(&self) -> DType {
        match self.precision {
            Precision::F32 => DType::F32,
            Precision::Bf16 | Precision::Int8 => DType::BF16,
        }
    }

    /// Type of the activations: f32 on the CPU, whose half-precision arithmetic is slower and less exact than f32's.
    pub fn activation_dtype(&self) -> DType {
        if self.device.is_cpu() { DType::F32 } else { self.dtype() }
    }

    /// Whether a tensor exists.
    pub fn contains(&self, name: &str) -> bool {
        self.source.shape(name).is_some()
    }

    /// A large matrix or table, in the type chosen for the model.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] when the tensor is missing, has another shape or cannot be loaded.
    pub fn matrix(&self, name: &str, shape: &[usize]) -> Result<Tensor, WeightsError> {
        self.load(name, shape, self.dtype())
    }

    /// A small vector (norm weight, bias, embedding of one id), in f32.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] when the tensor is missing, has another shape or cannot be loaded.
    pub fn vector(&self, name: &str, length: usize) -> Result<Tensor, WeightsError> {
        self.load(name, &[length], DType::F32)
    }

    /// Any tensor's numbers in f32, in its own order.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] when the tensor is missing, has another shape or cannot be loaded.
    pub fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        self.check_shape(name, shape)?;
        self.source.numbers(name)
    }

    fn load(&self, name: &str, shape: &[usize], dtype: DType) -> Result<Tensor, WeightsError> {
        self.check_shape(name, shape)?;
        self.source.load(name, dtype, &self.device)
    }

    fn check_shape(&self, name: &str, shape: &[usize]) -> Result<(), WeightsError> {
        let found = self.source.shape(name).ok_or_else(|| WeightsError::Missing(name.into()))?;
        if found == shape {
            return Ok(());
        }
        Err(WeightsError::Shape { name: name.into(), found, expected: shape.to_vec() })
    }
}
