//! The step `training`: packaging/training teaches a small model of chance a few questions, and Recto is asked whether it
//! knows them.
//!
//! The facts are invented. That the model knows them afterwards shows that rows, prompts and the adapter's files work,
//! and that Recto applies them.

mod python;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::process::{self, repository};
use crate::program;
use crate::say;
use crate::window::display::{Running, Scratch};
use crate::window::random_model::{self, Size};

/// Name of the step.
pub(crate) const NAME: &str = "training";

/// Passages with their questions; an empty answer means that the passage does not contain it.
const PASSAGES: &[(&str, &[(&str, &str)])] = &[
    (
        "The lighthouse at Kestrel Point was built of granite in 1874. Its keeper, Ada Brandt, lived there for thirty years. \
         The lamp burned rape oil until 1921, when it was changed to electric light.",
        &[
            ("When was the lighthouse built?", "1874"),
            ("Who was the keeper?", "Ada Brandt"),
            ("What did the lamp burn?", "rape oil"),
            ("How tall is the lighthouse?", ""),
        ],
    ),
    (
        "Grain harvested by district (thousand tonnes)\nDistrict | 2009 | 2010\nNorthmoor | 41.7 | 38.2\nElmfield | 26.4 | 29.9",
        &[
            ("How much grain did Elmfield harvest in 2010?", "29.9"),
            ("How much grain did Northmoor harvest in 2009?", "41.7"),
            ("Which district harvested more in 2010?", "Northmoor"),
            ("What was harvested?", "grain"),
        ],
    ),
];

/// With these settings a model of the tests' size has memorised the questions after a third of the steps.
const SETTINGS: &[&str] =
    &["--steps", "120", "--save-every", "40", "--passages", "2", "--rank", "32", "--lr", "3e-3", "--device", "cpu"];

/// Longest wait for the first steps, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// Percentage points of F1 that the adapter must gain; random weights gain almost nothing.
const LEAST_GAIN: f64 = 60.0;

/// Why the step is skipped unless requested by name; `None` if it runs.
pub(crate) fn left_out() -> Option<String> {
    let is_run = crate::machine::is_ci() || std::env::var_os(python::GIVEN).is_some();
    (!is_run).then(|| {
        format!(
            "left out: its Python packages take several GB. `cargo xtask test {NAME}` runs it, with the Python that {} names, \
             or with one it makes in cargo's folder",
            python::GIVEN
        )
    })
}

/// Trains, and evaluates before and after.
///
/// # Errors
/// When a program fails, or the model has not learned the answers.
pub(crate) fn run() -> Result<()> {
    let target = program::target_folder()?;
    let python = python::with_packages(&target)?;
    let recto = program::build_as_tested()?;
    let scratch = Scratch::new(&target, NAME)?;
    let lesson = Lesson::prepare(&scratch.0)?;
    process::run(script(&python, "check.py").args([&lesson.checkpoint, &lesson.rows]))?;
    lesson.teach_with_a_kill(&python)?;
    let home = Home { recto, folder: scratch.0.join("home") };
    home.run(&["models", "add", text(&lesson.checkpoint)?, "--name", NAME])?;
    let before = home.eval(&lesson.rows)?;
    home.run(&["models", "adapt", NAME, text(&lesson.adapter)?])?;
    let after = home.eval(&lesson.rows)?;
    say::line(format_args!("before: {before}\nafter:  {after}"));
    ensure!(after.f1 >= before.f1 + LEAST_GAIN, "the adapter gains too little");
    ensure!(after.recognised == after.absent, "questions without an answer are not recognised");
    Ok(())
}

/// Training data, checkpoint, and where the adapter goes.
struct Lesson {
    checkpoint: PathBuf,
    rows: PathBuf,
    adapter: PathBuf,
}

impl Lesson {
    fn prepare(folder: &Path) -> Result<Self> {
        let lesson = Self {
            checkpoint: folder.join("checkpoint"),
            rows: folder.join("rows.jsonl"),
            adapter: folder.join("by-heart"),
        };
        random_model::write(&lesson.checkpoint, Size::SMALL)?;
        std::fs::write(&lesson.rows, rows()).context("cannot write the rows")?;
        Ok(lesson)
    }

