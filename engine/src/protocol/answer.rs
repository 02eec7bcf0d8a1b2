//! What the engine tells of an answer: its text, what it rests on, and what it took.

use serde::{Deserialize, Serialize};

use super::reading::{DocumentSummary, ModelSummary, PageReport, ReadSoFar};
use crate::document::geometry::Rect;
use crate::document::page::FigureKind;

/// The text of an answer that says that the documents do not hold it, as models say it that were taught to tell.
pub const NOT_IN_DOCUMENT: &str = "Not in the document.";

/// An answer with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer's text.
    pub text: String,
    /// Why it ended where it does.
    pub finish: Finish,
    /// The model that wrote it.
    pub model: ModelSummary,
    /// The documents it was asked of.
    pub documents: Vec<DocumentSummary>,
    /// Pages that it comes from, best first.
    pub evidence: Vec<PageEvidence>,
    /// Whether the documents do not hold the answer: the text says so, or there is no evidence for it.
    #[serde(default)]
    pub not_found: bool,
    /// Pages that could not be read and so had no say.
    pub unread: Vec<PageReport>,
    /// How much of the documents had been read when it was written.
    pub read: ReadSoFar,
    /// What it took.
    pub cost: AnswerCost,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finish {
    /// The model ended it.
    Complete,
    /// It reached the most tokens allowed.
    Length,
}

/// What an answer took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerCost {
    /// Tokens whose encoding the answer is written over.
    pub encoded_tokens: u64,
    /// Those of them whose encoding was kept from an earlier reading, on disk or in memory.
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
    /// What is printed for it, where the file says.
    pub label: Option<String>,
    /// How much of the answer's evidence lies on this page, between 0 and 1; all pages together make 1.
    pub share: f32,
    /// Lines and figures on it, best first.
    pub spans: Vec<SpanEvidence>,
}

/// A line or figure that an answer comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanEvidence {
    /// What it is.
    pub kind: SpanKind,
    /// The line's text, or the figure's caption.
    pub text: String,
    /// Where it is on the page: points, origin at the top left, y down.
    pub boxes: Vec<Rect>,
    /// How much of the answer's evidence lies in it, between 0 and 1.
    pub share: f32,
    /// Share of the model's attention alone.
    pub attention: f32,
    /// Words and numbers of the answer that stand in it.
    pub matches: Vec<String>,
}

/// What a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanKind {
    /// A line of text, or a table row.
    Line,
    /// A figure.
    Figure(FigureKind),
}
