//! Answering a question: documents are read and encoded where that was not done, the answer streams, and the attention
//! it was written with becomes its evidence.

use std::time::{Duration, Instant};

use super::ask_part::prepare_part;
use super::ask_passages::prepare_passages;
use super::read::plan;
use super::write::{Prepared, Subject, write_answer};
use crate::document::OpenDocument;
use crate::document::page::{Document, Page};
use crate::model::memory::{Memory, MemoryKind};
use crate::prompt::{Priorities, Span, Window, document_prompt, left_out, question_suffix};
use crate::protocol::{
    Answer, AnswerCost, AskJob, DocumentSummary, Event, Layout, MemoryChoice, Outcome, ReadSoFar, Stage, WindowOrigin,
};
use crate::worker::Error;
use crate::worker::encoding::{Audience, Encoder, Hold, Wish};
use crate::worker::encodings::{Encodings, Finished};
use crate::worker::extent::{all_pages, extent};
use crate::worker::load::{LoadedModel, choose_memory};
use crate::worker::outlet::Job;
use crate::worker::reading::{EncodingKey, Reading, read_documents};
use crate::worker::session::{Remembered, Session};
use crate::worker::shelf::Shelf;

/// Runs the job.
pub(in crate::worker) fn run(session: &mut Session, job: &Job<'_>, what: &AskJob) -> Result<Outcome, Error> {
    let deadline = patience(what).and_then(|patience| Instant::now().checked_add(patience));
    session.load_model(job, &what.compute)?;
    let Some((key, loaded)) = session.model.take() else { return Err(Error::NoDocument) };
    let outcome = answer(session, job, &loaded, what, deadline);
    session.model = Some((key, loaded));
    outcome.map(Outcome::Answer)
}

/// How long a question waits for more to be read; `None` for as long as it takes.
pub(in crate::worker) fn patience(what: &AskJob) -> Option<Duration> {
    what.answering.within_secs.and_then(|secs| Duration::try_from_secs_f32(secs.max(0.0)).ok())
}

/// Answers a question from the windows that are finished, while the others are still being read by another piece of work.
pub(in crate::worker) fn answer_meanwhile(
    job: &Job<'_>,
    subject: &Subject<'_>,
    shelf: &Shelf<'_>,
    encodings: &Encodings,
    what: &AskJob,
) -> Result<Answer, Error> {
    job.tell(Event::Model { request: job.request, model: subject.loaded.summary.clone() });
    let begun = Instant::now();
    let finished = encodings.finished(shelf)?;
    let kind = kind_in_haste(what.compute.memory);
    let memory = build_memory(job, subject.loaded, &finished, kind)?;
    let tokens = memory.len();
    let prepared = prompted(subject.loaded, memory, finished, tokens, what)?;
    let cost = AnswerCost { encoding_secs: begun.elapsed().as_secs_f64(), ..AnswerCost::default() };
    write_answer(job, subject, &prepared, &what.answering, extent(encodings), cost)
}

fn answer(
    session: &mut Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    what: &AskJob,
    deadline: Option<Instant>,
) -> Result<Answer, Error> {
    let has_eyes = loaded.summary.has_eyes && !what.reading.without_figures;
    let mut reading = read_documents(session, job, &what.sources, &what.reading, has_eyes)?;
    let mut cost = AnswerCost { pages_secs: reading.secs, ..AnswerCost::default() };
    let begun = Instant::now();
    let (prepared, read, remember_as) = if !loaded.summary.has_encoder {
        let prepared = prepare_passages(job, loaded, &mut reading.documents, what)?;
        (prepared, all_pages(&reading.documents), None)
    } else if what.scope.is_empty() {
        check_readable(&reading.documents, has_eyes)?;
        prepare_encoder(session, job, loaded, &mut reading, what, deadline)?
    } else {
        let (prepared, read) = prepare_part(session, job, loaded, &mut reading, what, deadline)?;
        (prepared, read, None)
    };
    cost.encoding_secs = begun.elapsed().as_secs_f64();
    let subject = Subject { loaded, documents: &reading.documents, summaries: &reading.summaries, has_eyes };
    let answer = write_answer(job, &subject, &prepared, &what.answering, read, cost);
    if let Some((key, in_haste)) = remember_as {
        session.remembered = Some(Remembered { key, memory: prepared.memory, in_haste });
    }
    answer
}

