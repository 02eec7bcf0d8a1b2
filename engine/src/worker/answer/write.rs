//! Writes an answer: runs the generator, streams the text, and turns the attention into evidence.

use std::time::Instant;

use candle_core::Tensor;

use crate::cite::{SpanMass, Target, gather_evidence, is_not_found};
use crate::document::page::Document;
use crate::kernels::attention::AttentionSink;
use crate::model::generation::{
    ArgMax, Generator, GeneratorExt, Logits, Multinomial, RepetitionPenalty, Sampler, StepModel, Suppress, Temperature,
    TopK, TopP,
};
use crate::model::memory::Memory;
use crate::model::{AttentionObserver, Decoding};
use crate::prompt::{NOT_STATED, Source as TokenSource, TextStream};
use crate::protocol::{
    Answer, AnswerCost, AnsweringOptions, DocumentSummary, Event, Finish, MemoryChoice, ModelSummary, NOT_IN_DOCUMENT,
    PageState, ReadSoFar, Stage,
};
use crate::untrusted::harmless_lines;
use crate::worker::Error;
use crate::worker::documents::page_report::page_reports;
use crate::worker::event_sink::Job;
use crate::worker::load::LoadedModel;

/// Prompt tokens processed between checks for cancellation.
const PROMPT_CHUNK: usize = 256;

/// What the decoder is given to write an answer.
pub(super) struct DecoderInput {
    pub(super) memory: Memory,
    pub(super) memory_choice: Option<MemoryChoice>,
    pub(super) prompt: Vec<u32>,
    pub(super) stops: Vec<u32>,
    /// Where the tokens that attention is measured over came from: those of the memory, or of the prompt if there is none.
    pub(super) sources: Vec<(std::ops::Range<usize>, TokenSource)>,
    /// Tokens that were encoded by earlier jobs.
    pub(super) kept_tokens: usize,
}

/// The model and documents that a question is put to.
#[derive(Clone, Copy)]
pub(in crate::worker) struct AnswerContext<'a> {
    pub(in crate::worker) loaded: &'a LoadedModel,
    pub(in crate::worker) documents: &'a [Document],
    pub(in crate::worker) summaries: &'a [DocumentSummary],
    /// Whether the model looks at figures.
    pub(in crate::worker) has_vision: bool,
}

/// Writes the answer and gathers its evidence; `cost` holds the cost of the preparation.
pub(super) fn write_answer(
    job: &Job<'_>,
    context: &AnswerContext<'_>,
    input: &DecoderInput,
    options: &AnsweringOptions,
    read: ReadSoFar,
    mut cost: AnswerCost,
) -> Result<Answer, Error> {
    cost.encoded_tokens = input.memory.len() as u64;
    cost.kept_tokens = input.kept_tokens as u64;
    let written = write(job, context.loaded, input, options, &mut cost)?;
    let unread = page_reports(context.documents, &[], context.has_vision)
        .into_iter()
        .filter(|page| matches!(page.state, PageState::Unread | PageState::Failed))
        .collect();
    let spans = span_masses(&input.sources, &written.mass);
    // Recto's own phrase occurs on no page, so its evidence is chosen by attention alone.
    let words = if written.text == NOT_IN_DOCUMENT { "" } else { &written.text };
    let evidence = gather_evidence(context.documents, &spans, words);
    Ok(Answer {
        not_found: is_not_found(&written.text, &evidence),
        evidence,
        text: written.text,
        finish: written.finish,
        model: ModelSummary { memory: input.memory_choice, ..context.loaded.summary.clone() },
        documents: context.summaries.to_vec(),
        unread,
        read,
        cost,
    })
}

/// An answer, with the attention that each token received.
struct Written {
    text: String,
    finish: Finish,
    mass: Vec<f32>,
}

