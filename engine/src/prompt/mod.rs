//! From documents to token ids.
//!
//! A [`Tokenizer`] turns text into ids and keeps control strings in documents harmless. [`plan_windows`] splits documents
//! into token windows in which every token is traced to its line or figure, and [`reading_order()`] says which windows
//! come first; [`plan_scope`] lays out a part of the documents; [`choose_passages`] selects what a model without an encoder
//! sees. The templates add the question. Knows documents, never tensors and never the model.

mod counts;
mod error;
mod figure_window;
mod gguf_vocabulary;
mod page_text;
mod passages;
mod ranking;
mod reading_order;
mod scope;
mod special;
mod templates;
mod terms;
mod text_stream;
mod tokenizer;
mod tokenizer_file;
mod traced;
mod windows;

pub use counts::{DocumentCounts, TokenCounts, count_document, count_tokens};
pub use error::PromptError;
pub use gguf_vocabulary::GgufVocabulary;
pub use passages::{PASSAGE_TOKENS, Passage, choose_passages, opening_passages, whole_pages};
pub use reading_order::{Priorities, reading_order};
pub use scope::{left_out, narrow, plan_scope, silence, still_left_out};
pub use special::{ExpectedIds, SpecialIds};
pub use templates::{
    CONTINUATION, DOCUMENT, NOT_STATED, PASSAGES, Prompt, QUESTION, Template, document_prompt, passages_prompt,
    question_suffix,
};
pub use text_stream::TextStream;
pub use tokenizer::{Encoded, Tokenizer};
pub use traced::{Source, Span};
pub use windows::{FigureRef, Window, WindowOptions, plan_windows};
