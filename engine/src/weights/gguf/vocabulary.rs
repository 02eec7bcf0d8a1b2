//! The vocabulary in a GGUF file, for building a tokenizer.

use super::header::Value;
use super::{GgufError, GgufHeader};

/// The tokens of a model in the order of their ids.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufVocabulary {
    /// Text of each token, blanks written as `▁`.
    pub tokens: Vec<String>,
    /// Score of each token: the higher, the earlier its merge.
    pub scores: Vec<f32>,
    /// Kind of each token.
    pub token_types: Vec<TokenType>,
    /// Id that begins a text.
    pub bos: u32,
    /// Id that ends one.
    pub eos: u32,
    /// Id of unknown text, where the file has one.
    pub unknown: Option<u32>,
    /// Id of padding, where the file has one.
    pub padding: Option<u32>,
    /// Whether a blank is put before a text.
    pub add_space_prefix: bool,
}

/// The kinds of tokens in SentencePiece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// Text.
    Normal,
    /// Unknown text.
    Unknown,
    /// Never comes from text.
    Control,
    /// A string that is one token wherever it stands.
    UserDefined,
    /// Not used.
    Unused,
    /// One byte, written `<0x0A>`.
    Byte,
}

impl TokenType {
    /// Its number in a GGUF file.
    pub fn number(self) -> u32 {
        match self {
            Self::Normal => 1,
            Self::Unknown => 2,
            Self::Control => 3,
            Self::UserDefined => 4,
            Self::Unused => 5,
            Self::Byte => 6,
        }
    }

    fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            _ => return None,
        })
    }
}

impl GgufVocabulary {
    /// Reads the vocabulary from the header; it must have `count` tokens, one for each row of the embedding.
    ///
    /// # Errors
    /// Returns [`GgufError::Unsupported`] for another kind of tokenizer, [`GgufError::Metadata`] for entries that are
    /// missing or have the wrong length.
    pub(super) fn take_from(header: &mut GgufHeader, count: usize) -> Result<Self, GgufError> {
        const MODEL: &str = "tokenizer.ggml.model";
        match header.text(MODEL) {
            Some("llama") => {}
            Some(other) => return Err(GgufError::Unsupported { key: MODEL.to_owned(), value: format!("`{other}`") }),
            None => return Err(missing(MODEL)),
        }
        let tokens = match header.metadata.remove("tokenizer.ggml.tokens") {
            Some(Value::Texts(tokens)) if tokens.len() == count => tokens,
            _ => return Err(missing("tokenizer.ggml.tokens")),
        };
        let scores = match header.metadata.remove("tokenizer.ggml.scores") {
            Some(Value::Floats(scores)) if scores.len() == count => scores,
            _ => return Err(missing("tokenizer.ggml.scores")),
        };
        let token_types = match header.metadata.remove("tokenizer.ggml.token_type") {
            Some(Value::Integers(numbers)) if numbers.len() == count => {
                numbers.into_iter().map(TokenType::from_number).collect::<Option<Vec<_>>>()
            }
            _ => None,
        };
        let id = |key: &str| special_id(header, key, count);
        let required = |key: &str| id(key)?.ok_or_else(|| missing(key));
        Ok(Self {
            tokens,
            scores,
            token_types: token_types.ok_or_else(|| missing("tokenizer.ggml.token_type"))?,
            bos: required("tokenizer.ggml.bos_token_id")?,
            eos: required("tokenizer.ggml.eos_token_id")?,
            unknown: id("tokenizer.ggml.unknown_token_id")?,
            padding: id("tokenizer.ggml.padding_token_id")?,
            add_space_prefix: matches!(
                header.metadata.get("tokenizer.ggml.add_space_prefix"),
                None | Some(Value::Bool(true))
            ),
        })
    }
}

fn special_id(header: &GgufHeader, key: &str, count: usize) -> Result<Option<u32>, GgufError> {
    if !header.metadata.contains_key(key) {
        return Ok(None);
    }
    let id = header.integer(key).filter(|id| *id < count).and_then(|id| u32::try_from(id).ok());
    id.map(Some).ok_or_else(|| missing(key))
}

fn missing(key: &str) -> GgufError {
    GgufError::Metadata(key.to_owned())
}
