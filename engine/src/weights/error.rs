//! Why weights cannot be used.

use std::path::PathBuf;

use super::gguf::GgufError;
use crate::diagnostic::Hint;

/// Why weights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The folder has no weights.
    #[error("no weights (model.safetensors or model.gguf) found in {}", .0.display())]
    NoWeights(PathBuf),
    /// A file cannot be opened or read.
    #[error("the weights cannot be read: {source}: {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file is damaged or truncated.
    #[error("the weights are damaged: {detail}: {}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A tensor is stored twice under different names.
    #[error("the weights contain {name} twice, as {first} and {second}")]
    Ambiguous {
        /// Name in the published layout.
        name: String,
        /// One stored name.
        first: String,
        /// The other.
        second: String,
    },
    /// A required tensor is missing.
    #[error("the weights lack the tensor {0}")]
    Missing(String),
    /// A tensor does not have the shape of the configuration.
    #[error("the tensor {name} has the shape {found:?}, but the configuration requires {expected:?}")]
    Shape {
        /// Name in the published layout.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape that the configuration requires.
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
    /// A tensor could not be loaded to the device.
    #[error("the tensor {name} cannot be loaded: {source}")]
    Load {
        /// Name in the published layout.
        name: String,
        /// The tensor library's error.
        source: candle_core::Error,
    },
}

impl Hint for WeightsError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoWeights(_) => "give a published checkpoint folder, or a name from `recto models list`".into(),
            Self::Gguf { source, .. } => return source.hint(),
            Self::Io { .. } => "check that the file exists and is readable".into(),
            Self::Load { .. } => "try again with more free memory, or with --dtype bf16".into(),
            Self::Damaged { .. } | Self::Ambiguous { .. } | Self::Missing(_) | Self::Shape { .. } => {
                "download the model again; `recto models verify` lists the changed files".into()
            }
        })
    }
}