fn write(
    job: &Job<'_>,
    loaded: &LoadedModel,
    input: &DecoderInput,
    options: &AnsweringOptions,
    cost: &mut AnswerCost,
) -> Result<Written, Error> {
    let start = Instant::now();
    let has_memory = !input.memory.is_empty();
    let num_counted = if has_memory { input.memory.len() } else { input.prompt.len() };
    let mut step = Step {
        decoding: loaded.model.start(&input.memory),
        tally: Tally { mass: vec![0.0; num_counted], over_memory: has_memory },
        job,
        prompt_tokens: input.prompt.len() as u64,
    };
    let mut stream = TextStream::default();
    let mut answer_stream =
        AnswerStream::new(|text: &str| job.send(Event::Token { request: job.request, text: text.to_owned() }));
    let mut written = 0;
    {
        let mut generator = Generator::new(&mut step, &input.prompt, sampler(options))
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
        for token in generator.stop_at(input.stops.clone()).take(options.max_tokens) {
            let token = token?;
            if written == 0 {
                cost.first_token_secs = start.elapsed().as_secs_f64();
            }
            written += 1;
            answer_stream.push(&stream.push(&loaded.tokenizer.token_bytes(token)));
            let (done, total) = (written as u64, options.max_tokens as u64);
            job.send(Event::Progress { request: job.request, stage: Stage::Answer, done, total });
        }
    }
    answer_stream.push(&stream.finish());
    cost.prompt_tokens = input.prompt.len() as u64;
    cost.answer_tokens = written as u64;
    cost.answer_secs = start.elapsed().as_secs_f64() - cost.first_token_secs;
    let finish = if written >= options.max_tokens { Finish::Length } else { Finish::Complete };
    Ok(Written { text: answer_stream.finish(), finish, mass: step.tally.mass })
}

/// Streams an answer. Leading whitespace is dropped. Text that may become "not stated" is held back until that is decided,
/// because that phrase is replaced by Recto's own.
struct AnswerStream<F: FnMut(&str)> {
    send: F,
    text: String,
    /// Bytes of the text that were sent.
    sent: usize,
}

impl<F: FnMut(&str)> AnswerStream<F> {
    fn new(send: F) -> Self {
        Self { send, text: String::new(), sent: 0 }
    }

    fn push(&mut self, piece: &str) {
        let piece = &*harmless_lines(piece);
        self.text.push_str(if self.text.is_empty() { piece.trim_start() } else { piece });
        if !NOT_STATED.starts_with(self.text.trim_end()) {
            self.send_rest();
        }
    }

    fn send_rest(&mut self) {
        let rest = self.text.get(self.sent..).unwrap_or_default();
        if !rest.is_empty() {
            (self.send)(rest);
            self.sent = self.text.len();
        }
    }

    /// Sends what was held back, and returns the whole text.
    fn finish(mut self) -> String {
        if self.text.trim() == NOT_STATED {
            NOT_IN_DOCUMENT.clone_into(&mut self.text);
            self.sent = 0;
        }
        self.send_rest();
        self.text.trim().to_owned()
    }
}

fn sampler(options: &AnsweringOptions) -> Box<dyn Sampler> {
    if options.temperature > 0.0 { Box::new(Multinomial::new(options.seed)) } else { Box::new(ArgMax) }
}

/// Steps the model for the generator: processes long prompts in chunks, checks for cancellation at each, and counts the
/// attention of the last token.
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
            self.decoding.prefill(chunk)?;
            let done = self.decoding.position() as u64;
            let total = self.prompt_tokens;
            self.job.send(Event::Progress { request: self.job.request, stage: Stage::Prompt, done, total });
        }
        self.job.cancel.check()?;
        let states = self.decoding.append(&[*last], Some(&mut self.tally))?;
        Ok(Logits::new(self.decoding.last_logits(&states)?))
    }
}

/// Attention per token, summed over layers, heads and answer tokens.
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

/// Attention per line and figure. Markers and the template are no evidence.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_stated_is_replaced_and_never_streamed() {
        for (pieces, expected) in [
            (&[" Not", " stated", "."][..], &["Not in the document."][..]),
            (&["Not stated."], &["Not in the document."]),
            (&["Not stated.", "\n", " "], &["Not in the document."]),
            (&[" ", "Not", " by", " much"], &["Not by", " much"]),
            (&[" Not", " stated", ".", " But"], &["Not stated. But"]),
            (&[" No", "rthmoor"], &["Northmoor"]),
            (&[" No"], &["No"]),
            (&[" 4", "2"], &["4", "2"]),
            (&[], &[]),
        ] {
            let mut sent: Vec<String> = Vec::new();
            let mut answer_stream = AnswerStream::new(|piece: &str| sent.push(piece.to_owned()));
            for piece in pieces {
                answer_stream.push(piece);
            }
            let whole = answer_stream.finish();
            assert_eq!(sent, expected, "{pieces:?}");
            assert_eq!(whole, expected.concat(), "{pieces:?}");
        }
    }
}