    /// Trains, kills the training after its first checkpoint, and resumes from it.
    fn teach_with_a_kill(&self, python: &Path) -> Result<()> {
        let mut first = Running(self.teach(python).spawn().context("cannot start the training")?);
        let state = self.adapter.join("checkpoint.pt");
        let begun = Instant::now();
        while !state.exists() {
            if let Some(status) = first.0.try_wait().context("cannot query the training's state")? {
                bail!("the training ended with {status} before its first checkpoint");
            }
            ensure!(begun.elapsed() < PATIENCE, "the training wrote no checkpoint within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
        // Dropping it kills the process.
        drop(first);
        let said = process::output(self.teach(python).stdout(Stdio::piped()))?;
        say::line(format_args!("{}", said.trim_end()));
        ensure!(said.contains("going on from step"), "the training started over after being killed");
        Ok(())
    }

    fn teach(&self, python: &Path) -> Command {
        let mut command = script(python, "teach.py");
        command.args([&self.checkpoint, &self.adapter, &self.rows]).args(SETTINGS);
        command
    }
}

/// A script of packaging/training.
fn script(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(repository().join("packaging/training").join(name));
    // Keeps compiled modules out of the repository.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The rows in file format.
fn rows() -> String {
    let asked = PASSAGES.iter().flat_map(|(context, asked)| asked.iter().map(move |row| (context, row)));
    asked
        .map(|(context, (question, answer))| {
            let row = json!({ "source": NAME, "context": context, "question": question, "answer": answer });
            format!("{row}\n")
        })
        .collect()
}

/// A separate home for Recto.
struct Home {
    recto: PathBuf,
    folder: PathBuf,
}

impl Home {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.recto);
        command.args(arguments).env("RECTO_HOME", &self.folder);
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        process::run(&mut self.command(arguments))
    }

    fn eval(&self, rows: &Path) -> Result<Score> {
        let arguments = ["eval", text(rows)?, "--model", NAME, "--dtype", "f32", "--json"];
        Score::read(&process::output(&mut self.command(&arguments))?)
    }
}

/// The result of `recto eval` for the only source.
struct Score {
    exact: f64,
    f1: f64,
    absent: u64,
    recognised: u64,
}

impl Score {
    fn read(said: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(said).context("`recto eval --json` wrote no JSON")?;
        let source = &value["sources"][0];
        let number = |name: &str| source[name].as_f64().with_context(|| format!("`recto eval --json` has no {name}"));
        let count = |name: &str| source[name].as_u64().with_context(|| format!("`recto eval --json` has no {name}"));
        Ok(Self {
            exact: number("exact")?,
            f1: number("f1")?,
            absent: count("absent")?,
            recognised: count("recognised")?,
        })
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { exact, f1, absent, recognised } = self;
        write!(f, "F1 {f1:.1}, exact {exact:.1}, {recognised} of {absent} without an answer recognised")
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_recto_and_the_training_read_them() {
        let rows = rows();
        let parsed: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(parsed.len(), 8);
        for (row, field) in parsed.iter().flat_map(|row| ["source", "context", "question", "answer"].map(|f| (row, f)))
        {
            assert!(row[field].is_string(), "{row}");
        }
        for row in &parsed {
            let (context, answer) = (row["context"].as_str().unwrap(), row["answer"].as_str().unwrap());
            assert!(context.to_lowercase().contains(&answer.to_lowercase()), "{row}");
        }
    }

    #[test]
    fn the_score_of_the_source_is_read() {
        let said =
            r#"{"sources": [{"source": "a", "rows": 7, "exact": 85.7, "f1": 90, "absent": 1, "recognised": 1}]}"#;
        let score = Score::read(said).unwrap();
        assert_eq!(score.to_string(), "F1 90.0, exact 85.7, 1 of 1 without an answer recognised");
        assert!(Score::read("{}").is_err());
    }
}
