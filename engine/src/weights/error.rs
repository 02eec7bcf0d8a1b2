//! Why weights cannot be used.

use std::path::PathBuf;

use super::gguf::GgufError;
use crate::diagnostic::Hint;

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
        source: GgufError,
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
