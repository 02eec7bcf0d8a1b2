//! Prompts: the texts of `assets/prompts`, filled with question and passages.
//!
//! A file's name carries its version: only under one version are answers comparable and encodings reusable. The
//! question is data like a document's text: control strings in it stay letters.

use crate::document::page::Document;

use super::error::PromptError;
use super::passages::{Passage, page_of, passage_text, text_in_order};
use super::tokenizer::Tokenizer;
use super::traced::{Source, Span, TracedText, TracedTokens};

/// Start of a template that opens a sequence.
const BOS: &str = "<bos>";

/// A prompt's text with slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Name with version, as in the file name.
    pub name: &'static str,
    text: &'static str,
}

/// Decoder prompt if the encoder reads the document alone.
pub const DOCUMENT: Template =
    Template { name: "document_v1", text: include_str!("../../../assets/prompts/document_v1.txt") };
/// Text after the pages if the encoder reads the question too.
pub const QUESTION: Template =
    Template { name: "question_v1", text: include_str!("../../../assets/prompts/question_v1.txt") };
/// Prompt of a model without an encoder: worked examples, passages, question.
pub const CONTINUATION: Template =
    Template { name: "continuation_v1", text: include_str!("../../../assets/prompts/continuation_v1.txt") };
/// Prompt of a model without an encoder that was trained to answer from a passage.
pub const PASSAGES: Template =
    Template { name: "passages_v1", text: include_str!("../../../assets/prompts/passages_v1.txt") };

/// What a trained model writes if a passage does not hold the answer.
pub const NOT_STATED: &str = "Not stated.";

/// The content of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Question,
    Passages,
}

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Text(&'static str),
    Slot(Slot),
}

impl Template {
    /// The prompt template that a model was trained with, by the name in its folder's `recto.toml`; the default without
    /// a name.
    ///
    /// # Errors
    /// [`PromptError::UnknownPrompt`] for a name that does not exist, or that belongs to the other kind of model.
    pub fn taught(name: Option<&str>, has_encoder: bool) -> Result<Self, PromptError> {
        let known: &[Self] = if has_encoder { &[DOCUMENT] } else { &[CONTINUATION, PASSAGES] };
        let usual = if has_encoder { DOCUMENT } else { CONTINUATION };
        let Some(name) = name else { return Ok(usual) };
        let unknown = || PromptError::UnknownPrompt {
            name: name.to_owned(),
            known: known.iter().map(|template| template.name).collect::<Vec<_>>().join(", "),
        };
        known.iter().find(|template| template.name == name).copied().ok_or_else(unknown)
    }

    /// Whether passages are in reading order, as in the training data of this prompt, instead of best last.
    pub fn keeps_order(&self) -> bool {
        *self == PASSAGES
    }

    /// Text and slots in order. A final line break belongs to the file, not to the prompt.
    fn parts(&self) -> Vec<Part> {
        let mut rest = self.text.strip_suffix('\n').unwrap_or(self.text);
        rest = rest.strip_prefix(BOS).unwrap_or(rest);
        let mut parts = Vec::new();
        loop {
            let next = [("{question}", Slot::Question), ("{passages}", Slot::Passages)]
                .into_iter()
                .filter_map(|(name, slot)| rest.find(name).map(|at| (at, name.len(), slot)))
                .min_by_key(|(at, ..)| *at);
            let Some((at, length, slot)) = next else { break };
            let (text, tail) = rest.split_at(at);
            parts.push(Part::Text(text));
            parts.push(Part::Slot(slot));
            rest = tail.get(length..).unwrap_or_default();
        }
        parts.push(Part::Text(rest));
        parts
    }

    fn opens_sequence(&self) -> bool {
        self.text.starts_with(BOS)
    }

    /// Fills in passages and question.
    fn fill(&self, passages: &[TracedText], question: &str, tokenizer: &Tokenizer) -> Result<Prompt, PromptError> {
        let mut text = TracedText::default();
        for part in self.parts() {
            match part {
                Part::Text(words) => text.push(words, Source::Template),
                Part::Slot(Slot::Question) => text.push(&one_line(question), Source::Template),
                Part::Slot(Slot::Passages) => passages.iter().for_each(|passage| text.append(passage)),
            }
        }
        let mut tokens = TracedTokens::default();
        if self.opens_sequence() {
            tokens.push(tokenizer.special().bos, Source::Template);
        }
        tokens.append_all(&text.encode(tokenizer)?);
        Ok(Prompt { spans: tokens.spans(), ids: tokens.ids })
    }
}

/// A question on one line, so that it cannot pose as the next part of the prompt.
fn one_line(question: &str) -> String {
    question.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The input of the decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Where the tokens come from; every token is in exactly one span.
    pub spans: Vec<Span>,
}

/// The decoder's prompt if the encoder reads the document: `<bos>Question: …` up to the start of the answer.
///
/// # Errors
/// [`PromptError::Encode`] from the tokenizer.
pub fn document_prompt(tokenizer: &Tokenizer, question: &str) -> Result<Prompt, PromptError> {
    DOCUMENT.fill(&[], question, tokenizer)
}

/// The text after the chosen pages in the encoder with layout "question"; the decoder then starts from `<bos>` alone.
/// Pages end in a blank line, so the ids can simply be appended to a window's.
///
/// # Errors
/// [`PromptError::Encode`] from the tokenizer.
pub fn question_suffix(tokenizer: &Tokenizer, question: &str) -> Result<Prompt, PromptError> {
    QUESTION.fill(&[], question, tokenizer)
}

/// The prompt of a model without an encoder. Passages are given best first; those that do not fit into `max_tokens` are
/// left out. They are in reading order if the template says so; otherwise the best is last, next to the question.
///
/// # Errors
/// [`PromptError::QuestionTooLong`] if the prompt does not fit even without passages, [`PromptError::Encode`] from the
/// tokenizer.
pub fn passages_prompt(
    template: &Template,
    tokenizer: &Tokenizer,
    documents: &[&Document],
    passages: &[Passage],
    question: &str,
    max_tokens: usize,
) -> Result<Prompt, PromptError> {
    let bare = template.fill(&[], question, tokenizer)?.ids.len();
    let mut room =
        max_tokens.checked_sub(bare).ok_or(PromptError::QuestionTooLong { needed: bare, room: max_tokens })?;
    let mut shown = Vec::new();
    for passage in passages {
        if passage.tokens <= room {
            room -= passage.tokens;
            shown.push(passage);
        }
    }
    if template.keeps_order() {
        return template.fill(&[text_in_order(documents, &shown)], question, tokenizer);
    }
    let text = |passage: &&Passage| {
        let page = page_of(documents, passage.document, passage.page)?;
        Some(passage_text(documents, passage.document, page, &passage.lines))
    };
    let texts: Vec<TracedText> = shown.iter().rev().filter_map(text).collect();
    template.fill(&texts, question, tokenizer)
}
