//! Text and tokens that know where each part of them comes from.
//!
//! A text consists of parts, each with its source; it is encoded as a whole, and every token gets the source of the
//! part it starts in. So a token may span a joint (a hyphenated word) and still counts exactly once.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::error::PromptError;
use super::tokenizer::Tokenizer;

/// Where a token comes from. Documents count from 0 in the order given, pages from 1 as in the file, lines and figures
/// from 0 as in [`Page`](crate::document::page::Page).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// A line, with the space or line break that separates it from its neighbour.
    Line {
        /// Index of the document.
        document: u32,
        /// Number of the page.
        page: u32,
        /// Index into the page's lines.
        line: u32,
    },
    /// A figure: its image, or a caption that is not a line of the page.
    Figure {
        /// Index of the document.
        document: u32,
        /// Number of the page.
        page: u32,
        /// Index into the page's figures.
        figure: u32,
    },
    /// A page's marker, the document's name before it, or the note that there is no text.
    Marker {
        /// Index of the document.
        document: u32,
        /// Number of the page.
        page: u32,
    },
    /// Recto's own words, and the question.
    Template,
}

impl Source {
    /// Document and page, if there is one.
    pub fn page(&self) -> Option<(u32, u32)> {
        match *self {
            Self::Line { document, page, .. }
            | Self::Figure { document, page, .. }
            | Self::Marker { document, page } => Some((document, page)),
            Self::Template => None,
        }
    }
}

/// Neighbouring tokens of the same source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Positions in the window or prompt.
    pub tokens: Range<u32>,
    /// Where they come from.
    pub source: Source,
}

/// A text in parts.
#[derive(Clone, Debug, Default)]
pub(super) struct TracedText {
    pub(super) text: String,
    /// The end of each part in the text, in bytes, and its source.
    parts: Vec<(usize, Source)>,
}

impl TracedText {
    pub(super) fn push(&mut self, text: &str, source: Source) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.parts.push((self.text.len(), source));
        }
    }

    /// Appends to the last part; a text without parts stays empty.
    pub(super) fn extend_last(&mut self, text: &str) {
        if let Some((end, _)) = self.parts.last_mut() {
            self.text.push_str(text);
            *end = self.text.len();
        }
    }

    /// Appends another text with its sources.
    pub(super) fn append(&mut self, other: &Self) {
        let shift = self.text.len();
        self.text.push_str(&other.text);
        self.parts.extend(other.parts.iter().map(|(end, source)| (end + shift, *source)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn source_at(&self, byte: usize) -> Source {
        let part = self.parts.partition_point(|(end, _)| *end <= byte);
        self.parts.get(part).or(self.parts.last()).map_or(Source::Template, |(_, source)| *source)
    }

    /// Encodes the text as data: control strings in it stay letters.
    pub(super) fn encode(&self, tokenizer: &Tokenizer) -> Result<TracedTokens, PromptError> {
        let encoded = tokenizer.encode_text(&self.text)?;
        let sources = encoded.offsets.iter().map(|offsets| self.source_at(offsets.start)).collect();
        Ok(TracedTokens { ids: encoded.ids, sources })
    }
}

/// Tokens with the source of each.
#[derive(Clone, Debug, Default)]
pub(super) struct TracedTokens {
    pub(super) ids: Vec<u32>,
    pub(super) sources: Vec<Source>,
}

impl TracedTokens {
    pub(super) fn push(&mut self, id: u32, source: Source) {
        self.ids.push(id);
        self.sources.push(source);
    }

    pub(super) fn append(&mut self, other: &Self, range: Range<usize>) {
        self.ids.extend_from_slice(other.ids.get(range.clone()).unwrap_or_default());
        self.sources.extend_from_slice(other.sources.get(range).unwrap_or_default());
    }

    pub(super) fn append_all(&mut self, other: &Self) {
        self.append(other, 0..other.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The largest cut at most `room` tokens after `start`: after the last whole line, else between two characters,
    /// else anywhere.
    pub(super) fn cut(&self, start: usize, room: usize, tokenizer: &Tokenizer) -> usize {
        let limit = start + room;
        if limit >= self.len() {
            return self.len();
        }
        let line_starts = |at: &usize| self.sources.get(*at) != self.sources.get(at.wrapping_sub(1));
        let character_starts = |at: &usize| {
            let bytes = self.ids.get(*at).map(|&id| tokenizer.token_bytes(id)).unwrap_or_default();
            bytes.first().is_none_or(|byte| byte & 0xC0 != 0x80)
        };
        let mut candidates = (start + 1..=limit).rev();
        candidates.clone().find(line_starts).or_else(|| candidates.find(character_starts)).unwrap_or(limit)
    }

    /// Sources as spans: every token in exactly one, in order.
    pub(super) fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for (at, source) in (0_u32..).zip(&self.sources) {
            match spans.last_mut() {
                Some(span) if span.source == *source => span.tokens.end = at + 1,
                _ => spans.push(Span { tokens: at..at + 1, source: *source }),
            }
        }
        spans
    }
}
