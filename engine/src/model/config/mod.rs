//! The configuration of a checkpoint.
//!
//! Every size comes from `config.json` (or a GGUF file's header); nothing is hard-coded to a released size, and the
//! defaults of the reference's classes are not used, because they differ from the released values. Every field is used,
//! checked or listed as ignored; any other field is reported.

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
    /// The encoder; `None` for a decoder-only model (Gemma 3).
    pub encoder: Option<EncoderConfig>,
    /// The decoder.
    pub decoder: StackConfig,
    /// Rows of the embedding and of the output head.
    pub vocab_size: usize,
    /// Whether output head and embedding share one matrix.
    pub tied_head: bool,
    /// Logits become `tanh(z / cap) * cap`.
    pub final_logit_softcapping: Option<f64>,
    /// Special token ids for generation.
    pub tokens: TokenIds,
    /// Unknown fields of the file, as dotted paths; the caller warns about them.
    pub unknown_fields: Vec<String>,
}

/// The shape of the encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderConfig {
    /// The text encoder.
    pub text: StackConfig,
    /// The vision tower; `None` for a checkpoint without vision.
    pub vision: Option<VisionConfig>,
    /// Token ids of images.
    pub image: ImageTokens,
}

/// Token ids of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageTokens {
    /// Soft tokens per image.
    pub per_image: usize,
    /// `<start_of_image>`.
    pub start: u32,
    /// `<end_of_image>`, which has its own embedding vector.
    pub end: u32,
    /// `<image_soft_token>`, replaced by the projected vision features.
    pub soft: u32,
}

/// Special token ids for generation.
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
    /// A required field is missing.
    #[error("the model's configuration lacks {0}")]
    Missing(String),
    /// A field has the wrong type or is out of range.
    #[error("the model's configuration has {field} = {value}, but {expected} is required")]
    Invalid {
        /// Dotted path of the field.
        field: String,
        /// Its value.
        value: String,
        /// What is expected.
        expected: String,
    },
    /// Another kind of model.
    #[error("this is a {0} model; Recto supports T5Gemma 2 and Gemma 3 text models")]
    OtherModel(String),
}

impl Hint for ConfigError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::OtherModel(_) => {
                "use a T5Gemma 2 checkpoint, or get the starter with `recto models pull starter`".into()
            }
            Self::NotJson(_) | Self::Missing(_) | Self::Invalid { .. } => {
                "download the published model again; `recto models verify` lists the changed files".into()
            }
        })
    }
}

impl ModelConfig {
    /// Parses a `config.json`.
    ///
    /// # Errors
    /// Returns a [`ConfigError`] that names the invalid field.
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
