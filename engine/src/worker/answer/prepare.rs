//! Shared by the ways to prepare an answer: checks, the encoding of missing windows, and the decoder's input.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::write::DecoderInput;
use crate::document::OpenDocument;
use crate::document::page::{Document, Page};
use crate::model::memory::{Memory, MemoryKind};
use crate::prompt::{Priorities, Span, Window, document_prompt, question_suffix};
use crate::protocol::{AskJob, DocumentSummary, Layout, MemoryChoice, ReadSoFar, WindowOrigin};
use crate::worker::Error;
use crate::worker::documents::LoadedDocuments;
use crate::worker::encoding::cache::EncodingCache;
use crate::worker::encoding::encode::{EncodeObserver, Hold, WindowEncoder};
use crate::worker::encoding::windows::{EncodingKey, FinishedWindows, WindowEncodings};
use crate::worker::event_sink::Job;
use crate::worker::load::LoadedModel;

/// Everything prepared for writing an answer.
pub(super) struct Prepared {
    pub(super) input: DecoderInput,
    /// How much of the documents the answer is based on.
    pub(super) read: ReadSoFar,
    /// The key under which the memory is kept for the next question, and whether it is provisional; `None` if it is not
    /// reusable.
    pub(super) keep_memory: Option<(EncodingKey, bool)>,
}

/// How long a question waits for more to be read; `None` for no limit.
pub(in crate::worker) fn time_limit(ask: &AskJob) -> Option<Duration> {
    ask.answering.within_secs.and_then(|secs| Duration::try_from_secs_f32(secs.max(0.0)).ok())
}

/// Fails if there is nothing to answer from: the model would make something up.
pub(super) fn check_readable(documents: &[Document], has_vision: bool) -> Result<(), Error> {
    let mut pages = documents.iter().flat_map(|document| &document.pages);
    let has_text = |page: &Page| page.lines.iter().any(|line| !line.text.trim().is_empty());
    if pages.any(|page| has_text(page) || has_vision && !page.figures.is_empty()) {
        return Ok(());
    }
    Err(nothing_readable(has_vision))
}

/// The error for pages on which this model can read nothing.
pub(super) fn nothing_readable(has_vision: bool) -> Error {
    let why = if has_vision { "they are blank" } else { "they contain no text, and this is a text-only model" };
    Error::NothingReadable(why.into())
}

/// Fails if no page is left of documents that were narrowed to a scope.
pub(super) fn check_pages(documents: &[Document]) -> Result<(), Error> {
    if documents.iter().any(|document| !document.pages.is_empty()) {
        return Ok(());
    }
    Err(Error::NoSuchPages(documents.iter().map(|document| document.page_count).max().unwrap_or_default()))
}

/// The key of the encodings that a question needs.
pub(super) fn encoding_key(summaries: &[DocumentSummary], ask: &AskJob) -> EncodingKey {
    EncodingKey {
        hashes: summaries.iter().map(|summary| summary.hash.clone()).collect(),
        reading: ask.reading.clone(),
        scope: ask.scope.clone(),
        question: (ask.answering.layout == Layout::Question).then(|| ask.question.clone()),
    }
}

/// Appends the question to each window, if the layout puts it there.
pub(super) fn append_question(
    mut windows: Vec<Window>,
    loaded: &LoadedModel,
    key: &EncodingKey,
) -> Result<Vec<Window>, Error> {
    let Some(question) = &key.question else { return Ok(windows) };
    let suffix = question_suffix(&loaded.tokenizer, question)?;
    for window in &mut windows {
        let shift = window.ids.len() as u32;
        let moved =
            |span: &Span| Span { tokens: span.tokens.start + shift..span.tokens.end + shift, source: span.source };
        window.spans.extend(suffix.spans.iter().map(moved));
        window.ids.extend_from_slice(&suffix.ids);
    }
    Ok(windows)
}

/// Encodes the windows that are not in memory; returns how many of the tokens then in memory were encoded earlier.
pub(super) fn encode_missing(
    job: &Job<'_>,
    loaded: &LoadedModel,
    cache: &EncodingCache<'_>,
    documents: &mut LoadedDocuments,
    encodings: &mut WindowEncodings,
    observer: &mut DeadlineObserver<'_>,
) -> Result<usize, Error> {
    let were_in_memory: Vec<bool> = encodings.states.iter().map(Option::is_some).collect();
    if were_in_memory.contains(&false) {
        let (open, documents) = (&mut documents.open, &documents.documents);
        WindowEncoder { job, loaded, cache, open, documents, hold: Hold::All }.run(encodings, observer)?;
    }
    let windows = encodings.windows.iter().zip(&encodings.origins).zip(were_in_memory);
    let new = windows.filter(|((_, origin), was_in_memory)| !was_in_memory && **origin == WindowOrigin::Encoded);
    let new: usize = new.map(|((window, _), _)| window.ids.len()).sum();
    Ok(encodings.tokens_in_memory() - new)
}

/// Encodes what a question needs first, and stops at its deadline, but not before one window is finished.
pub(super) struct DeadlineObserver<'a> {
    pub(super) ask: &'a AskJob,
    pub(super) deadline: Option<Instant>,
}

impl EncodeObserver for DeadlineObserver<'_> {
    fn priorities(&self) -> Priorities {
        Priorities { question: Some(self.ask.question.clone()), pages: Vec::new() }
    }

    fn poll(&mut self, encodings: &WindowEncodings, _open: &mut [OpenDocument]) -> ControlFlow<()> {
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if is_late && encodings.has_finished() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn window_finished(&mut self, _encodings: &WindowEncodings) {}
}

/// Combines a memory with the prompt.
pub(super) fn decoder_input(
    loaded: &LoadedModel,
    memory: Memory,
    finished: FinishedWindows,
    kept_tokens: usize,
    ask: &AskJob,
) -> Result<DecoderInput, Error> {
    let tokenizer = &loaded.tokenizer;
    let special = tokenizer.special();
    let in_encoder = ask.answering.layout == Layout::Question;
    let prompt = if in_encoder { vec![special.bos] } else { document_prompt(tokenizer, &ask.question)?.ids };
    // An answer may contain single line breaks; a blank line ends it, since the model would go on with another question.
    let stops = loaded.model.config().tokens.eos.iter().chain(special.line_breaks.iter().skip(1)).copied().collect();
    let choice = match memory.kind() {
        MemoryKind::KeysValues => MemoryChoice::KeysValues,
        MemoryKind::Shared => MemoryChoice::Shared,
    };
    let sources = finished.sources;
    let kept_tokens = kept_tokens.min(memory.len());
    Ok(DecoderInput { memory, memory_choice: Some(choice), prompt, stops, sources, kept_tokens })
}
