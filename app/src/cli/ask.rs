//! `recto ask`: streams the answer to standard output, followed by the pages it came from.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::protocol::{
    Answer, AnsweringOptions, AskJob, Command, Finish, Layout, Outcome, ReadSoFar, SpanEvidence, SpanKind,
};
use engine::untrusted::{harmless_lines, printable};

use crate::cli::failure::Failure;
use crate::cli::options::{ComputeArgs, ReadingArgs};
use crate::cli::progress::{REQUEST, follow};

/// Arguments of `recto ask`.
#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// PDFs, images, text files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The question
    #[arg(required = true, value_name = "QUESTION")]
    question: String,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    compute: ComputeArgs,
    /// Where the question goes: in the decoder prompt, or after the pages in the encoder
    #[arg(long, value_enum, default_value_t = LayoutArg::Document)]
    layout: LayoutArg,
    /// Maximum length of the answer, in tokens
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=32_768))]
    max_tokens: u32,
    /// Sampling temperature; 0 always picks the likeliest token
    #[arg(long, value_name = "T", default_value_t = 0.0, value_parser = parse_temperature)]
    temperature: f32,
    /// Sample from the K likeliest tokens; 0 for all
    #[arg(long, value_name = "K", default_value_t = 0)]
    top_k: u32,
    /// Sample from the fewest tokens that reach this total probability
    #[arg(long, value_name = "P", default_value_t = 1.0, value_parser = parse_share)]
    top_p: f32,
    /// Seed for sampling
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Answer after this many seconds from the pages read by then, at least one window; pages that match the question
    /// are read first [default: read all pages]
    #[arg(long, value_name = "SECS", value_parser = parse_seconds)]
    within: Option<f32>,
    /// Print one JSON object: the answer, its evidence with boxes, and timings
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LayoutArg {
    Document,
    Question,
}

fn parse_temperature(text: &str) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=10.0).contains(&value) { Ok(value) } else { Err("must be a number between 0 and 10".into()) }
}

fn parse_seconds(text: &str) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1e6).contains(&value) { Ok(value) } else { Err("must be a number between 0 and 1000000".into()) }
}

fn parse_share(text: &str) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "not a number".to_owned())?;
    if value > 0.0 && value <= 1.0 { Ok(value) } else { Err("must be a number above 0 and up to 1".into()) }
}

/// Runs `recto ask`.
pub(crate) fn run(arguments: &AskArgs) -> Result<(), Failure> {
    let question = arguments.question.trim();
    if question.is_empty() {
        return Err(Failure::new("the question is empty", Some("put the question in quotes after the files".into())));
    }
    let job = AskJob {
        sources: arguments.reading.sources(&arguments.files)?,
        question: question.to_owned(),
        scope: Vec::new(),
        reading: arguments.reading.options(),
        compute: arguments.compute.options(),
        answering: AnsweringOptions {
            layout: match arguments.layout {
                LayoutArg::Document => Layout::Document,
                LayoutArg::Question => Layout::Question,
            },
            max_tokens: arguments.max_tokens as usize,
            temperature: arguments.temperature,
            top_k: arguments.top_k as usize,
            top_p: arguments.top_p,
            repetition_penalty: 1.0,
            seed: arguments.seed,
            within_secs: arguments.within,
        },
    };
    let mut stdout = std::io::stdout();
    let mut stream = |text: &str| {
        if !arguments.json {
            // A closed pipe is reported when the final result is printed.
            let _ = write!(stdout, "{text}");
            let _ = stdout.flush();
        }
    };
    let outcome = follow(Command::Ask { request: REQUEST, job }, &mut stream)?;
    let Outcome::Answer(answer) = outcome else {
        return Err(Failure::new("the engine returned no answer", None));
    };
    let text = if arguments.json { to_json(&answer)? } else { evidence_text(&answer) };
    print(&text)
}

/// The answer as one JSON object on one line.
fn to_json(answer: &Answer) -> Result<String, Failure> {
    serde_json::to_string(answer)
        .map(|line| format!("{line}\n"))
        .map_err(|error| Failure::new(format!("the answer cannot be written as JSON: {error}"), None))
}

/// Writes to standard output.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(harmless_lines(text).as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::new(format!("the result cannot be printed: {error}"), None))
}

/// The text after a streamed answer: its source pages, best first, then the unread pages.
fn evidence_text(answer: &Answer) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(String::new());
    if answer.text.is_empty() {
        line("(the model gave no answer)".into());
    }
    if answer.finish == Finish::Length {
        line("(cut off at --max-tokens)".into());
    }
    let several = answer.documents.len() > 1;
    for page in &answer.evidence {
        let label = page.label.as_deref().filter(|label| *label != page.page.to_string());
        let label = label.map(|label| format!(" (printed {label})")).unwrap_or_default();
        let document = answer.documents.get(page.document as usize).filter(|_| several);
        let document = document.map(|document| format!("{}, ", printable(&document.name))).unwrap_or_default();
        line(String::new());
        line(format!("{document}page {}{label}  {}", page.page, percent(page.share)));
        for span in &page.spans {
            line(format!("  {:>4}  {}", percent(span.share), span_text(span)));
        }
    }
    if !answer.read.is_all() {
        line(String::new());
        line(extent_text(&answer.read));
    }
    if !answer.unread.is_empty() {
        line(String::new());
        line(unread_text(answer));
    }
    out
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

fn span_text(span: &SpanEvidence) -> String {
    let text = match span.kind {
        SpanKind::Line => span.text.clone(),
        SpanKind::Figure(_) if span.text.is_empty() => "[figure]".into(),
        SpanKind::Figure(_) => format!("[figure] {}", span.text),
    };
    if span.matches.is_empty() { text } else { format!("{text}   [{}]", span.matches.join(", ")) }
}

/// How many pages an answer with a time limit was based on.
fn extent_text(read: &ReadSoFar) -> String {
    let of = |(done, all): (u32, u32)| format!("{done} of {all}");
    let figures = if read.figures.1 > 0 { format!(" and {} figures", of(read.figures)) } else { String::new() };
    format!("answered from {} pages{figures} read so far; ask again without --within to read all", of(read.pages))
}

/// The unread pages, one line per reason.
fn unread_text(answer: &Answer) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for page in &answer.unread {
        let reason = page.reason.as_deref().unwrap_or("unknown reason");
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, pages)) => pages.push(page.number.to_string()),
            None => reasons.push((reason, vec![page.number.to_string()])),
        }
    }
    let parts = reasons.into_iter().map(|(reason, pages)| {
        let word = if pages.len() == 1 { "page" } else { "pages" };
        format!("not read: {word} {} ({reason})", pages.join(", "))
    });
    parts.collect::<Vec<_>>().join("\n")
}
