//! What can go wrong between a document and its token ids.

use thiserror::Error;

use crate::diagnostic::Hint;
use crate::untrusted::printable;

/// A tokenizer that cannot be used, or a plan that cannot be made with it.
#[derive(Debug, Error)]
pub enum PromptError {
    /// The tokenizer's file could not be read.
    #[error("the tokenizer file cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// The tokenizer's description is damaged or of another kind.
    #[error("the tokenizer cannot be understood")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The tokenizer's file is larger than any that Recto reads.
    #[error("the tokenizer file has more than {} MB", max_bytes >> 20)]
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// The tokenizer does something that Gemma's does not.
    #[error("the tokenizer's {part} is not one of Gemma's: {}", printable(found))]
    NotGemma {
        /// Which part of the file.
        part: &'static str,
        /// What it is instead.
        found: String,
    },
    /// Tokens, scores and types of a GGUF vocabulary are not equally many.
    #[error("the GGUF vocabulary has {tokens} tokens, {scores} scores and {types} types")]
    UnequalVocabulary {
        /// Entries of `tokenizer.ggml.tokens`.
        tokens: usize,
        /// Entries of `tokenizer.ggml.scores`.
        scores: usize,
        /// Entries of `tokenizer.ggml.token_type`.
        types: usize,
    },
    /// A token that prompts are built from is missing.
    #[error("the tokenizer has no token `{0}`")]
    MissingToken(&'static str),
    /// Tokenizer and model disagree on a special id.
    #[error("{name} is {tokenizer} in the tokenizer but {model} in the model's configuration")]
    IdMismatch {
        /// Which id, as the configuration names it.
        name: &'static str,
        /// The tokenizer's id.
        tokenizer: u32,
        /// The configuration's id.
        model: u32,
    },
    /// The tokenizer failed on a text.
    #[error("a text cannot be turned into tokens")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A window cannot even hold a page marker, or a figure.
    #[error("a window of {given} tokens is too small, {least} are needed")]
    WindowTooSmall {
        /// Tokens per window asked for.
        given: usize,
        /// The least that works.
        least: usize,
    },
    /// A model's folder names a prompt that there is none of for it.
    #[error("the model was taught the prompt `{name}`, which is not known for such a model")]
    UnknownPrompt {
        /// The name given.
        name: String,
        /// Names that would do.
        known: String,
    },
    /// The question alone fills the room.
    #[error("the question takes {needed} tokens where {room} are left")]
    QuestionTooLong {
        /// Tokens of the prompt without any passage.
        needed: usize,
        /// Tokens a prompt may have.
        room: usize,
    },
}

impl Hint for PromptError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreadable(_) => "Check that tokenizer.json lies beside the model's weights and may be read",
            Self::Malformed(_) | Self::MissingToken(_) | Self::TooLarge { .. } | Self::NotGemma { .. } => {
                "Take tokenizer.json from the same release as the model's weights"
            }
            Self::UnequalVocabulary { .. } => "Fetch the GGUF file again; its vocabulary is damaged",
            Self::IdMismatch { .. } => "Use the tokenizer.json and config.json of one and the same model",
            Self::Encode(_) => return None,
            Self::WindowTooSmall { .. } => "Choose a larger window",
            Self::UnknownPrompt { known, .. } => {
                return Some(format!("Name one of these as `prompt` in the model's recto.toml, or none: {known}"));
            }
            Self::QuestionTooLong { .. } => "Ask a shorter question",
        };
        Some(hint.to_owned())
    }
}
