//! Prepares answers over whole documents, with an encoder.

use std::time::Instant;

use super::prepare::{
    DeadlineObserver, Prepared, append_question, check_readable, decoder_input, encode_missing, encoding_key,
};
use crate::model::memory::Memory;
use crate::prompt::left_out;
use crate::protocol::{AskJob, MemoryChoice};
use crate::worker::Error;
use crate::worker::documents::LoadedDocuments;
use crate::worker::documents::window_plan::plan;
use crate::worker::encoding::cache::EncodingCache;
use crate::worker::encoding::coverage::coverage;
use crate::worker::encoding::memory::{build_memory, memory_kind, provisional_kind, requested_kind};
use crate::worker::encoding::windows::{EncodingKey, FinishedWindows, WindowEncodings};
use crate::worker::event_sink::Job;
use crate::worker::load::LoadedModel;
use crate::worker::session::Session;

/// Encodes as much of the documents as the deadline allows. Encodings and memory of the previous question are reused if they
/// match.
pub(super) fn prepare(
    session: &mut Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    documents: &mut LoadedDocuments,
    ask: &AskJob,
    deadline: Option<Instant>,
) -> Result<Prepared, Error> {
    check_readable(&documents.documents, loaded.summary.has_eyes && !ask.reading.without_figures)?;
    let key = encoding_key(&documents.summaries, ask);
    let mut encodings = if let Some((_, encodings)) = session.encodings.take().filter(|(kept, _)| *kept == key) {
        encodings
    } else {
        let windows = append_question(plan(loaded, &documents.documents, &ask.reading)?, loaded, &key)?;
        WindowEncodings::planned(windows, left_out(&documents.documents, &ask.reading.left_out))
    };
    if session.memory.as_ref().is_some_and(|prepared| prepared.key != key) {
        session.memory = None;
    }
    let summaries = documents.summaries.clone();
    // Windows with a question in them serve only that question, and are not worth caching.
    let store = if key.question.is_none() { session.store() } else { None };
    let cache = EncodingCache::new(store, Some(job), loaded, &summaries).without(&documents.locked);
    let mut observer = DeadlineObserver { ask, deadline };
    let kept_tokens = encode_missing(job, loaded, &cache, documents, &mut encodings, &mut observer)?;
    let read = coverage(&encodings);
    session.partial_answers.report_more_read(job.sink, &key, &read);
    session.partial_answers.add(job.request, &key, &read);
    let finished = encodings.finished(&cache)?;
    let (memory, is_provisional) =
        reuse_or_build_memory(session, job, loaded, &encodings, &finished, (&key, ask.compute.memory))?;
    let input = decoder_input(loaded, memory, finished, kept_tokens, ask)?;
    session.encodings = Some((key.clone(), encodings));
    let keep_memory = read.is_all().then_some((key, is_provisional));
    Ok(Prepared { input, read, keep_memory })
}

/// Uses the windows that a read job has finished, with the kind of memory that needs no preparation.
pub(super) fn prepare_interleaved(
    job: &Job<'_>,
    loaded: &LoadedModel,
    cache: &EncodingCache<'_>,
    encodings: &WindowEncodings,
    ask: &AskJob,
) -> Result<Prepared, Error> {
    let finished = encodings.finished(cache)?;
    let memory = build_memory(job, loaded, &finished, provisional_kind(ask.compute.memory))?;
    let tokens = memory.len();
    let input = decoder_input(loaded, memory, finished, tokens, ask)?;
    Ok(Prepared { input, read: coverage(encodings), keep_memory: None })
}

/// The memory of the previous question if it matches, else a new one; also whether it is provisional.
fn reuse_or_build_memory(
    session: &mut Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    encodings: &WindowEncodings,
    finished: &FinishedWindows,
    (key, choice): (&EncodingKey, MemoryChoice),
) -> Result<(Memory, bool), Error> {
    let has_kind = |memory: &Memory| choice == MemoryChoice::Auto || requested_kind(choice) == memory.kind();
    let previous = session.memory.take();
    if let Some(previous) = previous.filter(|previous| previous.key == *key && has_kind(&previous.memory)) {
        return Ok((previous.memory, previous.is_provisional));
    }
    let (kind, is_provisional) = memory_kind(loaded, encodings, choice);
    Ok((build_memory(job, loaded, finished, kind)?, is_provisional))
}
