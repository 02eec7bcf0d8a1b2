//! Answering a question on a part of documents, with an encoder.
//!
//! What of the part was encoded with the whole document is taken as it is; the rest is small, and encoded for this question.
//! The memory of the whole documents stays where it is, for the next question on them.

use std::collections::BTreeSet;
use std::time::Instant;

use super::ask::{
    Asker, build_memory, encode, key, kind_for, kind_in_haste, nothing_readable, prompted, with_question,
};
use super::read::window_options;
use super::write::{Prepared, Subject, write_answer};
use crate::document::OpenDocument;
use crate::document::page::Document;
use crate::prompt::{left_out, plan_scope, still_left_out};
use crate::protocol::{Answer, AnswerCost, AskJob, DocumentSummary, Event, ReadSoFar, WindowOrigin};
use crate::worker::Error;
use crate::worker::encoding::{Encoder, Hold};
use crate::worker::encodings::Encodings;
use crate::worker::extent::extent;
use crate::worker::load::LoadedModel;
use crate::worker::outlet::Job;
use crate::worker::reading::Reading;
use crate::worker::session::Session;
use crate::worker::shelf::Shelf;

/// The part in the encoder, as much of it as is read until the deadline; documents are narrowed to it.
pub(super) fn prepare_part(
    session: &Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    reading: &mut Reading,
    what: &AskJob,
    deadline: Option<Instant>,
) -> Result<(Prepared, ReadSoFar), Error> {
    let summaries = reading.summaries.clone();
    let mut encodings = plan_part(loaded, (&mut reading.documents, &summaries), what)?;
    let key = key(&summaries, what);
    if let Some((_, kept)) = session.encodings.as_ref().filter(|(kept, _)| *kept == key.of_all()) {
        encodings.adopt(kept);
    }
    let store = if key.question.is_none() { session.store() } else { None };
    let shelf = Shelf::new(store, Some(job), loaded, &summaries);
    let kept_tokens = encode(job, loaded, &shelf, reading, &mut encodings, &mut Asker { what, deadline })?;
    let finished = encodings.finished(&shelf)?;
    let (kind, _) = kind_for(loaded, &encodings, what.compute.memory);
    let memory = build_memory(job, loaded, &finished, kind)?;
    Ok((prompted(loaded, memory, finished, kept_tokens, what)?, extent(&encodings)))
}

/// Answers a question on a part of documents that are being read by another piece of work, which has finished `encodings`. What
/// belongs to the part alone is encoded now, while the other work waits; of the rest, what is finished.
pub(in crate::worker) fn answer_part_meanwhile(
    job: &Job<'_>,
    subject: &Subject<'_>,
    shelf: &Shelf<'_>,
    (encodings, open): (&Encodings, &mut [OpenDocument]),
    what: &AskJob,
) -> Result<Answer, Error> {
    let loaded = subject.loaded;
    job.tell(Event::Model { request: job.request, model: loaded.summary.clone() });
    let begun = Instant::now();
    let mut documents = subject.documents.to_vec();
    let mut part = plan_part(loaded, (&mut documents, subject.summaries), what)?;
    part.adopt(encodings);
    let own = part.windows.iter().filter(|window| encodings.position(window).is_none()).cloned().collect();
    let mut own = Encodings::planned(own, BTreeSet::new());
    let encoder = Encoder { job, loaded, shelf, open: &mut *open, documents: &documents, hold: Hold::All };
    encoder.run(&mut own, &mut Asker { what, deadline: None })?;
    let made = own.windows.iter().zip(&own.origins).filter(|(_, origin)| **origin == WindowOrigin::Encoded);
    let made: usize = made.map(|(window, _)| window.ids.len()).sum();
    part.adopt(&own);
    if !part.has_finished() {
        // All of the part lies in windows of the whole, and it is the first of them that is waited for.
        let encoder = Encoder { job, loaded, shelf, open, documents: &documents, hold: Hold::All };
        encoder.run(&mut part, &mut Asker { what, deadline: Some(Instant::now()) })?;
    }
    let finished = part.finished(shelf)?;
    let memory = build_memory(job, loaded, &finished, kind_in_haste(what.compute.memory))?;
    let kept_tokens = memory.len().saturating_sub(made);
    let prepared = prompted(loaded, memory, finished, kept_tokens, what)?;
    let cost = AnswerCost { encoding_secs: begun.elapsed().as_secs_f64(), ..AnswerCost::default() };
    let subject = Subject { documents: &documents, ..*subject };
    write_answer(job, &subject, &prepared, &what.answering, extent(&part), cost)
}

/// Windows of the part; documents are narrowed to it.
fn plan_part(
    loaded: &LoadedModel,
    (documents, summaries): (&mut [Document], &[DocumentSummary]),
    what: &AskJob,
) -> Result<Encodings, Error> {
    let options = window_options(loaded, &what.reading);
    let mut windows = plan_scope(documents, &loaded.tokenizer, &options, &what.scope)?;
    check_pages(documents)?;
    let left_out = left_out(documents, &still_left_out(&what.reading.left_out, &what.scope));
    windows.retain(|window| !window.shows_one_of(&left_out));
    let encodings = Encodings::planned(with_question(windows, loaded, &key(summaries, what))?, left_out);
    if encodings.shows_something() { Ok(encodings) } else { Err(nothing_readable(options.figures)) }
}

/// Whether anything is left of documents that were narrowed to a part.
pub(super) fn check_pages(documents: &[Document]) -> Result<(), Error> {
    if documents.iter().any(|document| !document.pages.is_empty()) {
        return Ok(());
    }
    Err(Error::NoSuchPages(documents.iter().map(|document| document.page_count).max().unwrap_or_default()))
}