/// An answer from nothing would be an invention.
pub(super) fn check_readable(documents: &[Document], has_eyes: bool) -> Result<(), Error> {
    let mut pages = documents.iter().flat_map(|document| &document.pages);
    let has_text = |page: &Page| page.lines.iter().any(|line| !line.text.trim().is_empty());
    if pages.any(|page| has_text(page) || has_eyes && !page.figures.is_empty()) {
        return Ok(());
    }
    Err(nothing_readable(has_eyes))
}

/// There is nothing that this model can read.
pub(super) fn nothing_readable(has_eyes: bool) -> Error {
    let why = if has_eyes { "they are blank" } else { "they hold no text, and this model looks at no pictures" };
    Error::NothingReadable(why.into())
}

/// Under what the memory serves the next question, and whether it was made in haste; `None` where it serves none.
type RememberAs = Option<(EncodingKey, bool)>;

/// The document in the encoder, as much of it as is read until the deadline.
fn prepare_encoder(
    session: &mut Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    reading: &mut Reading,
    what: &AskJob,
    deadline: Option<Instant>,
) -> Result<(Prepared, ReadSoFar, RememberAs), Error> {
    let key = key(&reading.summaries, what);
    let mut encodings = if let Some((_, encodings)) = session.encodings.take().filter(|(kept, _)| *kept == key) {
        encodings
    } else {
        let windows = with_question(plan(loaded, reading, &what.reading)?, loaded, &key)?;
        Encodings::planned(windows, left_out(&reading.documents, &what.reading.left_out))
    };
    if session.remembered.as_ref().is_some_and(|remembered| remembered.key != key) {
        session.remembered = None;
    }
    let summaries = reading.summaries.clone();
    // With a question in them windows serve that question alone, and are not worth their room on the disk.
    let store = if key.question.is_none() { session.store() } else { None };
    let shelf = Shelf::new(store, Some(job), loaded, &summaries);
    let kept_tokens = encode(job, loaded, &shelf, reading, &mut encodings, &mut Asker { what, deadline })?;
    let read = extent(&encodings);
    session.offers.tell(job.outlet, &key, &read);
    session.offers.add(job.request, &key, &read);
    let finished = encodings.finished(&shelf)?;
    let (memory, in_haste) = remember(session, job, loaded, &encodings, &finished, &key, what.compute.memory)?;
    let prepared = prompted(loaded, memory, finished, kept_tokens, what)?;
    session.encodings = Some((key.clone(), encodings));
    let remember_as = read.is_all().then_some((key, in_haste));
    Ok((prepared, read, remember_as))
}

/// Under what a question's encodings are known.
pub(super) fn key(summaries: &[DocumentSummary], what: &AskJob) -> EncodingKey {
    EncodingKey {
        hashes: summaries.iter().map(|summary| summary.hash.clone()).collect(),
        reading: what.reading.clone(),
        scope: what.scope.clone(),
        question: (what.answering.layout == Layout::Question).then(|| what.question.clone()),
    }
}

/// Encodes what is not in memory; how many tokens of what is there then were encoded by earlier work.
pub(super) fn encode(
    job: &Job<'_>,
    loaded: &LoadedModel,
    shelf: &Shelf<'_>,
    reading: &mut Reading,
    encodings: &mut Encodings,
    asker: &mut Asker<'_>,
) -> Result<usize, Error> {
    let were_held: Vec<bool> = encodings.states.iter().map(Option::is_some).collect();
    if were_held.contains(&false) {
        let (open, documents) = (&mut reading.open, &reading.documents);
        Encoder { job, loaded, shelf, open, documents, hold: Hold::All }.run(encodings, asker)?;
    }
    let windows = encodings.windows.iter().zip(&encodings.origins).zip(were_held);
    let made = windows.filter(|((_, origin), was_held)| !was_held && **origin == WindowOrigin::Encoded);
    let made: usize = made.map(|((window, _), _)| window.ids.len()).sum();
    Ok(encodings.held_tokens() - made)
}

