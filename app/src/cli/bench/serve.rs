//! `recto bench --serve`: reads tasks from standard input and answers each with a line of JSON, so that a script can time
//! several programs in turn, each in one long-lived process.

use std::io::BufRead;

use engine::diagnostic::Hint;
use engine::worker::bench::{Bench, BenchError, Loaded, Machine, Measurement, Work, peak_resident_bytes};
use serde::Serialize;

use crate::cli::ask::print;
use crate::cli::bench::json;
use crate::cli::failure::Failure;

/// The first line, printed once the model is loaded.
#[derive(Serialize)]
struct Ready<'a> {
    model: &'a Loaded,
    machine: Machine,
    peak_resident_bytes: Option<u64>,
}

/// The answer to a line.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Measured {
        #[serde(flatten)]
        measurement: Measurement,
        peak_resident_bytes: Option<u64>,
    },
    Refused {
        error: String,
        hint: Option<String>,
    },
}

/// Answers lines until the input ends; a failed task is answered with an error and does not end the session.
pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let ready = Ready { model: bench.loaded(), machine: Machine::here(), peak_resident_bytes: peak_resident_bytes() };
    print(&format!("{}\n", json(&ready, false)?))?;
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line.map_err(|error| Failure::new(format!("standard input cannot be read: {error}"), None))?;
        let line = String::from_utf8_lossy(&line);
        if line.trim().is_empty() {
            continue;
        }
        print(&format!("{}\n", json(&answer(bench, &line), false)?))?;
    }
    Ok(())
}

fn answer(bench: &mut Bench, line: &str) -> Answer {
    let work = match line.parse::<Work>() {
        Ok(work) => work,
        Err(error) => return Answer::Refused { error: error.to_string(), hint: error.hint() },
    };
    match bench.run(work) {
        Ok(measurement) => Answer::Measured { measurement, peak_resident_bytes: peak_resident_bytes() },
        Err(error) => refused(&error),
    }
}

fn refused(error: &BenchError) -> Answer {
    Answer::Refused { error: error.to_string(), hint: error.hint() }
}
