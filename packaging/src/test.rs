//! `cargo xtask test`: formatting, lints, documentation, all tests, the window, the starter, training; what `.ci/run`
//! runs.
//!
//! Every step runs even after a failure and reports its duration. The last line is the count.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::process::{self, cargo, run as run_command};
use crate::{machine, pdfium, program, say, training, window};

/// Numbers of passed and failed checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
}

/// Arguments of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Steps to run, in their usual order [default: all; training only if CI is set]
    #[arg(value_parser = PossibleValuesParser::new(STEPS.iter().map(|(name, _)| *name)))]
    steps: Vec<String>,
}

impl TestArgs {
    /// Why a step that was not requested by name is skipped.
    fn leave_out(&self, name: &str) -> Option<String> {
        if self.steps.is_empty() && name == training::NAME { training::left_out() } else { None }
    }
}

/// Runs all steps, or the named ones.
///
/// # Errors
/// When any check failed.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every command returns a result; this one ends the process where checks failed"
)]
pub(crate) fn run(arguments: &TestArgs) -> Result<()> {
    let start = Instant::now();
    let mut total = Counts::default();
    let mut failures = Vec::new();
    let is_wanted = |name: &str| arguments.steps.is_empty() || arguments.steps.iter().any(|step| step == name);
    for (name, step) in STEPS.iter().filter(|(name, _)| is_wanted(name)) {
        say::line(format_args!("\n=== {name}"));
        if let Some(why) = arguments.leave_out(name) {
            say::line(format_args!("{why}"));
            continue;
        }
        let begun = Instant::now();
        let counts = step().unwrap_or_else(|error| {
            say::line(format_args!("error: {error:#}"));
            Counts { passed: 0, failed: 1 }
        });
        total.passed += counts.passed;
        total.failed += counts.failed;
        if counts.failed > 0 {
            failures.push(*name);
        }
        let verdict = if counts.failed == 0 { "ok" } else { "FAILED" };
        say::line(format_args!("=== {name}: {verdict}, {:.1} s", begun.elapsed().as_secs_f32()));
    }
    say::line(format_args!("\nall steps: {:.1} s", start.elapsed().as_secs_f32()));
    if !failures.is_empty() {
        say::line(format_args!("failed: {}", failures.join(", ")));
    }
    say::result(format_args!("{} passed, {} failed", total.passed, total.failed));
    if total.failed > 0 {
        // The count is the last line, so nothing is added to it.
        std::process::exit(1);
    }
    Ok(())
}

/// A step, with its counts or its error.
type Step = fn() -> Result<Counts>;

/// In order: first what others depend on, then the quick ones.
const STEPS: &[(&str, Step)] = &[
    ("packages", || one(machine::need_test_packages())),
    ("pdfium", || one(pdfium::fetch().map(|_| ()))),
    ("formatting", || one(run_command(cargo().args(["fmt", "--all", "--check"])))),
    ("clippy", clippy),
    ("documentation", documentation),
    ("tests", tests),
    ("window", || one(window::check::run())),
    ("starter", || one(starter())),
    (training::NAME, || one(training::run())),
];

fn one(result: Result<()>) -> Result<Counts> {
    result.map(|()| Counts { passed: 1, failed: 0 })
}

fn clippy() -> Result<Counts> {
    let mut command = cargo();
    command.args(["clippy", "--quiet", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    one(run_command(&mut command))
}

fn documentation() -> Result<Counts> {
    let mut command = cargo();
    command.args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items", "--locked"]);
    one(run_command(command.env("RUSTDOCFLAGS", "-D warnings")))
}

/// Runs all tests and documentation examples, counting results while passing on their output.
fn tests() -> Result<Counts> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]).stdout(Stdio::piped());
    let text = process::describe(&command);
    let mut child = command.spawn().with_context(|| format!("cannot start `{text}`"))?;
    let mut counts = Counts::default();
    let stdout = child.stdout.take().context("no output to read")?;
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.context("cannot read the tests' output")?;
        let line = String::from_utf8_lossy(&line);
        if let Some(of_binary) = counted(&line) {
            counts.passed += of_binary.passed;
            counts.failed += of_binary.failed;
        }
        // Nothing can be done about a closed standard output.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
    let status = child.wait().with_context(|| format!("cannot wait for `{text}`"))?;
    if !status.success() && counts.failed == 0 {
        bail!("`{text}` ended with {status}");
    }
    if counts.passed == 0 {
        bail!("`{text}` ran no test");
    }
    Ok(counts)
}

/// Parses libtest's closing line: `test result: ok. 12 passed; 0 failed; …`.
fn counted(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("test result: ")?;
    let number_before = |word: &str| rest.split(word).next()?.split_whitespace().next_back()?.parse().ok();
    Some(Counts { passed: number_before(" passed;")?, failed: number_before(" failed;")? })
}

/// The starter model answers a question about the sample report and cites a page.
fn starter() -> Result<()> {
    let recto = program::build_as_tested()?;
    program::pull_starter(&recto)?;
    let mut ask = Command::new(&recto);
    ask.arg("ask").arg(program::sample()).arg(program::QUESTION);
    let answer = process::output(&mut ask)?;
    say::line(format_args!("{}\n{answer}", program::QUESTION));
    if answer.trim().is_empty() {
        bail!("the starter gave no answer");
    }
    if !answer.to_lowercase().contains("page") && !answer.contains("p. ") {
        bail!("the answer cites no page");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        for (line, expected) in [
            ("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out", Some((12, 0))),
            ("test result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured", Some((7, 2))),
            ("test a::b ... ok", None),
        ] {
            assert_eq!(counted(line), expected.map(|(passed, failed)| Counts { passed, failed }), "{line}");
        }
    }
}
