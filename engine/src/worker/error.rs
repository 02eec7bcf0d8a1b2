//! All that can end a piece of work, over the errors of the modules; each keeps its own message and hint.

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

/// Why a piece of work did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was given up.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A document.
    #[error(transparent)]
    Document(DocumentError),
    /// The model's computation.
    #[error(transparent)]
    Model(ModelError),
    /// The model's configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The model's weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// An adapter for the weights.
    #[error(transparent)]
    Lora(#[from] LoraError),
    /// A GGUF file.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The tokenizer or the prompt.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// Recto's own files.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the model cannot be read.
    #[error("the model's file cannot be read: {source}: {}", .path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The model has no tokenizer.
    #[error("the model has no tokenizer.json: {}", .0.display())]
    NoTokenizer(PathBuf),
    /// Nothing was given to read.
    #[error("no document was given")]
    NoDocument,
    /// The pages asked for are not there.
    #[error("none of the pages asked for exists: the document has {0}")]
    NoSuchPages(u32),
    /// Nothing on the pages asked for can be read by this model.
    #[error("there is nothing on these pages that this model can read: {0}")]
    NothingReadable(String),
    /// The device asked for.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The input of a forward pass cannot be used.
    #[error("the input cannot be used: {detail}: {}", .path.display())]
    ForwardInput {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A tensor operation of the job itself failed.
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
            Self::ModelFile { .. } => Some("check the folder, or fetch the model again".into()),
            Self::NoTokenizer(_) => Some("put the checkpoint's tokenizer.json beside its config.json".into()),
            Self::NoDocument => Some("name at least one file".into()),
            Self::NoSuchPages(_) => Some("choose other pages".into()),
            Self::NothingReadable(_) => {
                Some("choose other pages, or a model with eyes for scans (a T5Gemma 2 checkpoint)".into())
            }
            Self::Device(error) => error.hint(),
            Self::ForwardInput { .. } => Some(
                "it must hold encoder_ids i64 [S], decoder_ids i64 [T], and pixel_values f32 [N,3,H,W] at will".into(),
            ),
            Self::Compute(_) => Some("try fewer pages, a smaller --window, or --dtype bf16".into()),
        }
    }
}

impl Error {
    /// What the user reads.
    pub(super) fn report(&self) -> ErrorReport {
        ErrorReport { message: self.to_string(), hint: self.hint() }
    }
}
