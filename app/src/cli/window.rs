//! `recto [FILE…]`: the window, with those files open.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use crossbeam_channel::TryRecvError;
use eframe::egui;
use engine::protocol::{Command, Event};
use engine::worker::{Engine, EngineOptions};

use super::report::Failure;
use crate::window::{self, EngineClient, Start};

/// Arguments of `recto` without a command.
#[derive(Debug, Args)]
pub(crate) struct WindowArgs {
    /// Files to open in the window
    files: Vec<PathBuf>,
    /// Question to ask as soon as the file is open
    #[arg(long, requires = "files")]
    question: Option<String>,
    /// Light or dark; as the system has it where not given
    #[arg(long)]
    theme: Option<Theme>,
}

/// How the window looks.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Theme {
    Light,
    Dark,
}

/// Shows the window until it is closed.
pub(crate) fn run(arguments: WindowArgs) -> Result<(), Failure> {
    let theme = arguments.theme.map(|theme| match theme {
        Theme::Light => egui::Theme::Light,
        Theme::Dark => egui::Theme::Dark,
    });
    let start = Start { files: arguments.files, question: arguments.question, theme };
    window::run(start, |wake| {
        let engine = Engine::spawn(EngineOptions::default(), move || wake())?;
        Ok(Box::new(RunningEngine(engine)) as Box<dyn EngineClient>)
    })?;
    Ok(())
}

/// The engine's thread as the window's engine.
struct RunningEngine(Engine);

impl EngineClient for RunningEngine {
    fn send(&mut self, command: Command) {
        self.0.send(command);
    }

    fn try_recv(&mut self) -> Option<Event> {
        match self.0.try_recv() {
            Ok(event) => Some(event),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
        }
    }
}
