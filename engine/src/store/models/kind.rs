//! The kinds of model.

use serde::{Deserialize, Serialize};

/// The kind of a model: file format and architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelKind {
    /// T5Gemma 2: encoder, decoder and vision tower, as published in safetensors.
    #[serde(rename = "t5gemma2")]
    T5Gemma2,
    /// Gemma 3, text only, as published in safetensors: decoder only.
    #[serde(rename = "gemma3")]
    Gemma3,
    /// Gemma 3, text only, in one GGUF file: decoder only.
    #[serde(rename = "gemma3-gguf")]
    Gemma3Gguf,
}

impl ModelKind {
    /// The kind that `model_type` in a `config.json` names; `None` for models Recto cannot run.
    pub fn of_model_type(model_type: &str) -> Option<Self> {
        match model_type {
            "t5gemma2" => Some(Self::T5Gemma2),
            "gemma3_text" => Some(Self::Gemma3),
            _ => None,
        }
    }

    /// Whether it reads documents with an encoder and sees figures.
    pub fn has_encoder(self) -> bool {
        matches!(self, Self::T5Gemma2)
    }

    /// Its name on disk and in `--json`.
    pub fn id(self) -> &'static str {
        match self {
            Self::T5Gemma2 => "t5gemma2",
            Self::Gemma3 => "gemma3",
            Self::Gemma3Gguf => "gemma3-gguf",
        }
    }
}

impl std::fmt::Display for ModelKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::T5Gemma2 => "T5Gemma 2",
            Self::Gemma3 => "Gemma 3 (text only)",
            Self::Gemma3Gguf => "Gemma 3 (text only, GGUF)",
        })
    }
}
