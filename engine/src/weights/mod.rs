//! One shape-checked way to ask for a tensor, whatever file it lies in.
//!
//! [`Weights`] names tensors as the published T5Gemma 2 checkpoints do (`model.decoder.layers.3.mlp.up_proj.weight`);
//! the readers translate their own names. Nothing here knows what the tensors are for.

pub mod gguf;
pub mod lora;
mod names;
pub mod random;
mod safetensors;

use std::path::{Path, PathBuf};

pub(crate) use names::canonical;

use candle_core::{DType, Device, Tensor};

use crate::diagnostic::Hint;
use crate::kernels::cpu::Precision;

/// Why weights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The folder holds no weights.
    #[error("there are no weights (model.safetensors or model.gguf) in {}", .0.display())]
    NoWeights(PathBuf),
    /// A file cannot be opened or read.
    #[error("the weights cannot be read: {source}: {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what its name says, or is cut short.
    #[error("the weights are damaged: {detail}: {}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A tensor is stored twice, with different names for the same thing.
    #[error("the weights hold {name} twice, as {first} and {second}")]
    Ambiguous {
        /// Name in the published layout.
        name: String,
        /// One stored name.
        first: String,
        /// The other.
        second: String,
    },
    /// A needed tensor is absent.
    #[error("the weights lack the tensor {0}")]
    Missing(String),
    /// A tensor has another shape than the configuration says.
    #[error("the tensor {name} is {found:?}, where the configuration says {expected:?}")]
    Shape {
        /// Name in the published layout.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape that the configuration asks for.
        expected: Vec<usize>,
    },
    /// A tensor of a GGUF file cannot be read.
    #[error("the tensor {name} cannot be read: {source}")]
    Gguf {
        /// Name in the published layout.
        name: String,
        /// What is wrong.
        source: gguf::GgufError,
    },
    /// A tensor could not be brought to the device.
    #[error("the tensor {name} cannot be loaded: {source}")]
    Load {
        /// Name in the published layout.
        name: String,
        /// What the tensor library said.
        source: candle_core::Error,
    },
}

impl Hint for WeightsError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoWeights(_) => "name the folder of a checkpoint as published, or `recto models list`".into(),
            Self::Gguf { source, .. } => return source.hint(),
            Self::Io { .. } => "check that the file exists and may be read".into(),
            Self::Load { .. } => "try again with more free memory, or with --dtype bf16".into(),
            Self::Damaged { .. } | Self::Ambiguous { .. } | Self::Missing(_) | Self::Shape { .. } => {
                "fetch the model again; `recto models verify` names the files that changed".into()
            }
        })
    }
}

/// A file or several that hold tensors under the published names.
pub trait TensorSource: Send {
    /// Shape of a tensor, as PyTorch would print it; `None` where the file lacks it.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Names of all tensors, as published.
    fn names(&self) -> Vec<String>;

    /// The tensor in the given type.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] when it is absent or cannot be read.
    fn load(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor, WeightsError>;

    /// The tensor's numbers in f32, in its own order.
    ///
    /// # Errors
    /// As [`TensorSource::load`].
    fn numbers(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        numbers_of(name, &self.load(name, DType::F32, &Device::Cpu)?)
    }
}

fn numbers_of(name: &str, tensor: &Tensor) -> Result<Vec<f32>, WeightsError> {
    let numbers = tensor.flatten_all().and_then(|flat| flat.to_vec1());
    numbers.map_err(|source| WeightsError::Load { name: name.into(), source })
}

/// Weights of a model, and how they are to be held.
pub struct Weights {
    source: Box<dyn TensorSource>,
    device: Device,
    precision: Precision,
}

impl Weights {
    /// Type in which a checkpoint folder's text embedding is stored; `None` where it cannot be told.
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

    /// Where tensors are brought.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// How the large matrices are held.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Type of tables and matrices that are tensors: what is multiplied in bytes is looked up in bf16.
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

    /// Whether a tensor is there.
    pub fn contains(&self, name: &str) -> bool {
        self.source.shape(name).is_some()
    }

    /// A large matrix or table, in the type chosen for the model.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] when the tensor is absent, has another shape or cannot be loaded.
    pub fn matrix(&self, name: &str, shape: &[usize]) -> Result<Tensor, WeightsError> {
        self.load(name, shape, self.dtype())
    }

    /// A small vector (norm weight, bias, embedding of one id), in f32.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] when the tensor is absent, has another shape or cannot be loaded.
    pub fn vector(&self, name: &str, length: usize) -> Result<Tensor, WeightsError> {
        self.load(name, &[length], DType::F32)
    }

    /// Any tensor's numbers in f32, in its own order.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] when the tensor is absent, has another shape or cannot be loaded.
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
