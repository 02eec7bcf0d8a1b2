//! Follows a request on the terminal: progress on standard error, then its outcome.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use engine::protocol::{Command, Event, ModelSummary, Outcome, RequestId, Stage};
use engine::untrusted::{harmless_lines, printable, printable_message};
use engine::worker::{Engine, EngineOptions};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::failure::Failure;

/// The id of the single request of a command.
pub(crate) const REQUEST: RequestId = RequestId(1);

/// Sends `command` to a new engine and follows it to its end; `on_token` receives the pieces of the answer.
///
/// # Errors
/// Fails if the request fails or the engine cannot be started.
pub(crate) fn follow(command: Command, on_token: &mut dyn FnMut(&str)) -> Result<Outcome, Failure> {
    let engine = Engine::spawn(EngineOptions::default(), || ()).map_err(|error| {
        Failure::new(
            format!("the engine thread cannot be started: {error}"),
            Some("close other programs and try again".into()),
        )
    })?;
    engine.send(command);
    let mut bars = Bars::default();
    while let Some(event) = engine.recv() {
        match event {
            Event::Progress { stage, done, total, .. } => bars.show(stage, done, total),
            Event::Warning { diagnostic, .. } => bars.say(&format!("warning: {diagnostic}")),
            Event::Opened { document, .. } => {
                bars.say(&format!("{}: {}", printable(&document.name), pages(document.pages)));
            }
            Event::Model { model, .. } => bars.say(&introduce(&model)),
            Event::Page { .. }
            | Event::Waiting { .. }
            | Event::Reading { .. }
            | Event::Encoded { .. }
            | Event::MoreRead { .. } => {}
            Event::Token { text, .. } => {
                bars.clear();
                on_token(&harmless_lines(&text));
            }
            Event::Done { outcome, .. } => {
                bars.clear();
                return Ok(outcome);
            }
            Event::Failed { report, .. } => {
                bars.clear();
                return Err(Failure::of(report));
            }
            Event::Cancelled { .. } => return Err(Failure::new("cancelled", None)),
        }
    }
    Err(Failure::new("the engine stopped unexpectedly", Some("try again".into())))
}

/// One line about the model, with its limits.
fn introduce(model: &ModelSummary) -> String {
    if model.stand_in {
        format!(
            "model {}: a small text-only model without an encoder; it answers from a few passages and is often wrong. \
             For better answers install a T5Gemma 2 model: recto models pull t5gemma-2-270m-270m",
            model.name
        )
    } else if model.has_eyes {
        format!("model {}", model.name)
    } else {
        format!("model {}: text only, figures and scans are skipped", model.name)
    }
}

/// A progress bar per stage on standard error; none if that is not a terminal.
#[derive(Default)]
struct Bars {
    bars: BTreeMap<Stage, ProgressBar>,
}

impl Bars {
    fn show(&mut self, stage: Stage, done: u64, total: u64) {
        // The streamed answer is its own progress.
        if stage == Stage::Answer || !std::io::stderr().is_terminal() {
            return;
        }
        let bar = self.bars.entry(stage).or_insert_with(|| {
            let template = "{msg:16} {bar:32} {percent:>3} %  {eta} left";
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            bar.with_style(style).with_message(name(stage))
        });
        bar.set_length(total);
        bar.set_position(done);
        if done >= total {
            bar.finish_and_clear();
        }
    }

    fn say(&self, line: &str) {
        let write = || {
            // Nothing can be done about a closed standard error.
            let _ = writeln!(std::io::stderr().lock(), "{}", printable_message(line));
        };
        match self.bars.values().find(|bar| !bar.is_finished()) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn clear(&mut self) {
        for bar in std::mem::take(&mut self.bars).into_values() {
            bar.finish_and_clear();
        }
    }
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Pages => "Reading pages",
        Stage::Model => "Loading model",
        Stage::Text => "Encoding text",
        Stage::Figures => "Encoding figures",
        Stage::Memory => "Preparing",
        Stage::Prompt => "Reading prompt",
        Stage::Answer => "Answering",
    }
}

/// "1 page", "12 pages".
pub(crate) fn pages(count: u32) -> String {
    if count == 1 { "1 page".into() } else { format!("{count} pages") }
}
