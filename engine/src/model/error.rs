//! Why the model cannot do what it was asked.

use crate::cancel::Cancelled;
use crate::diagnostic::Hint;
use crate::weights::WeightsError;

/// Why the model cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The weights do not match the configuration.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The tensor library failed: out of memory, or a device error.
    #[error("the computation failed: {0}")]
    Compute(#[from] candle_core::Error),
    /// A token id outside the vocabulary.
    #[error("token id {id} is not in the vocabulary of {vocab_size}")]
    TokenId {
        /// The id.
        id: u32,
        /// Size of the vocabulary.
        vocab_size: usize,
    },
    /// Image placeholders and images do not match.
    #[error("the input has {placeholders} image tokens, but {images} images of {per_image} tokens were given")]
    ImageTokens {
        /// Placeholder tokens among the ids.
        placeholders: usize,
        /// Images given.
        images: usize,
        /// Tokens per image.
        per_image: usize,
    },
    /// A picture without pixels, or whose size does not match its data.
    #[error("a picture of {width} × {height} pixels cannot be used")]
    Picture {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The request needs a part that this model does not have.
    #[error("this model has no {0}")]
    Lacks(&'static str),
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Hint for ModelError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Weights(error) => error.hint(),
            Self::Compute(_) => Some("try fewer pages, a smaller --window, or --dtype bf16".into()),
            Self::TokenId { .. } => {
                Some("the tokenizer does not belong to this model; download the model again".into())
            }
            Self::Lacks(_) => Some("use a T5Gemma 2 model: `recto models list`".into()),
            Self::ImageTokens { .. } | Self::Picture { .. } | Self::Cancelled(_) => None,
        }
    }
}
