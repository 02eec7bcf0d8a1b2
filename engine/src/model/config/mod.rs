//! What a checkpoint says about its own shape.
//!
//! Every size comes from `config.json` (or from a GGUF file's header); nothing is hard-coded to a released size and
//! nothing falls back on a default of the reference's classes, whose defaults are not the released values. Every field
//! is used, checked or listed as ignored; one that is none of these is reported.

mod fields;
mod gemma3;
mod gguf;
mod rope;
mod stack;
mod t5gemma2;
mod vision;

#[cfg(test)]
mod tests;

pub use rope::RopeConfig;
pub use stack::{Activation, LayerKind, StackConfig};
pub use vision::VisionConfig;

use crate::diagnostic::Hint;

/// The shape of a whole model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// The part that reads; `None` for a decoder alone (Gemma 3).
    pub encoder: Option<EncoderConfig>,
    /// The part that answers.
    pub decoder: StackConfig,
    /// Rows of the embedding and of the output head.
    pub vocab_size: usize,
    /// Output head and embedding are one matrix.
    pub tied_head: bool,
    /// Logits become `tanh(z / cap) * cap`.
    pub final_logit_softcapping: Option<f64>,
    /// Control ids that text generation needs.
    pub tokens: TokenIds,
    /// Fields of the file that Recto does not know, as dotted paths: worth a warning.
    pub unknown_fields: Vec<String>,
}

/// The shape of the reading part.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderConfig {
    /// The text encoder.
    pub text: StackConfig,
    /// The vision tower; `None` for a checkpoint without eyes.
    pub vision: Option<VisionConfig>,
    /// Ids around and in place of an image.
    pub image: ImageTokens,
}

/// Ids around and in place of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageTokens {
    /// Soft tokens that one image becomes.
    pub per_image: usize,
    /// `<start_of_image>`.
    pub start: u32,
    /// `<end_of_image>`, whose embedding is a vector of its own.
    pub end: u32,
    /// `<image_soft_token>`, replaced by the projected vision features.
    pub soft: u32,
}

/// Control ids that text generation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenIds {
    /// Starts encoder and decoder sequences.
    pub bos: u32,
    /// End an answer.
    pub eos: Vec<u32>,
    /// Padding.
    pub pad: u32,
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is not JSON.
    #[error("the model's configuration is not valid JSON: {0}")]
    NotJson(String),
    /// A needed field is absent.
    #[error("the model's configuration lacks {0}")]
    Missing(String),
    /// A field holds something of another kind or out of its range.
    #[error("the model's configuration says {field} = {value}, where {expected} is needed")]
    Invalid {
        /// Dotted path of the field.
        field: String,
        /// What it holds.
        value: String,
        /// What it should hold.
        expected: String,
    },
    /// Another kind of model.
    #[error("this is a {0} model, and Recto runs T5Gemma 2 and Gemma 3 text models")]
    OtherModel(String),
}

impl Hint for ConfigError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::OtherModel(_) => {
                "choose a T5Gemma 2 checkpoint, or the starter with `recto models pull starter`".into()
            }
            Self::NotJson(_) | Self::Missing(_) | Self::Invalid { .. } => {
                "fetch the model again as it was published; `recto models verify` names the files that changed".into()
            }
        })
    }
}

impl ModelConfig {
    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Returns a [`ConfigError`] that names the field at fault.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| ConfigError::NotJson(error.to_string()))?;
        let mut fields = fields::Fields::root(value)?;
        let kind: String = fields.take("model_type")?;
        match kind.as_str() {
            "t5gemma2" => t5gemma2::read(fields),
            "gemma3_text" => gemma3::read(fields),
            _ => Err(ConfigError::OtherModel(kind)),
        }
    }

    /// Hidden size shared by encoder and decoder.
    pub fn hidden_size(&self) -> usize {
        self.decoder.hidden_size
    }
}
