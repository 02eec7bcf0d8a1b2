//! Answering a question: documents are read and encoded where that was not done, the answer streams, and the attention
//! it was written with becomes its evidence.

use std::time::Instant;

use candle_core::Tensor;

use super::read::plan;
use crate::cite::{SpanMass, Target, gather_evidence};
use crate::diagnostic::Diagnostic;
use crate::document::page::Document;
use crate::kernels::attention::AttentionSink;
use crate::model::generation::{
    ArgMax, Generator, GeneratorExt, Logits, Multinomial, RepetitionPenalty, Sampler, StepModel, Suppress, Temperature,
    TopK, TopP,
};
use crate::model::memory::{Memory, MemoryKind};
use crate::model::{AttentionObserver, Decoding};
use crate::prompt::{
    Prompt, Source as TokenSource, Span, TextStream, Window, choose_passages, continuation_prompt, document_prompt,
    opening_passages, question_suffix,
};
use crate::protocol::{
    Answer, AnswerCost, AnsweringOptions, AskJob, Event, Finish, Layout, MemoryChoice, ModelSummary, Outcome,
    PageState, Stage, WindowOrigin,
};
use crate::worker::Error;
use crate::worker::encoding::{Encodings, Hold, encode};
use crate::worker::load::{LoadedModel, choose_memory};
use crate::worker::reading::{EncodingKey, Reading, page_reports, read_documents, sources};
use crate::worker::run_loop::Job;
use crate::worker::session::{Remembered, Session};
use crate::worker::shelf::Shelf;

/// Tokens of passages that a model without an encoder is shown.
const PASSAGE_TOKENS: usize = 1200;

/// Tokens of such a model's whole prompt.
const PROMPT_TOKENS: usize = 2048;

/// Prompt tokens between two looks at the cancel flag.
const PROMPT_CHUNK: usize = 256;

/// Runs the job.
pub(in crate::worker) fn run(session: &mut Session, job: &Job<'_>, what: &AskJob) -> Result<Outcome, Error> {
    session.load_model(job, &what.compute)?;
    let Some((key, loaded)) = session.model.take() else { return Err(Error::NoDocument) };
    let outcome = answer(session, job, &loaded, what);
    session.model = Some((key, loaded));
    outcome.map(Outcome::Answer)
}

fn answer(session: &mut Session, job: &Job<'_>, loaded: &LoadedModel, what: &AskJob) -> Result<Answer, Error> {
    let has_eyes = loaded.summary.has_eyes && !what.reading.without_figures;
    let mut reading = read_documents(session, job, &what.sources, &what.reading, has_eyes)?;
    check_readable(&reading, has_eyes)?;
    let mut cost = AnswerCost { pages_secs: reading.secs, ..AnswerCost::default() };
    let begun = Instant::now();
    let prepared = if loaded.summary.has_encoder {
        prepare_encoder(session, job, loaded, &mut reading, what)?
    } else {
        prepare_passages(job, loaded, &reading, &what.question)?
    };
    cost.encoded_tokens = prepared.memory.len() as u64;
    cost.kept_tokens = prepared.kept_tokens as u64;
    cost.encoding_secs = begun.elapsed().as_secs_f64();
    let written = write(job, loaded, &prepared, &what.answering, &mut cost);
    let Prepared { memory, memory_choice, sources, remember_as, .. } = prepared;
    if let Some((key, in_haste)) = remember_as {
        session.remembered = Some(Remembered { key, memory, in_haste });
    }
    let written = written?;
    let unread = page_reports(&reading.documents, &[], has_eyes)
        .into_iter()
        .filter(|page| matches!(page.state, PageState::Unread | PageState::Failed))
        .collect();
    let spans = span_masses(&sources, &written.mass);
    Ok(Answer {
        evidence: gather_evidence(&reading.documents, &spans, &written.text),
        text: written.text,
        finish: written.finish,
        model: ModelSummary { memory: memory_choice, ..loaded.summary.clone() },
        documents: reading.summaries,
        unread,
        cost,
    })
}

