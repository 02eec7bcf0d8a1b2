//! `recto eval`: scores a model on questions with known answers.
//!
//! Each passage becomes a text document and is asked about as a user would ask, so that the score covers the whole
//! application: reading, passage selection, prompt, model and post-processing.

mod rows;
mod score;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use engine::protocol::{
    AnsweringOptions, AskJob, Command, Event, NOT_IN_DOCUMENT, Outcome, ReadingOptions, RequestId, Source,
};
use engine::worker::{Engine, EngineOptions};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::options::ComputeArgs;
use rows::Row;

const EVAL_HELP: &str = "\
Each line of the file is a question {\"source\", \"context\", \"question\", \"answer\"}; an empty \
answer means that the context has none.

Per source: rows with an answer, exact matches and F1 in percent, withheld answers (\"Not in the document.\" although it is \
there); rows without an answer, and how many of them were recognised.

--json prints {\"sources\": [...]} with source, rows, exact, f1, withheld, absent, recognised, secs; --answers writes each \
question with the expected and the given answer, one JSON object per line.";

/// Arguments of `recto eval`.
#[derive(Debug, Args)]
#[command(after_help = EVAL_HELP)]
pub(crate) struct EvalArgs {
    /// Questions with answers: .jsonl or .jsonl.gz
    #[arg(value_name = "FILE")]
    questions: PathBuf,
    #[command(flatten)]
    compute: ComputeArgs,
    /// Use only the first N questions of each source [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rows: Option<u32>,
    /// Maximum length of an answer, in tokens
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    max_tokens: u32,
    /// Write the answers to this file
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Scores of one source.
#[derive(Debug, Default, Serialize)]
struct Tally {
    source: String,
    /// Questions with an answer.
    rows: usize,
    /// Percentage of these with an exact answer.
    exact: f64,
    /// Mean F1 of these, in percent.
    f1: f64,
    /// How many of these were answered "Not in the document".
    withheld: usize,
    /// Questions without an answer.
    absent: usize,
    /// How many of these were answered "Not in the document".
    recognised: usize,
    secs: f64,
}

/// A question with the expected and the given answer.
#[derive(Serialize)]
struct Answered<'a> {
    source: &'a str,
    question: &'a str,
    right: &'a str,
    given: &'a str,
}

/// Runs `recto eval`. Results before a failure are reported too.
pub(crate) fn run(arguments: &EvalArgs) -> Result<(), Failure> {
    let rows = rows::read(&arguments.questions, arguments.rows.map(|rows| rows as usize))?;
    if let Some(path) = &arguments.answers {
        require_writable(path)?;
    }
    let asker = Asker::new(arguments)?;
    let bar = ProgressBar::new(rows.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {eta} left") {
        bar.set_style(style);
    }
    let (mut tallies, mut lines): (BTreeMap<String, Tally>, String) = (BTreeMap::new(), String::new());
    let mut failed = None;
    for row in &rows {
        let begun = Instant::now();
        let given = match asker.answer(row) {
            Ok(given) => given,
            Err(failure) => {
                failed = Some(failure.at(&format!("line {}", row.line)));
                break;
            }
        };
        let tally = tallies.entry(row.source.clone()).or_default();
        tally.count(row, &given, begun.elapsed().as_secs_f64());
        let answered = Answered { source: &row.source, question: &row.question, right: &row.answer, given: &given };
        lines.push_str(&serde_json::to_string(&answered).map_err(|error| cannot_write(&error))?);
        lines.push('\n');
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(path) = &arguments.answers {
        engine::store::output::write_file(path, lines.as_bytes())?;
    }
    let tallies: Vec<Tally> = tallies.into_iter().map(|(source, tally)| tally.finished(source)).collect();
    if failed.is_none() || !tallies.is_empty() {
        crate::cli::ask::print(&if arguments.json { to_json(&tallies)? } else { table(&tallies) })?;
    }
    failed.map_or(Ok(()), Err)
}

/// Fails early if no file can be written at `path`.
fn require_writable(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let tried =
        if path.is_dir() { Err(ErrorKind::IsADirectory.into()) } else { tempfile::tempfile_in(folder).map(drop) };
    tried.map_err(|error| {
        let message = format!("the answers cannot be written: {error}: {}", path.display());
        Failure::new(message, Some("choose a file in a writable folder".into()))
    })
}

/// Asks questions one after another on one engine.
struct Asker<'a> {
    engine: Engine,
    arguments: &'a EvalArgs,
    folder: tempfile::TempDir,
}

impl<'a> Asker<'a> {
    fn new(arguments: &'a EvalArgs) -> Result<Self, Failure> {
        let cannot = |what: &str, error: &std::io::Error| {
            Failure::new(format!("{what}: {error}"), Some("close other programs and try again".into()))
        };
        // Evaluation passages must not evict the user's reports from the cache.
        let options = EngineOptions { kept_bytes: Some(0), ..EngineOptions::default() };
        let engine =
            Engine::spawn(options, || ()).map_err(|error| cannot("the engine thread cannot be started", &error))?;
        let folder = tempfile::tempdir().map_err(|error| cannot("the temporary folder cannot be created", &error))?;
        Ok(Self { engine, arguments, folder })
    }

    /// Answers a row's question about its passage as a text document.
    fn answer(&self, row: &Row) -> Result<String, Failure> {
        let path = self.folder.path().join("passage.txt");
        engine::store::output::write_file(&path, row.context.as_bytes())?;
        self.engine.send(Command::Ask { request: RequestId(1), job: self.job(&path, &row.question) });
        while let Some(event) = self.engine.recv() {
            match event {
                Event::Done { outcome: Outcome::Answer(answer), .. } => return Ok(answer.text),
                Event::Failed { report, .. } => return Err(Failure::new(report.message, report.hint)),
                _ => {}
            }
        }
        Err(Failure::new("the engine stopped unexpectedly", Some("try again".into())))
    }

    fn job(&self, path: &Path, question: &str) -> AskJob {
        AskJob {
            sources: vec![Source { path: path.to_owned(), password: None }],
            question: question.to_owned(),
            scope: Vec::new(),
            reading: ReadingOptions::default(),
            compute: self.arguments.compute.options(),
            answering: AnsweringOptions {
                max_tokens: self.arguments.max_tokens as usize,
                ..AnsweringOptions::default()
            },
        }
    }
}

impl Tally {
    fn count(&mut self, row: &Row, given: &str, secs: f64) {
        let is_withheld = given == NOT_IN_DOCUMENT;
        self.secs += secs;
        if row.answer.trim().is_empty() {
            self.absent += 1;
            self.recognised += usize::from(is_withheld);
            return;
        }
        self.rows += 1;
        self.withheld += usize::from(is_withheld);
        self.exact += f64::from(u8::from(score::is_exact(given, &row.answer)));
        self.f1 += score::f1(given, &row.answer);
    }

    /// Converts sums to percentages.
    fn finished(self, source: String) -> Self {
        let percent = |sum: f64| if self.rows == 0 { 0.0 } else { 100.0 * sum / self.rows as f64 };
        Self { source, exact: percent(self.exact), f1: percent(self.f1), ..self }
    }
}

fn to_json(sources: &[Tally]) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(&serde_json::json!({ "sources": sources }));
    text.map(|text| text + "\n").map_err(|error| cannot_write(&error))
}

fn table(sources: &[Tally]) -> String {
    let width = sources.iter().map(|tally| tally.source.chars().count()).max().unwrap_or(0).max("source".len());
    let head = ["rows", "exact", "F1", "withheld", "absent", "recognised", "seconds"].map(str::to_owned);
    let lines = std::iter::once(("source", head)).chain(sources.iter().map(|of| {
        let shares = [of.exact, of.f1].map(|share| format!("{share:.1}"));
        let [exact, f1] = shares;
        let [rows, withheld, absent, recognised] =
            [of.rows, of.withheld, of.absent, of.recognised].map(|count| count.to_string());
        (of.source.as_str(), [rows, exact, f1, withheld, absent, recognised, format!("{:.0}", of.secs)])
    }));
    let line = |(source, cells): (&str, [String; 7])| {
        let cells: String = cells.iter().map(|cell| format!("  {cell:>10}")).collect();
        format!("{source:width$}{cells}\n")
    };
    lines.map(line).collect()
}

fn cannot_write(error: &serde_json::Error) -> Failure {
    Failure::new(format!("the result cannot be written as JSON: {error}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withheld_and_recognised_are_told_apart() {
        let row = |answer: &str| {
            let [source, context, question] = ["s", "Customs were 70.8.", "How much?"].map(str::to_owned);
            Row { source, context, question, answer: answer.to_owned(), line: 1 }
        };
        let mut tally = Tally::default();
        for (right, given) in
            [("70.8", "70.8"), ("70.8", NOT_IN_DOCUMENT), ("", NOT_IN_DOCUMENT), ("", "70.8"), (" ", NOT_IN_DOCUMENT)]
        {
            tally.count(&row(right), given, 0.5);
        }
        let tally = tally.finished("s".to_owned());
        assert_eq!((tally.rows, tally.withheld, tally.absent, tally.recognised), (2, 1, 3, 2));
        assert_eq!((tally.exact.round(), tally.f1.round(), (10.0 * tally.secs).round()), (50.0, 50.0, 25.0));
    }
}
