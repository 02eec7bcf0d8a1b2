//! How fast a model works on this computer, for whoever chooses one: `recto bench --serve` in a process of its own, which can
//! be ended at any moment and gives back all its memory.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use engine::cancel::{CancelToken, Cancelled};
use engine::child::Program;
use engine::diagnostic::Hint;
use engine::protocol::DeviceChoice;
use serde::Deserialize;

use crate::services::models::Speed;

/// Variables of our own program and of the libraries that compute: where models are, and what the computer may use.
const OWN_VARIABLES: &[&str] = &["RECTO_", "XDG_", "RAYON_", "CUDA_", "NVIDIA_", "RUST_BACKTRACE"];

/// How often the wish to stop is looked at.
const POLL: Duration = Duration::from_millis(100);

/// Tokens of a page of a report that is mostly text.
pub(crate) const PAGE_TOKENS: f32 = 700.0;

/// Words in a token of English text.
pub(crate) const TOKEN_WORDS: f32 = 0.75;

/// Tokens that a model without an encoder is shown of a report.
pub(crate) const PROMPT_TOKENS: f32 = 1200.0;

/// Work for a model with an encoder, behind a piece that only warms up; looking at a figure is put in between.
const WITH_ENCODER: [&str; 3] = ["encode 64", "encode 2048", "decode 4096 16"];

/// Work for one without.
const WITHOUT_ENCODER: [&str; 3] = ["prompt 32", "prompt 512", "generate 16"];

/// Why a speed was not measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpeedError {
    /// The user had enough.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The process was not started, or its pipes broke.
    #[error("the measurement did not run: {0}")]
    Process(#[from] std::io::Error),
    /// The process said why it cannot measure.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl Hint for SpeedError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Cancelled(_) => None,
            Self::Process(_) => Some("try again; if it fails again, the log says more".into()),
            Self::Refused { hint, .. } => hint.clone(),
        }
    }
}

/// The process, which ends with this value.
pub(crate) struct Bench {
    process: Child,
    work: ChildStdin,
    lines: Receiver<String>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The first line that the process says.
#[derive(Deserialize)]
struct Ready {
    model: Loaded,
}

/// What matters of the model.
#[derive(Deserialize)]
struct Loaded {
    encoder_layers: usize,
    vision_layers: usize,
}

/// What it says of a piece of work.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Measured {
    secs: f32,
    /// Tokens that were taken in or written in a second.
    pub tokens_per_sec: f32,
    first_token_secs: f32,
    error: Option<String>,
    hint: Option<String>,
}

/// Measures the speed of an installed model.
///
/// # Errors
/// Returns [`SpeedError`]; when it is cancelled within a fraction of a second.
pub(crate) fn measure(name: &str, device: DeviceChoice, cancel: &CancelToken) -> Result<Speed, SpeedError> {
    let mut bench = Bench::start(&["--model", name], device)?;
    let (has_encoder, has_eyes) = bench.ready(cancel)?;
    let [warm_up, reading, answering] = if has_encoder { WITH_ENCODER } else { WITHOUT_ENCODER };
    bench.time(warm_up, cancel)?;
    let read = bench.time(reading, cancel)?;
    let figure_secs = if has_eyes { Some(bench.time("figure", cancel)?.secs) } else { None };
    let answered = bench.time(answering, cancel)?;
    Ok(Speed {
        pages_per_min: has_encoder.then_some(read.tokens_per_sec * 60.0 / PAGE_TOKENS),
        figure_secs,
        wait_secs: if has_encoder { answered.first_token_secs } else { PROMPT_TOKENS / read.tokens_per_sec.max(1e-3) },
        words_per_sec: answered.tokens_per_sec * TOKEN_WORDS,
    })
}

impl Bench {
    /// Starts the process, with these arguments that say what is measured.
    pub(crate) fn start(what: &[&str], device: DeviceChoice) -> Result<Self, SpeedError> {
        let device = match device {
            DeviceChoice::Cpu => "cpu",
            DeviceChoice::Cuda => "cuda",
            DeviceChoice::Metal => "metal",
        };
        let mut process = Program::new(std::env::current_exe()?)
            .args(["bench", "--serve", "--device", device])
            .args(what)
            .passing_prefixes(OWN_VARIABLES)
            .piped_input()
            .piped_output()
            .piped_errors()
            .start()?;
        let broken = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let work = process.stdin.take().ok_or_else(broken)?;
        let output = process.stdout.take().ok_or_else(broken)?;
        let (sender, lines) = bounded(8);
        let bench = Self { process, work, lines };
        std::thread::Builder::new().name("speed".into()).spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(bench)
    }

    /// Waits until it has loaded the model; whether that has an encoder, and eyes.
    pub(crate) fn ready(&mut self, cancel: &CancelToken) -> Result<(bool, bool), SpeedError> {
        let ready: Ready = self.hear(cancel)?;
        Ok((ready.model.encoder_layers > 0, ready.model.vision_layers > 0))
    }

    /// Has a piece of work done.
    pub(crate) fn time(&mut self, work: &str, cancel: &CancelToken) -> Result<Measured, SpeedError> {
        // Where the process has ended, what it said tells more than the pipe.
        let _ = writeln!(self.work, "{work}");
        let measured: Measured = self.hear(cancel)?;
        match measured.error {
            Some(message) => Err(SpeedError::Refused { message, hint: measured.hint }),
            None => Ok(measured),
        }
    }

    /// Waits for the next line.
    fn hear<T: serde::de::DeserializeOwned>(&mut self, cancel: &CancelToken) -> Result<T, SpeedError> {
        loop {
            cancel.check()?;
            match self.lines.recv_timeout(POLL) {
                Ok(line) => return serde_json::from_str(&line).map_err(|error| std::io::Error::from(error).into()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.last_words()),
            }
        }
    }

    /// Why the process has ended, as it says itself.
    fn last_words(&mut self) -> SpeedError {
        let mut text = String::new();
        if let Some(errors) = &mut self.process.stderr {
            // What cannot be read was not said.
            let _ = errors.read_to_string(&mut text);
        }
        refusal(&text)
    }
}

/// Two lines of a command that failed.
fn refusal(text: &str) -> SpeedError {
    let after = |word: &str| text.lines().find_map(|line| line.strip_prefix(word)).map(str::to_owned);
    let message = after("error: ").unwrap_or_else(|| "the measurement ended before it was done".into());
    SpeedError::Refused { message, hint: after("hint: ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_process_says_at_its_end_is_told() {
        for (text, message, hint) in [
            ("error: no model\nhint: fetch one\n", "no model", Some("fetch one")),
            ("Killed", "the measurement ended before it was done", None),
        ] {
            let error = refusal(text);
            assert_eq!((error.to_string().as_str(), error.hint().as_deref()), (message, hint));
        }
    }

    #[test]
    fn lines_of_the_bench_are_understood() {
        let line = r#"{"work":"decode 4096 16","secs":1.5,"tokens":16,"tokens_per_sec":10.7,"first_token_secs":0.2,
            "memory":"kv","memory_bytes":9,"peak_resident_bytes":9}"#;
        let measured: Measured = serde_json::from_str(line).unwrap();
        assert_eq!((measured.first_token_secs, measured.tokens_per_sec), (0.2, 10.7));
        let refused: Measured = serde_json::from_str(r#"{"error":"no eyes","hint":null}"#).unwrap();
        assert_eq!(refused.error.as_deref(), Some("no eyes"));
    }
}
