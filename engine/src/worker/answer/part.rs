//! Prepares answers over a part of documents, with an encoder.
//!
//! Windows that were encoded with the whole documents are reused; the others are few, and encoded for this question. The
//! memory of the whole documents stays in the session for the next question.

use std::collections::BTreeSet;
use std::time::Instant;

use super::prepare::{
    DeadlineObserver, Prepared, append_question, check_pages, decoder_input, encode_missing, encoding_key,
    nothing_readable,
};
use super::write::AnswerContext;
use crate::document::OpenDocument;
use crate::document::page::Document;
use crate::prompt::{left_out, plan_scope, still_left_out};
use crate::protocol::{AskJob, DocumentSummary, WindowOrigin};
use crate::worker::Error;
use crate::worker::documents::LoadedDocuments;
use crate::worker::documents::window_plan::window_options;
use crate::worker::encoding::cache::EncodingCache;
use crate::worker::encoding::coverage::coverage;
use crate::worker::encoding::encode::{Hold, WindowEncoder};
use crate::worker::encoding::memory::{build_memory, memory_kind, provisional_kind};
use crate::worker::encoding::windows::WindowEncodings;
use crate::worker::event_sink::Job;
use crate::worker::load::LoadedModel;
use crate::worker::session::Session;

/// Encodes as much of the part as the deadline allows. The documents are narrowed to it.
pub(super) fn prepare(
    session: &Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    documents: &mut LoadedDocuments,
    ask: &AskJob,
    deadline: Option<Instant>,
) -> Result<Prepared, Error> {
    let summaries = documents.summaries.clone();
    let mut encodings = plan_part(loaded, (&mut documents.documents, &summaries), ask)?;
    let key = encoding_key(&summaries, ask);
    if let Some((_, whole)) = session.encodings.as_ref().filter(|(kept, _)| *kept == key.unscoped()) {
        encodings.adopt(whole);
    }
    let store = if key.question.is_none() { session.store() } else { None };
    let cache = EncodingCache::new(store, Some(job), loaded, &summaries).without(&documents.locked);
    let mut observer = DeadlineObserver { ask, deadline };
    let kept_tokens = encode_missing(job, loaded, &cache, documents, &mut encodings, &mut observer)?;
    let finished = encodings.finished(&cache)?;
    let (kind, _) = memory_kind(loaded, &encodings, ask.compute.memory);
    let memory = build_memory(job, loaded, &finished, kind)?;
    let input = decoder_input(loaded, memory, finished, kept_tokens, ask)?;
    Ok(Prepared { input, read: coverage(&encodings), keep_memory: None })
}

/// Uses the windows that a read job has finished (`encodings`), and encodes now those that belong only to the part, while the
/// read job waits. `documents` is a copy of those in the context, and is narrowed to the part.
pub(super) fn prepare_interleaved(
    job: &Job<'_>,
    context: &AnswerContext<'_>,
    cache: &EncodingCache<'_>,
    (encodings, open): (&WindowEncodings, &mut [OpenDocument]),
    documents: &mut [Document],
    ask: &AskJob,
) -> Result<Prepared, Error> {
    let loaded = context.loaded;
    let mut part = plan_part(loaded, (&mut *documents, context.summaries), ask)?;
    part.adopt(encodings);
    let own = part.windows.iter().filter(|window| encodings.position(window).is_none()).cloned().collect();
    let mut own = WindowEncodings::planned(own, BTreeSet::new());
    let encoder = WindowEncoder { job, loaded, cache, open: &mut *open, documents, hold: Hold::All };
    encoder.run(&mut own, &mut DeadlineObserver { ask, deadline: None })?;
    let new = own.windows.iter().zip(&own.origins).filter(|(_, origin)| **origin == WindowOrigin::Encoded);
    let new: usize = new.map(|(window, _)| window.ids.len()).sum();
    part.adopt(&own);
    if !part.has_finished() {
        // All windows of the part also belong to the read job, which has finished none of them: encode the first one.
        let encoder = WindowEncoder { job, loaded, cache, open, documents, hold: Hold::All };
        encoder.run(&mut part, &mut DeadlineObserver { ask, deadline: Some(Instant::now()) })?;
    }
    let finished = part.finished(cache)?;
    let memory = build_memory(job, loaded, &finished, provisional_kind(ask.compute.memory))?;
    let kept_tokens = memory.len().saturating_sub(new);
    let input = decoder_input(loaded, memory, finished, kept_tokens, ask)?;
    Ok(Prepared { input, read: coverage(&part), keep_memory: None })
}

/// Plans the windows of the part. The documents are narrowed to it.
fn plan_part(
    loaded: &LoadedModel,
    (documents, summaries): (&mut [Document], &[DocumentSummary]),
    ask: &AskJob,
) -> Result<WindowEncodings, Error> {
    let options = window_options(loaded, &ask.reading);
    let mut windows = plan_scope(documents, &loaded.tokenizer, &options, &ask.scope)?;
    check_pages(documents)?;
    let left_out = left_out(documents, &still_left_out(&ask.reading.left_out, &ask.scope));
    windows.retain(|window| !window.shows_one_of(&left_out));
    let key = encoding_key(summaries, ask);
    let encodings = WindowEncodings::planned(append_question(windows, loaded, &key)?, left_out);
    if encodings.shows_content() { Ok(encodings) } else { Err(nothing_readable(options.figures)) }
}
