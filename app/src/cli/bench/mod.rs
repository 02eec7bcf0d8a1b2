//! `recto bench`: measures each stage of a model on this computer, and its memory use.

mod serve;
mod table;

use clap::Args;
use engine::worker::bench::{Bench, Loaded, MOST_TOKENS, Machine, Shape, Subject, Summary, Work, peak_resident_bytes};
use serde::Serialize;

use crate::cli::ask::print;
use crate::cli::failure::Failure;
use crate::cli::options::ComputeArgs;

/// Default text lengths to encode.
const ENCODE: [u32; 3] = [1024, 4096, 16_384];
/// Default numbers of encoded tokens to answer over.
const DECODE: [u32; 3] = [1024, 8192, 61_440];
/// Default prompt length and number of generated tokens.
const PROMPT: u32 = 512;
const GENERATE: u32 = 32;
/// Tokens generated over each memory.
const ANSWER: usize = 16;

const BENCH_JSON: &str = "\
Without --encode, --figures, --decode, --prompt or --generate, everything the model supports is measured; otherwise only \
the given parts. Inputs are random: speed does not depend on them.

--json prints {model, machine, results, peak_resident_bytes}. model: name, random_weights, dtype, encoder_layers, \
decoder_layers, vision_layers, hidden_size, vocab_size, load_secs. machine: arch, os, cpu, cpus, threads, features, held_to \
(RECTO_CPU, if set). results: one object per task: work (a line as below), rounds, secs {median, min, max} \
and, for tasks on tokens, tokens and tokens_per_sec {median, min, max}; for decode and generate first_token_secs \
{median, min, max}, not included in secs; for remember and decode memory (\"kv\" or \"shared\") and memory_bytes.

--serve prints {model, machine, peak_resident_bytes} once the model is loaded, then answers each line of standard input \
with one line: work, secs and, as above, tokens, tokens_per_sec, first_token_secs, memory, memory_bytes, and \
peak_resident_bytes; or error and hint. Lines are `encode N`, `figure`, `remember N`, `decode ENCODED N`, `prompt N` and \
`generate N`; decode reuses the memory of ENCODED tokens for the next line.";

/// Arguments of `recto bench`.
#[derive(Debug, Args)]
#[command(after_long_help = BENCH_JSON)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    compute: ComputeArgs,
    /// Use random weights in a published size instead of a model
    #[arg(long, value_name = "270m-270m|1b-1b|4b-4b", value_parser = parse_shape, conflicts_with = "model")]
    shape: Option<Shape>,
    /// Number of encoder and decoder layers, with --shape [default: all]
    #[arg(long, value_name = "N", requires = "shape", value_parser = clap::value_parser!(u32).range(1..=1000))]
    layers: Option<u32>,
    /// Text lengths to encode, in tokens [default: 1024,4096,16384]
    #[arg(long, value_name = "TOKENS", value_delimiter = ',', value_parser = tokens())]
    encode: Vec<u32>,
    /// Number of figures to encode, each timed; 0 skips the vision tower [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000))]
    figures: Option<u32>,
    /// Numbers of encoded tokens to answer over [default: 1024,8192,61440]
    #[arg(long, value_name = "TOKENS", value_delimiter = ',', value_parser = tokens())]
    decode: Vec<u32>,
    /// Prompt lengths to read without an encoder, in tokens [default: 512 for models without an encoder]
    #[arg(long, value_name = "TOKENS", value_delimiter = ',', value_parser = tokens())]
    prompt: Vec<u32>,
    /// Numbers of tokens to generate without an encoder [default: 32 for models without an encoder]
    #[arg(long, value_name = "TOKENS", value_delimiter = ',', value_parser = tokens())]
    generate: Vec<u32>,
    /// Number of runs of each measurement, except figures
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Number of threads [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Read tasks from standard input, one per line, and answer each with a line of JSON
    #[arg(long, conflicts_with_all = ["json", "rounds", "encode", "decode", "prompt", "generate"])]
    serve: bool,
}

fn parse_shape(text: &str) -> Result<Shape, String> {
    text.parse()
}

fn tokens() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=MOST_TOKENS as i64)
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    model: &'a Loaded,
    machine: Machine,
    results: Vec<Summary>,
    peak_resident_bytes: Option<u64>,
}