/// An answer from nothing would be an invention.
fn check_readable(reading: &Reading, has_eyes: bool) -> Result<(), Error> {
    let mut pages = reading.documents.iter().flat_map(|document| &document.pages);
    if pages.any(|page| !page.lines.is_empty() || has_eyes && !page.figures.is_empty()) {
        return Ok(());
    }
    let why = if has_eyes { "they are blank" } else { "they hold no text, and this model looks at no pictures" };
    Err(Error::NothingReadable(why.into()))
}

/// All that writing needs.
struct Prepared {
    memory: Memory,
    memory_choice: Option<MemoryChoice>,
    prompt: Vec<u32>,
    stops: Vec<u32>,
    /// Where the tokens came from that attention is counted over: the encoder's, or the prompt's.
    sources: Vec<(std::ops::Range<usize>, TokenSource)>,
    /// Tokens that were encoded by an earlier piece of work.
    kept_tokens: usize,
    /// Under what the memory serves the next question, and whether it was made in haste.
    remember_as: Option<(EncodingKey, bool)>,
}

/// The document in the encoder.
fn prepare_encoder(
    session: &mut Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    reading: &mut Reading,
    what: &AskJob,
) -> Result<Prepared, Error> {
    let tokenizer = &loaded.tokenizer;
    let in_encoder = what.answering.layout == Layout::Question;
    let key = EncodingKey {
        hashes: reading.summaries.iter().map(|summary| summary.hash.clone()).collect(),
        reading: what.reading.clone(),
        question: in_encoder.then(|| what.question.clone()),
    };
    let (encodings, kept_tokens) = encodings(session, job, loaded, reading, what, &key)?;
    let (memory, in_haste) = remember(session, job, loaded, &encodings, &key, what.compute.memory)?;
    let special = tokenizer.special();
    let prompt = if in_encoder { vec![special.bos] } else { document_prompt(tokenizer, &what.question)?.ids };
    // One line break may be part of an answer, a blank line ends it: what follows would be the next question.
    let stops = loaded.model.config().tokens.eos.iter().chain(special.line_breaks.iter().skip(1)).copied().collect();
    let choice = match memory.kind() {
        MemoryKind::KeysValues => MemoryChoice::KeysValues,
        MemoryKind::Shared => MemoryChoice::Shared,
    };
    let prepared = Prepared {
        memory,
        memory_choice: Some(choice),
        prompt,
        stops,
        sources: sources(&encodings.windows),
        kept_tokens,
        remember_as: Some((key.clone(), in_haste)),
    };
    session.encodings = Some((key, encodings));
    Ok(prepared)
}

/// What was encoded of these documents: by the work before, by an earlier run of the program, or now. With it, how many
/// of its tokens were encoded earlier.
fn encodings(
    session: &mut Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    reading: &mut Reading,
    what: &AskJob,
    key: &EncodingKey,
) -> Result<(Encodings, usize), Error> {
    let mut encodings = match session.encodings.take().filter(|(kept, _)| kept == key) {
        Some((_, encodings)) if encodings.states.iter().all(Option::is_some) => {
            let tokens = encodings.tokens();
            return Ok((encodings, tokens));
        }
        Some((_, encodings)) => encodings,
        None => Encodings::planned(match &key.question {
            Some(question) => with_question(plan(loaded, reading, &what.reading)?, loaded, question)?,
            None => plan(loaded, reading, &what.reading)?,
        }),
    };
    if session.remembered.as_ref().is_some_and(|remembered| remembered.key != *key) {
        session.remembered = None;
    }
    let summaries = reading.summaries.clone();
    // With a question in them windows serve that question alone, and are not worth their room on the disk.
    let store = if key.question.is_none() { session.store() } else { None };
    let shelf = Shelf::new(store, job, loaded, &summaries);
    encode(job, loaded, &shelf, reading, &mut encodings, Hold::All)?;
    let kept_tokens = encodings.kept_tokens();
    Ok((encodings, kept_tokens))
}

