//! The ask job: prepares what the decoder is shown, then writes the answer and gathers its evidence.
//!
//! From the top down: this file picks one of `whole` (documents in the encoder), `part` (a part of them in the encoder) and
//! `passages` (no encoder); all three build on `prepare`, and `write` runs the decoder. Each file uses only those after it.

mod part;
mod passages;
pub(super) mod prepare;
mod whole;
pub(super) mod write;

use std::time::Instant;

use self::prepare::time_limit;
use self::write::{AnswerContext, write_answer};
use super::Error;
use super::documents::read_documents;
use super::encoding::cache::EncodingCache;
use super::encoding::memory::PreparedMemory;
use super::encoding::windows::WindowEncodings;
use super::event_sink::Job;
use super::session::Session;
use crate::document::OpenDocument;
use crate::protocol::{Answer, AnswerCost, AskJob, Event, Outcome};

/// Answers a question. Documents are read and encoded if necessary, until the question's time limit.
pub(super) fn run(session: &mut Session, job: &Job<'_>, ask: &AskJob) -> Result<Outcome, Error> {
    let deadline = time_limit(ask).and_then(|limit| Instant::now().checked_add(limit));
    let loaded = session.load_model(job, &ask.compute)?;
    let has_vision = loaded.summary.has_eyes && !ask.reading.without_figures;
    let mut documents = read_documents(session, job, &ask.sources, &ask.reading, has_vision)?;
    let start = Instant::now();
    let prepared = if !loaded.summary.has_encoder {
        passages::prepare(job, &loaded, &mut documents.documents, ask)?
    } else if ask.scope.is_empty() {
        whole::prepare(session, job, &loaded, &mut documents, ask, deadline)?
    } else {
        part::prepare(session, job, &loaded, &mut documents, ask, deadline)?
    };
    let encoding_secs = start.elapsed().as_secs_f64();
    let cost = AnswerCost { pages_secs: documents.secs, encoding_secs, ..AnswerCost::default() };
    let context =
        AnswerContext { loaded: &loaded, documents: &documents.documents, summaries: &documents.summaries, has_vision };
    let answer = write_answer(job, &context, &prepared.input, &ask.answering, prepared.read, cost);
    if let Some((key, is_provisional)) = prepared.keep_memory {
        session.memory = Some(PreparedMemory { key, memory: prepared.input.memory, is_provisional });
    }
    answer.map(Outcome::Answer)
}

/// Answers a question while a read job of the same documents is encoding, from the windows in `encodings` that it has
/// finished.
pub(super) fn run_interleaved(
    job: &Job<'_>,
    context: &AnswerContext<'_>,
    cache: &EncodingCache<'_>,
    (encodings, open): (&WindowEncodings, &mut [OpenDocument]),
    ask: &AskJob,
) -> Result<Answer, Error> {
    job.send(Event::Model { request: job.request, model: context.loaded.summary.clone() });
    let start = Instant::now();
    let mut documents = Vec::new();
    let prepared = if ask.scope.is_empty() {
        whole::prepare_interleaved(job, context.loaded, cache, encodings, ask)?
    } else {
        // Narrowed to the scope, which the read job must not notice.
        documents = context.documents.to_vec();
        part::prepare_interleaved(job, context, cache, (encodings, open), &mut documents, ask)?
    };
    let context = if ask.scope.is_empty() { *context } else { AnswerContext { documents: &documents, ..*context } };
    let cost = AnswerCost { encoding_secs: start.elapsed().as_secs_f64(), ..AnswerCost::default() };
    write_answer(job, &context, &prepared.input, &ask.answering, prepared.read, cost)
}
