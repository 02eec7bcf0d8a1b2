//! Writing an answer: the generator with its filters, streamed as it goes, and the attention that becomes its evidence.

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
use crate::worker::Error;
use crate::worker::load::LoadedModel;
use crate::worker::outlet::Job;
use crate::worker::reading::page_reports;

/// Prompt tokens between two looks at the cancel flag.
const PROMPT_CHUNK: usize = 256;

/// All that writing needs.
pub(super) struct Prepared {
    pub(super) memory: Memory,
    pub(super) memory_choice: Option<MemoryChoice>,
    pub(super) prompt: Vec<u32>,
    pub(super) stops: Vec<u32>,
    /// Where the tokens came from that attention is counted over: the encoder's, or the prompt's.
    pub(super) sources: Vec<(std::ops::Range<usize>, TokenSource)>,
    /// Tokens that were encoded by an earlier piece of work.
    pub(super) kept_tokens: usize,
}

/// What a question is asked of.
pub(in crate::worker) struct Subject<'a> {
    pub(in crate::worker) loaded: &'a LoadedModel,
    pub(in crate::worker) documents: &'a [Document],
    pub(in crate::worker) summaries: &'a [DocumentSummary],
    /// Whether figures are looked at.
    pub(in crate::worker) has_eyes: bool,
}

/// Writes the answer and gathers its evidence; `cost` holds what was spent before.
pub(super) fn write_answer(
    job: &Job<'_>,
    subject: &Subject<'_>,
    prepared: &Prepared,
    options: &AnsweringOptions,
    read: ReadSoFar,
    mut cost: AnswerCost,
) -> Result<Answer, Error> {
    cost.encoded_tokens = prepared.memory.len() as u64;
    cost.kept_tokens = prepared.kept_tokens as u64;
    let written = write(job, subject.loaded, prepared, options, &mut cost)?;
    let unread = page_reports(subject.documents, &[], subject.has_eyes)
        .into_iter()
        .filter(|page| matches!(page.state, PageState::Unread | PageState::Failed))
        .collect();
    let spans = span_masses(&prepared.sources, &written.mass);
    // Recto's own words stand on no page: what was looked at longest is as near as it gets.
    let words = if written.text == NOT_IN_DOCUMENT { "" } else { &written.text };
    let evidence = gather_evidence(subject.documents, &spans, words);
    Ok(Answer {
        not_found: is_not_found(&written.text, &evidence),
        evidence,
        text: written.text,
        finish: written.finish,
        model: ModelSummary { memory: prepared.memory_choice, ..subject.loaded.summary.clone() },
        documents: subject.summaries.to_vec(),
        unread,
        read,
        cost,
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
    let mut voice = Voice::new(|text: &str| job.tell(Event::Token { request: job.request, text: text.to_owned() }));
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
            voice.say(&stream.push(&loaded.tokenizer.token_bytes(token)));
            let (done, total) = (written as u64, options.max_tokens as u64);
            job.tell(Event::Progress { request: job.request, stage: Stage::Answer, done, total });
        }
    }
    voice.say(&stream.finish());
    cost.prompt_tokens = prepared.prompt.len() as u64;
    cost.answer_tokens = written as u64;
    cost.answer_secs = begun.elapsed().as_secs_f64() - cost.first_token_secs;
    let finish = if written >= options.max_tokens { Finish::Length } else { Finish::Complete };
    Ok(Written { text: voice.finish(), finish, mass: step.tally.mass })
}

/// Streams an answer. The blank that most answers begin with is left out, and what may become "not stated" is held back
/// until that is clear: it is said in Recto's own words.
struct Voice<F: FnMut(&str)> {
    tell: F,
    text: String,
    /// Bytes of the text that were told.
    told: usize,
}

impl<F: FnMut(&str)> Voice<F> {
    fn new(tell: F) -> Self {
        Self { tell, text: String::new(), told: 0 }
    }

    fn say(&mut self, piece: &str) {
        self.text.push_str(if self.text.is_empty() { piece.trim_start() } else { piece });
        if !NOT_STATED.starts_with(self.text.trim_end()) {
            self.tell_rest();
        }
    }

    fn tell_rest(&mut self) {
        let rest = self.text.get(self.told..).unwrap_or_default();
        if !rest.is_empty() {
            (self.tell)(rest);
            self.told = self.text.len();
        }
    }

    /// Tells what was held back, and gives the whole.
    fn finish(mut self) -> String {
        if self.text.trim() == NOT_STATED {
            NOT_IN_DOCUMENT.clone_into(&mut self.text);
            self.told = 0;
        }
        self.tell_rest();
        self.text.trim().to_owned()
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
            self.decoding.take_in(chunk)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_stated_is_said_in_other_words_and_never_seen() {
        for (pieces, told) in [
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
            let mut heard: Vec<String> = Vec::new();
            let mut voice = Voice::new(|piece: &str| heard.push(piece.to_owned()));
            for piece in pieces {
                voice.say(piece);
            }
            let whole = voice.finish();
            assert_eq!(heard, told, "{pieces:?}");
            assert_eq!(whole, told.concat(), "{pieces:?}");
        }
    }
}
