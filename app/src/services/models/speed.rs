//! Measures the speed of a model with `recto bench --serve` in a child process, which can be killed at any time and frees all
//! its memory.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use engine::cancel::{CancelToken, Cancelled};
use engine::child::Program;
use engine::diagnostic::Hint;
use engine::prompt::PASSAGE_TOKENS;
use engine::protocol::DeviceChoice;
use serde::Deserialize;

use crate::services::models::Speed;

/// Environment variables of Recto and of the compute libraries, which the measurement needs as well.
const OWN_VARIABLES: &[&str] = &["RECTO_", "XDG_", "RAYON_", "CUDA_", "NVIDIA_", "RUST_BACKTRACE"];

/// How often cancellation is checked.
const POLL: Duration = Duration::from_millis(100);

/// Tokens on a page that is mostly text.
pub(crate) const PAGE_TOKENS: f32 = 700.0;

/// Words per token of English text.
pub(crate) const TOKEN_WORDS: f32 = 0.75;

/// Warm-up and tasks for a model with an encoder; a figure is timed in between.
const WITH_ENCODER: [&str; 3] = ["encode 64", "encode 2048", "decode 4096 16"];

/// Warm-up and tasks for a model without one.
const WITHOUT_ENCODER: [&str; 3] = ["prompt 32", "prompt 512", "generate 16"];

/// Why a measurement failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpeedError {
    /// The user cancelled it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The process could not be started, or its pipes broke.
    #[error("the measurement could not run: {0}")]
    Process(#[from] std::io::Error),
    /// The process reported an error.
    #[error("{message}")]
    Refused {
        /// The message.
        message: String,
        /// The hint.
        hint: Option<String>,
    },
}

impl Hint for SpeedError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Cancelled(_) => None,
            Self::Process(_) => Some("try again; if it still fails, see the log".into()),
            Self::Refused { hint, .. } => hint.clone(),
        }
    }
}

/// The child process; killed on drop.
pub(crate) struct Bench {
    process: Child,
    work: ChildStdin,
    lines: Receiver<String>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The first line of output.
#[derive(Deserialize)]
struct Ready {
    model: Loaded,
}

/// The relevant properties of the model.
#[derive(Deserialize)]
struct Loaded {
    encoder_layers: usize,
    vision_layers: usize,
}

/// The result of a task.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Measured {
    secs: f32,
    /// Tokens encoded or generated per second.
    pub tokens_per_sec: f32,
    first_token_secs: f32,
    error: Option<String>,
    hint: Option<String>,
}

/// Measures the speed of an installed model.
///
/// # Errors
/// Returns [`SpeedError`]; on cancellation within a fraction of a second.
pub(crate) fn measure(name: &str, device: DeviceChoice, cancel: &CancelToken) -> Result<Speed, SpeedError> {
    let mut bench = Bench::start(&["--model", name], device)?;
    let (has_encoder, has_vision) = bench.ready(cancel)?;
    let [warm_up, reading, answering] = if has_encoder { WITH_ENCODER } else { WITHOUT_ENCODER };
    bench.time(warm_up, cancel)?;
    let read = bench.time(reading, cancel)?;
    let figure_secs = if has_vision { Some(bench.time("figure", cancel)?.secs) } else { None };
    let answered = bench.time(answering, cancel)?;
    Ok(Speed {
        pages_per_min: has_encoder.then_some(read.tokens_per_sec * 60.0 / PAGE_TOKENS),
        figure_secs,
        wait_secs: if has_encoder {
            answered.first_token_secs
        } else {
            PASSAGE_TOKENS as f32 / read.tokens_per_sec.max(1e-3)
        },
        words_per_sec: answered.tokens_per_sec * TOKEN_WORDS,
    })
}

impl Bench {
    /// Starts the process with the arguments that select the model.
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

    /// Waits until the model is loaded; whether it has an encoder and a vision tower.
    pub(crate) fn ready(&mut self, cancel: &CancelToken) -> Result<(bool, bool), SpeedError> {
        let ready: Ready = self.receive(cancel)?;
        Ok((ready.model.encoder_layers > 0, ready.model.vision_layers > 0))
    }

    /// Runs a task.
    pub(crate) fn time(&mut self, work: &str, cancel: &CancelToken) -> Result<Measured, SpeedError> {
        // If the process has exited, its own error says more than a broken pipe.
        let _ = writeln!(self.work, "{work}");
        let measured: Measured = self.receive(cancel)?;
        match measured.error {
            Some(message) => Err(SpeedError::Refused { message, hint: measured.hint }),
            None => Ok(measured),
        }
    }

    /// Waits for the next line of output.
    fn receive<T: serde::de::DeserializeOwned>(&mut self, cancel: &CancelToken) -> Result<T, SpeedError> {
        loop {
            cancel.check()?;
            match self.lines.recv_timeout(POLL) {
                Ok(line) => return serde_json::from_str(&line).map_err(|error| std::io::Error::from(error).into()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.exit_error()),
            }
        }
    }

    /// The error that the process printed before it exited.
    fn exit_error(&mut self) -> SpeedError {
        let mut text = String::new();
        if let Some(errors) = &mut self.process.stderr {
            // Unreadable output counts as none.
            let _ = errors.read_to_string(&mut text);
        }
        parse_error(&text)
    }
}

/// Parses the message and hint printed by a failed command.
fn parse_error(text: &str) -> SpeedError {
    let after = |word: &str| text.lines().find_map(|line| line.strip_prefix(word)).map(str::to_owned);
    let message = after("error: ").unwrap_or_else(|| "the measurement ended early".into());
    SpeedError::Refused { message, hint: after("hint: ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_the_process_is_reported() {
        for (text, message, hint) in [
            ("error: no model\nhint: install one\n", "no model", Some("install one")),
            ("Killed", "the measurement ended early", None),
        ] {
            let error = parse_error(text);
            assert_eq!((error.to_string().as_str(), error.hint().as_deref()), (message, hint));
        }
    }

    #[test]
    fn bench_output_is_parsed() {
        let line = r#"{"work":"decode 4096 16","secs":1.5,"tokens":16,"tokens_per_sec":10.7,"first_token_secs":0.2,
            "memory":"kv","memory_bytes":9,"peak_resident_bytes":9}"#;
        let measured: Measured = serde_json::from_str(line).unwrap();
        assert_eq!((measured.first_token_secs, measured.tokens_per_sec), (0.2, 10.7));
        let refused: Measured = serde_json::from_str(r#"{"error":"no vision","hint":null}"#).unwrap();
        assert_eq!(refused.error.as_deref(), Some("no vision"));
    }
}