/// Puts the question behind the pages of each window.
fn with_question(mut windows: Vec<Window>, loaded: &LoadedModel, question: &str) -> Result<Vec<Window>, Error> {
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
/// from the disk is shared by all layers at first, which needs no work at all; `true` where that was the reason.
fn remember(
    session: &mut Session,
    job: &Job<'_>,
    loaded: &LoadedModel,
    encodings: &Encodings,
    key: &EncodingKey,
    choice: MemoryChoice,
) -> Result<(Memory, bool), Error> {
    let kind_of = |choice| if choice == MemoryChoice::Shared { MemoryKind::Shared } else { MemoryKind::KeysValues };
    let is_wanted = |memory: &Memory| choice == MemoryChoice::Auto || kind_of(choice) == memory.kind();
    let before = session.remembered.take();
    if let Some(before) = before.filter(|before| before.key == *key && is_wanted(&before.memory)) {
        return Ok((before.memory, before.in_haste));
    }
    let from_disk = encodings.origins.iter().all(|origin| *origin == WindowOrigin::Kept);
    let in_haste = choice == MemoryChoice::Auto && from_disk;
    let kind = if in_haste {
        MemoryKind::Shared
    } else {
        kind_of(choose_memory(choice, loaded.model.config(), loaded.summary.dtype, encodings.tokens()))
    };
    let (states, inverse_norms) = encodings.joined()?;
    let layers = loaded.model.config().decoder.layers.len() as u64;
    let memory = loaded.model.remember(&states, Some(&inverse_norms), kind, &mut |layer| {
        job.tell(Event::Progress { request: job.request, stage: Stage::Memory, done: layer as u64, total: layers });
        Ok(job.cancel.check()?)
    })?;
    Ok((memory, in_haste))
}

/// No encoder: the passages that fit the question stand in the prompt.
fn prepare_passages(job: &Job<'_>, loaded: &LoadedModel, reading: &Reading, question: &str) -> Result<Prepared, Error> {
    let documents: Vec<&Document> = reading.documents.iter().collect();
    let mut passages = choose_passages(&documents, question, &loaded.tokenizer, PASSAGE_TOKENS)?;
    if passages.is_empty() {
        let message = "none of the question's words stands in the document; the model is shown its beginning instead";
        job.tell(Event::Warning { request: job.request, diagnostic: Diagnostic::general(message) });
        passages = opening_passages(&documents, &loaded.tokenizer, PASSAGE_TOKENS)?;
    }
    let Prompt { ids, spans } = continuation_prompt(&loaded.tokenizer, &documents, &passages, question, PROMPT_TOKENS)?;
    let sources =
        spans.iter().map(|span| (span.tokens.start as usize..span.tokens.end as usize, span.source)).collect();
    Ok(Prepared {
        memory: Memory::empty(),
        memory_choice: None,
        prompt: ids,
        stops: loaded.tokenizer.special().line_stops(),
        sources,
        kept_tokens: 0,
        remember_as: None,
    })
}

/// An answer as it was written, and how much attention each token got meanwhile.
struct Written {
    text: String,
    finish: Finish,
    mass: Vec<f32>,
}

fn write(
    job: &Job<'_>,
    loaded: &LoadedModel,
    prepared: &Prepared,
    options: &AnsweringOptions,
    cost: &mut AnswerCost,
) -> Result<Written, Error> {
    let begun = Instant::now();
    let has_memory = !prepared.memory.is_empty();
    let counted = if has_memory { prepared.memory.len() } else { prepared.prompt.len() };
    let mut step = Step {
        decoding: loaded.model.start(&prepared.memory),
        tally: Tally { mass: vec![0.0; counted], over_memory: has_memory },
        job,
        prompt_tokens: prepared.prompt.len() as u64,
    };
    let mut stream = TextStream::default();
    let mut text = String::new();
    let mut written = 0;
    {
        let mut generator = Generator::new(&mut step, &prepared.prompt, sampler(options))
            .filtered(Suppress(loaded.tokenizer.suppressed_ids()));
        if options.repetition_penalty != 1.0 {
            generator = generator.filtered(RepetitionPenalty { factor: options.repetition_penalty, window: 256 });
        }
        if options.temperature > 0.0 {
            generator = generator
                .filtered(Temperature(options.temperature))
                .filtered(TopK(options.top_k))
                .filtered(TopP(options.top_p));
        }
        for token in generator.stop_at(prepared.stops.clone()).take(options.max_tokens) {
            let token = token?;
            if written == 0 {
                cost.first_token_secs = begun.elapsed().as_secs_f64();
            }
            written += 1;
            send(job, &mut text, &stream.push(&loaded.tokenizer.token_bytes(token)));
            let (done, total) = (written as u64, options.max_tokens as u64);
            job.tell(Event::Progress { request: job.request, stage: Stage::Answer, done, total });
        }
    }
    send(job, &mut text, &stream.finish());
    cost.prompt_tokens = prepared.prompt.len() as u64;
    cost.answer_tokens = written as u64;
    cost.answer_secs = begun.elapsed().as_secs_f64() - cost.first_token_secs;
    let finish = if written >= options.max_tokens { Finish::Length } else { Finish::Complete };
    Ok(Written { text: text.trim().to_owned(), finish, mass: step.tally.mass })
}

/// Streams a piece; the blank that most answers begin with is left out.
fn send(job: &Job<'_>, text: &mut String, piece: &str) {
    let piece = if text.is_empty() { piece.trim_start() } else { piece };
    if !piece.is_empty() {
        text.push_str(piece);
        job.tell(Event::Token { request: job.request, text: piece.to_owned() });
    }
}

fn sampler(options: &AnsweringOptions) -> Box<dyn Sampler> {
    if options.temperature > 0.0 { Box::new(Multinomial::new(options.seed)) } else { Box::new(ArgMax) }
}

/// The model as the generator steps it: long prompts in chunks, cancel seen at each, attention of the last token counted.
struct Step<'a> {
    decoding: Decoding<'a>,
    tally: Tally,
    job: &'a Job<'a>,
    prompt_tokens: u64,
}

