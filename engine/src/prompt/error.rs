//! What can go wrong between a document and its token ids.

use thiserror::Error;

use crate::diagnostic::Hint;
use crate::untrusted::printable;

/// An unusable tokenizer, or a prompt or plan that cannot be made with it.
#[derive(Debug, Error)]
pub enum PromptError {
    /// The tokenizer's file could not be read.
    #[error("the tokenizer file cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// The tokenizer's description is damaged or of an unknown kind.
    #[error("the tokenizer file is damaged or of an unknown kind")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The tokenizer's file is larger than the limit.
    #[error("the tokenizer file has more than {} MB", max_bytes >> 20)]
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// The tokenizer uses a feature that Gemma's does not.
    #[error("the tokenizer's {part} is not one of Gemma's: {}", printable(found))]
    NotGemma {
        /// The part of the file.
        part: &'static str,
        /// The value found.
        found: String,
    },
    /// Tokens, scores and types of a GGUF vocabulary differ in number.
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
    #[error("a text cannot be tokenised")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A window cannot even hold a page marker, or a figure.
    #[error("a window of {given} tokens is too small, {least} are needed")]
    WindowTooSmall {
        /// Tokens per window asked for.
        given: usize,
        /// The least that works.
        least: usize,
    },
    /// A model's folder names a prompt template that does not exist for such a model.
    #[error("this kind of model has no prompt template `{name}`")]
    UnknownPrompt {
        /// The name given.
        name: String,
        /// Names that exist.
        known: String,
    },
    /// The question alone exceeds the room.
    #[error("the question takes {needed} tokens, but only {room} are left")]
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
            Self::Unreadable(_) => "Check that tokenizer.json is next to the model's weights and readable",
            Self::Malformed(_) | Self::MissingToken(_) | Self::TooLarge { .. } | Self::NotGemma { .. } => {
                "Take tokenizer.json from the same release as the model's weights"
            }
            Self::UnequalVocabulary { .. } => "Download the GGUF file again; its vocabulary is damaged",
            Self::IdMismatch { .. } => "Use the tokenizer.json and config.json of the same model",
            Self::Encode(_) => return None,
            Self::WindowTooSmall { .. } => "Choose a larger window",
            Self::UnknownPrompt { known, .. } => {
                return Some(format!("Set `prompt` in the model's recto.toml to one of these, or remove it: {known}"));
            }
            Self::QuestionTooLong { .. } => "Ask a shorter question",
        };
        Some(hint.to_owned())
    }
}
