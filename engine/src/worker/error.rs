//! The errors that a job can end with. Errors of other modules keep their own message and hint.

use std::path::PathBuf;

use super::device::DeviceError;
use crate::cancel::Cancelled;
use crate::diagnostic::Hint;
use crate::document::DocumentError;
use crate::model::ModelError;
use crate::model::config::ConfigError;
use crate::prompt::PromptError;
use crate::protocol::ErrorReport;
use crate::store::StoreError;
use crate::weights::WeightsError;
use crate::weights::gguf::GgufError;
use crate::weights::lora::LoraError;

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A document cannot be read.
    #[error(transparent)]
    Document(DocumentError),
    /// The model's computation failed.
    #[error(transparent)]
    Model(ModelError),
    /// The model's configuration is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The model's weights cannot be loaded.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The model's adapter cannot be applied.
    #[error(transparent)]
    Lora(#[from] LoraError),
    /// A GGUF file cannot be read.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The tokenizer or the prompt failed.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// Recto's own files cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the model cannot be read.
    #[error("cannot read the model file: {source}: {}", .path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The model has no tokenizer.
    #[error("the model has no tokenizer.json: {}", .0.display())]
    NoTokenizer(PathBuf),
    /// The job names no document, or refers to one that it does not name.
    #[error("no document specified")]
    NoDocument,
    /// None of the selected pages exists.
    #[error("none of the selected pages exists: the document has {0}")]
    NoSuchPages(u32),
    /// This model can read nothing on the selected pages.
    #[error("this model can read nothing on these pages: {0}")]
    NothingReadable(String),
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The input of a forward pass is invalid.
    #[error("invalid input: {detail}: {}", .path.display())]
    ForwardInput {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A tensor operation failed.
    #[error("the computation failed: {0}")]
    Compute(#[from] candle_core::Error),
}

impl From<DocumentError> for Error {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Document(other),
        }
    }
}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Model(other),
        }
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Cancelled(_) => None,
            Self::Document(error) => error.hint(),
            Self::Model(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Weights(error) => error.hint(),
            Self::Lora(error) => error.hint(),
            Self::Gguf(error) => error.hint(),
            Self::Prompt(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::ModelFile { .. } => Some("check the folder, or download the model again".into()),
            Self::NoTokenizer(_) => Some("place the checkpoint's tokenizer.json next to its config.json".into()),
            Self::NoDocument => Some("specify at least one file".into()),
            Self::NoSuchPages(_) => Some("choose other pages".into()),
            Self::NothingReadable(_) => {
                Some("choose other pages, or use a vision model for scans (a T5Gemma 2 checkpoint)".into())
            }
            Self::Device(error) => error.hint(),
            Self::ForwardInput { .. } => Some(
                "expected: encoder_ids i64 [S], decoder_ids i64 [T], and optionally pixel_values f32 [N,3,H,W]".into(),
            ),
            Self::Compute(_) => Some("try fewer pages, a smaller --window, or --dtype bf16".into()),
        }
    }
}

impl Error {
    /// The report that the user sees.
    pub(super) fn report(&self) -> ErrorReport {
        ErrorReport::of(self)
    }
}