impl StepModel for &mut Step<'_> {
    type Error = Error;

    fn step(&mut self, ids: &[u32]) -> Result<Logits, Error> {
        let Some((last, before)) = ids.split_last() else { return Ok(Logits::new(Vec::new())) };
        for chunk in before.chunks(PROMPT_CHUNK) {
            self.job.cancel.check()?;
            self.decoding.append(chunk, None)?;
            let done = self.decoding.position() as u64;
            let total = self.prompt_tokens;
            self.job.tell(Event::Progress { request: self.job.request, stage: Stage::Prompt, done, total });
        }
        self.job.cancel.check()?;
        let states = self.decoding.append(&[*last], Some(&mut self.tally))?;
        Ok(Logits::new(self.decoding.last_logits(&states)?))
    }
}

/// Attention summed over layers, heads and answer tokens, by token attended to.
struct Tally {
    mass: Vec<f32>,
    over_memory: bool,
}

impl Tally {
    fn add(&mut self, probabilities: &Tensor, first: usize) -> candle_core::Result<()> {
        let row = probabilities.flatten_all()?.to_vec1::<f32>()?;
        for (mass, probability) in self.mass.iter_mut().skip(first).zip(row) {
            *mass += probability;
        }
        Ok(())
    }
}

impl AttentionObserver for Tally {
    fn layer(&mut self, _layer: usize) -> Option<&mut dyn AttentionSink> {
        Some(self)
    }
}

impl AttentionSink for Tally {
    fn own(&mut self, probabilities: &Tensor, first_position: usize) -> candle_core::Result<()> {
        if self.over_memory { Ok(()) } else { self.add(probabilities, first_position) }
    }

    fn cross(&mut self, probabilities: &Tensor) -> candle_core::Result<()> {
        if self.over_memory { self.add(probabilities, 0) } else { Ok(()) }
    }
}

/// Attention by line and figure; markers and Recto's own words are no evidence.
fn span_masses(sources: &[(std::ops::Range<usize>, TokenSource)], mass: &[f32]) -> Vec<SpanMass> {
    let mut spans = Vec::new();
    for (tokens, source) in sources {
        let (document, page, target) = match *source {
            TokenSource::Line { document, page, line } => (document, page, Target::Line(line)),
            TokenSource::Figure { document, page, figure } => (document, page, Target::Figure(figure)),
            TokenSource::Marker { .. } | TokenSource::Template => continue,
        };
        let attention = mass.get(tokens.clone()).map_or(0.0, |part| part.iter().sum());
        spans.push(SpanMass { document, page, target, attention });
    }
    spans
}
