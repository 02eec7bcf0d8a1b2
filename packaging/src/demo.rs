//! `cargo xtask demo`: from a fresh clone to an answer about the sample report.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::process::run as run_command;
use crate::{pdfium, program, say};

/// Arguments of `cargo xtask demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The question about the sample report
    #[arg(long, default_value = program::QUESTION)]
    question: String,
    /// Answer on the terminal even if there is a display
    #[arg(long)]
    terminal: bool,
}

/// Downloads PDFium, builds Recto, downloads the starter model and asks a question.
pub(crate) fn run(arguments: &DemoArgs) -> Result<()> {
    pdfium::fetch()?;
    let recto = program::build_release()?;
    program::pull_starter(&recto)?;
    let sample = program::sample();
    let mut ask = Command::new(&recto);
    if has_display() && !arguments.terminal {
        say::line(format_args!("Opening the sample report in Recto's window"));
        ask.arg(sample).arg("--question").arg(&arguments.question);
    } else {
        say::line(format_args!("Asking the sample report: {}", arguments.question));
        ask.arg("ask").arg(sample).arg(&arguments.question);
    }
    run_command(&mut ask)
}

/// Whether there is a display for a window.
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}