/// Runs `recto bench`.
pub(crate) fn run(arguments: &BenchArgs) -> Result<(), Failure> {
    let subject = match arguments.shape {
        None => Subject::Model,
        Some(shape) => Subject::Shape {
            shape,
            layers: arguments.layers.map(|layers| layers as usize),
            with_vision: arguments.needs_vision(),
        },
    };
    let threads = arguments.threads.map(|threads| threads as usize);
    let mut bench = Bench::open(&subject, &arguments.compute.options(), threads)?;
    if arguments.serve {
        return serve::run(&mut bench);
    }
    let plan = arguments.plan(bench.loaded());
    if !arguments.json {
        print(&table::head(bench.loaded(), &Machine::here()))?;
    }
    for (work, _) in &plan {
        if let Some(short) = short(*work) {
            bench.run(short)?;
        }
    }
    let mut results = Vec::new();
    for (work, rounds) in plan {
        let mut runs = Vec::new();
        for _ in 0..rounds {
            runs.push(bench.run(work)?);
        }
        results.extend(Summary::of(&runs));
        if let (false, Some(summary)) = (arguments.json, results.last()) {
            print(&table::row(work, summary))?;
        }
    }
    if !arguments.json {
        return print(&table::foot(peak_resident_bytes()));
    }
    let report =
        Report { model: bench.loaded(), machine: Machine::here(), results, peak_resident_bytes: peak_resident_bytes() };
    print(&format!("{}\n", json(&report, true)?))
}

/// A short warm-up task of the same kind, so that one-off costs are not measured.
fn short(work: Work) -> Option<Work> {
    let tokens = 32;
    match work {
        Work::Encode { .. } => Some(Work::Encode { tokens }),
        Work::Decode { .. } => Some(Work::Decode { encoded: tokens, tokens: 1 }),
        Work::Prompt { .. } => Some(Work::Prompt { tokens }),
        Work::Generate { .. } => Some(Work::Generate { tokens: 1 }),
        Work::Figure | Work::Remember { .. } => None,
    }
}

/// Serialises as JSON, on one line or several.
fn json(value: &impl Serialize, pretty: bool) -> Result<String, Failure> {
    let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    text.map_err(|error| Failure::new(format!("the results cannot be written as JSON: {error}"), None))
}

impl BenchArgs {
    /// Whether measurements were chosen; then only those run.
    fn chose(&self) -> bool {
        let lists = [&self.encode, &self.decode, &self.prompt, &self.generate];
        self.figures.is_some_and(|figures| figures > 0) || lists.into_iter().any(|list| !list.is_empty())
    }

    /// Whether the vision tower is needed.
    fn needs_vision(&self) -> bool {
        self.figures.map_or(!self.chose(), |figures| figures > 0)
    }

    /// The tasks to measure, with the number of runs.
    fn plan(&self, loaded: &Loaded) -> Vec<(Work, u32)> {
        let has_encoder = loaded.encoder_layers > 0;
        let or_default = |chosen: &[u32], default: &[u32], fits: bool| -> Vec<usize> {
            let list = if self.chose() { chosen } else { default };
            let wanted = self.chose() || fits;
            list.iter().filter(|_| wanted).map(|&tokens| tokens as usize).collect()
        };
        let mut plan = Vec::new();
        for tokens in or_default(&self.encode, &ENCODE, has_encoder) {
            plan.push((Work::Encode { tokens }, self.rounds));
        }
        let figures = match self.figures {
            Some(figures) => figures,
            None => u32::from(!self.chose() && loaded.vision_layers > 0),
        };
        if figures > 0 {
            plan.push((Work::Figure, figures));
        }
        for tokens in or_default(&self.decode, &DECODE, has_encoder) {
            plan.push((Work::Remember { tokens }, self.rounds));
            plan.push((Work::Decode { encoded: tokens, tokens: ANSWER }, self.rounds));
        }
        for tokens in or_default(&self.prompt, &[PROMPT], !has_encoder) {
            plan.push((Work::Prompt { tokens }, self.rounds));
        }
        for tokens in or_default(&self.generate, &[GENERATE], !has_encoder) {
            plan.push((Work::Generate { tokens }, self.rounds));
        }
        plan
    }
}
