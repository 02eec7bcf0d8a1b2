//! What the engine reports of an answer: its text, its evidence, and its cost.

use serde::{Deserialize, Serialize};

use super::reading::{DocumentSummary, ModelSummary, PageReport, ReadSoFar};
use crate::document::geometry::Rect;
use crate::document::page::FigureKind;

/// Recto's own text for an answer that the documents do not hold.
pub const NOT_IN_DOCUMENT: &str = "Not in the document.";

/// An answer with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer's text.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// The model that wrote it.
    pub model: ModelSummary,
    /// The documents that the question was about.
    pub documents: Vec<DocumentSummary>,
    /// Pages that it comes from, best first.
    pub evidence: Vec<PageEvidence>,
    /// Whether the documents do not hold the answer: the text says so, or there is no evidence for it.
    #[serde(default)]
    pub not_found: bool,
    /// Pages that could not be read and were not considered.
    pub unread: Vec<PageReport>,
    /// How much of the documents had been read when it was written.
    pub read: ReadSoFar,
    /// What it cost.
    pub cost: AnswerCost,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finish {
    /// The model ended it.
    Complete,
    /// It reached the token limit.
    Length,
}

/// What an answer cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerCost {
    /// Tokens of the encoding that the answer is based on.
    pub encoded_tokens: u64,
    /// Those of them whose encoding was reused from an earlier reading, from disk or memory.
    pub kept_tokens: u64,
    /// Tokens of the decoder's prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub answer_tokens: u64,
    /// Seconds spent on pages.
    pub pages_secs: f64,
    /// Seconds spent on encoding.
    pub encoding_secs: f64,
    /// Seconds from the end of encoding to the first token.
    pub first_token_secs: f64,
    /// Seconds spent on writing the answer.
    pub answer_secs: f64,
}

/// A page that an answer comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageEvidence {
    /// Number of the document among the sources, from 0.
    pub document: u32,
    /// Page, counted from 1.
    pub page: u32,
    /// Its printed label ("iv", "A-3"), if the file has one.
    pub label: Option<String>,
    /// Share of the answer's evidence on this page, between 0 and 1; all pages add up to 1.
    pub share: f32,
    /// Lines and figures on it, best first.
    pub spans: Vec<SpanEvidence>,
}

/// A line or figure that an answer comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanEvidence {
    /// What kind of span it is.
    pub kind: SpanKind,
    /// The line's text, or the figure's caption.
    pub text: String,
    /// Position on the page: points, origin at the top left, y down.
    pub boxes: Vec<Rect>,
    /// Share of the answer's evidence, between 0 and 1.
    pub share: f32,
    /// Share of the model's attention alone.
    pub attention: f32,
    /// Words and numbers of the answer that occur in it.
    pub matches: Vec<String>,
}

/// The kind of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanKind {
    /// A line of text, or a table row.
    Line,
    /// A figure.
    Figure(FigureKind),
}
