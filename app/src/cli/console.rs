//! What the commands on models print and ask on the terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use engine::hub::{Licence, Progress, Stage};
use engine::store::models::Manifest;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::failure::Failure;

/// Shows the licence notice and asks for agreement, unless the flag gave it; without a terminal there is none.
pub(super) fn agree(licence: &Licence, accepted_by_flag: bool) -> bool {
    note(&licence.notice);
    if accepted_by_flag {
        note(&format!("{} accepted", licence.line()));
        return true;
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return false;
    }
    note(&format!("Type yes to accept the {}:", licence.line()));
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).is_ok() && typed.trim().eq_ignore_ascii_case("yes")
}

/// Runs `work` with a progress bar on standard error; nothing is drawn if that is not a terminal.
pub(super) fn with_progress_bar<T>(work: impl FnOnce(&mut dyn FnMut(Progress)) -> T) -> T {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg:12} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}") {
        bar.set_style(style);
    }
    let result = work(&mut |progress| {
        bar.set_message(match progress.stage {
            Stage::Download => "Downloading",
            Stage::Copy => "Installing",
            Stage::Verify => "Verifying",
        });
        bar.set_length(progress.total_bytes);
        bar.set_position(progress.done_bytes);
    });
    bar.finish_and_clear();
    result
}

/// A model in one line: kind, adapter, size and licence.
pub(super) fn about(manifest: &Manifest) -> String {
    let adapter = manifest.adapter.as_ref().map(|adapter| format!(", with the adapter {}", adapter.name));
    let (megabytes, adapter) = (manifest.total_bytes() / 1_000_000, adapter.unwrap_or_default());
    format!("{}{adapter}, {megabytes} MB, {}", manifest.kind, manifest.licence)
}

/// Prints one line of the result.
pub(super) fn say(line: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout().lock(), "{line}").map_err(|error| cannot_print(&error))
}

/// Prints a value as JSON, as the result of the command.
pub(super) fn say_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| cannot_print(&error.into()))?;
    say(&text)
}

/// Prints a note on standard error.
pub(super) fn note(text: &str) {
    // Nothing can be done about a closed standard error.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn cannot_print(error: &std::io::Error) -> Failure {
    Failure::new(format!("the result cannot be printed: {error}"), None)
}