/// Who waits for an answer of their own.
pub(super) struct Asker<'a> {
    pub(super) what: &'a AskJob,
    pub(super) deadline: Option<Instant>,
}

impl Audience for Asker<'_> {
    fn priorities(&self) -> Priorities {
        Priorities { question: Some(self.what.question.clone()), pages: Vec::new() }
    }

    fn look(&mut self, encodings: &Encodings, _open: &mut [OpenDocument]) -> Wish {
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if is_late && encodings.has_finished() { Wish::Enough } else { Wish::More }
    }

    fn window_finished(&mut self, _encodings: &Encodings) {}
}

/// Puts the prompt to a memory.
pub(super) fn prompted(
    loaded: &LoadedModel,
    memory: Memory,
    finished: Finished,
    kept_tokens: usize,
    what: &AskJob,
) -> Result<Prepared, Error> {
    let tokenizer = &loaded.tokenizer;
    let special = tokenizer.special();
    let in_encoder = what.answering.layout == Layout::Question;
    let prompt = if in_encoder { vec![special.bos] } else { document_prompt(tokenizer, &what.question)?.ids };
    // One line break may be part of an answer, a blank line ends it: what follows would be the next question.
    let stops = loaded.model.config().tokens.eos.iter().chain(special.line_breaks.iter().skip(1)).copied().collect();
    let choice = match memory.kind() {
        MemoryKind::KeysValues => MemoryChoice::KeysValues,
        MemoryKind::Shared => MemoryChoice::Shared,
    };
    let sources = finished.sources;
    let kept_tokens = kept_tokens.min(memory.len());
    Ok(Prepared { memory, memory_choice: Some(choice), prompt, stops, sources, kept_tokens })
}

/// Puts the question behind the pages of each window, where it belongs there.
pub(super) fn with_question(
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

/// Encodings made ready for answering: as they were for the question before, where it may be so, else anew. What comes
/// from the disk, or is not all there yet, is shared by all layers at first, which needs no work at all; `true` where that
/// was the reason.
fn remember(
    session: &mut Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    encodings: &Encodings,
    finished: &Finished,
    key: &EncodingKey,
    choice: MemoryChoice,
) -> Result<(Memory, bool), Error> {
    let is_wanted = |memory: &Memory| choice == MemoryChoice::Auto || kind_of(choice) == memory.kind();
    let before = session.remembered.take();
    if let Some(before) = before.filter(|before| before.key == *key && is_wanted(&before.memory)) {
        return Ok((before.memory, before.in_haste));
    }
    let (kind, in_haste) = kind_for(loaded, encodings, choice);
    Ok((build_memory(job, loaded, finished, kind)?, in_haste))
}

/// Which memory answers from these encodings, and whether only because that needs no work.
pub(super) fn kind_for(loaded: &LoadedModel, encodings: &Encodings, choice: MemoryChoice) -> (MemoryKind, bool) {
    let made_none = encodings.origins.iter().all(|origin| *origin == WindowOrigin::Kept);
    if choice == MemoryChoice::Auto && (made_none || !encodings.are_held()) {
        return (MemoryKind::Shared, true);
    }
    let fits = choose_memory(choice, loaded.model.config(), loaded.summary.dtype, encodings.tokens());
    (kind_of(fits), false)
}

/// The memory that needs no work, unless another is asked for.
pub(super) fn kind_in_haste(choice: MemoryChoice) -> MemoryKind {
    kind_of(if choice == MemoryChoice::Auto { MemoryChoice::Shared } else { choice })
}

fn kind_of(choice: MemoryChoice) -> MemoryKind {
    if choice == MemoryChoice::Shared { MemoryKind::Shared } else { MemoryKind::KeysValues }
}

pub(super) fn build_memory(
    job: &Job<'_>,
    loaded: &LoadedModel,
    finished: &Finished,
    kind: MemoryKind,
) -> Result<Memory, Error> {
    let layers = loaded.model.config().decoder.layers.len() as u64;
    Ok(loaded.model.remember(&finished.states, Some(&finished.inverse_norms), kind, &mut |layer| {
        job.tell(Event::Progress { request: job.request, stage: Stage::Memory, done: layer as u64, total: layers });
        Ok(job.cancel.check()?)
    })?)
}
