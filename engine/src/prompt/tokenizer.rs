//! Text to token ids and back.
//!
//! There are two ways in: [`Tokenizer::encode_template`] for Recto's own prompts, where control strings mean control
//! tokens, and [`Tokenizer::encode_text`] for everything from a user or a document, where they are plain letters.

use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use super::error::PromptError;
use super::gguf_vocabulary::{self, BLANK, GgufVocabulary};
use super::special::{ControlStrings, ExpectedIds, SpecialIds, is_control};
use super::text_stream::TextStream;
use super::tokenizer_file;
use crate::regular_file;

/// A text as tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Position of each token in the text, in bytes, ascending. The bytes of a character that is not in the vocabulary
    /// are separate tokens and may all point to the whole character.
    pub offsets: Vec<Range<usize>>,
}

/// A vocabulary with its rules.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    special: SpecialIds,
    control_strings: ControlStrings,
    /// Ids of control tokens, ascending.
    control_ids: Vec<u32>,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer").field("special", &self.special).finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`PromptError`] if the file cannot be read, is damaged, or lacks a token that prompts need.
    pub fn from_file(path: &Path) -> Result<Self, PromptError> {
        let json = regular_file::read(path, tokenizer_file::MAX_BYTES).map_err(|error| match error.kind() {
            ErrorKind::FileTooLarge => PromptError::TooLarge { max_bytes: tokenizer_file::MAX_BYTES },
            _ => PromptError::Unreadable(error),
        })?;
        Self::from_json(&json)
    }

    /// Parses the content of a `tokenizer.json`, as published or as written by [`Tokenizer::to_json`].
    ///
    /// # Errors
    /// [`PromptError`] if it is damaged or lacks a token that prompts need.
    pub fn from_json(json: &[u8]) -> Result<Self, PromptError> {
        tokenizer_file::check(json)?;
        let mut inner = tokenizers::Tokenizer::from_bytes(json).map_err(PromptError::Malformed)?;
        // Settings of whoever saved the file, not of the vocabulary: they would drop or pad text.
        inner.with_truncation(None).map_err(PromptError::Malformed)?.with_padding(None);
        Self::new(inner)
    }

    /// Rebuilds the tokenizer that a GGUF file's vocabulary was made from.
    ///
    /// # Errors
    /// [`PromptError`] if the vocabulary is damaged or lacks a token that prompts need.
    pub fn from_gguf(vocabulary: &GgufVocabulary) -> Result<Self, PromptError> {
        Self::new(gguf_vocabulary::build(vocabulary)?)
    }

    fn new(inner: tokenizers::Tokenizer) -> Result<Self, PromptError> {
        let special = SpecialIds::find(|content| inner.token_to_id(content))?;
        let mut control: Vec<(u32, String)> = inner
            .get_added_tokens_decoder()
            .into_iter()
            .filter(|(_, token)| token.special || is_control(&token.content))
            .map(|(id, token)| (id, token.content))
            .collect();
        control.sort_unstable();
        let control_strings = ControlStrings::new(control.iter().map(|(_, content)| content.as_str()));
        let control_ids = control.into_iter().map(|(id, _)| id).collect();
        Ok(Self { inner, special, control_strings, control_ids })
    }

    /// The tokenizer as the content of a `tokenizer.json`, which loads faster the next time.
    ///
    /// # Errors
    /// [`PromptError::Malformed`] if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, PromptError> {
        self.inner.to_string(false).map_err(PromptError::Malformed)
    }

    /// Ids with a special role in prompts and generation.
    pub fn special(&self) -> &SpecialIds {
        &self.special
    }

    /// Checks the special ids against a model's configuration.
    ///
    /// # Errors
    /// [`PromptError`] naming the id and both values if they differ.
    pub fn check_against(&self, expected: &ExpectedIds) -> Result<(), PromptError> {
        self.special.check_against(expected)
    }

    /// Number of ids, including added tokens.
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Encodes text of a document or a user, without `<bos>`. Control strings in it are split and stay letters: the
    /// result contains no control id.
    ///
    /// # Errors
    /// [`PromptError::Encode`] if the vocabulary cannot express the text.
    pub fn encode_text(&self, text: &str) -> Result<Encoded, PromptError> {
        let mut encoded = Encoded::default();
        for piece in self.control_strings.pieces(text) {
            let shift = piece.start;
            let part = self.inner.encode(&text[piece], false).map_err(PromptError::Encode)?;
            encoded.ids.extend_from_slice(part.get_ids());
            encoded.offsets.extend(part.get_offsets().iter().map(|(start, end)| start + shift..end + shift));
        }
        Ok(encoded)
    }

    /// Encodes one of Recto's own texts, without adding `<bos>`: control strings in it become control ids.
    ///
    /// # Errors
    /// [`PromptError::Encode`] if the vocabulary cannot express the text.
    pub fn encode_template(&self, text: &str) -> Result<Vec<u32>, PromptError> {
        Ok(self.inner.encode_fast(text, false).map_err(PromptError::Encode)?.get_ids().to_vec())
    }

    /// The bytes of a token; empty for control tokens and ids outside the vocabulary.
    pub fn token_bytes(&self, id: u32) -> Vec<u8> {
        if self.is_control_id(id) {
            return Vec::new();
        }
        let Some(piece) = self.inner.id_to_token(id) else { return Vec::new() };
        match fallback_byte(&piece) {
            Some(byte) => vec![byte],
            None => piece.replace(BLANK, " ").into_bytes(),
        }
    }

    /// The text of the ids; control tokens are skipped, bytes that form no character become U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut stream = TextStream::default();
        let mut text: String = ids.iter().map(|&id| stream.push(&self.token_bytes(id))).collect();
        text.push_str(&stream.finish());
        text
    }

    /// Whether an id controls the model rather than being text.
    pub fn is_control_id(&self, id: u32) -> bool {
        self.control_ids.binary_search(&id).is_ok()
    }

    /// Ids that must never occur in an answer: every control token but the end.
    pub fn suppressed_ids(&self) -> Vec<u32> {
        self.control_ids.iter().copied().filter(|&id| id != self.special.eos).collect()
    }
}

/// The byte that a piece like `<0x0A>` stands for.
fn fallback_byte(piece: &str) -> Option<u8> {
    let digits = piece.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() == 2 { u8::from_str_radix(digits, 16).ok() } else { None }
}
