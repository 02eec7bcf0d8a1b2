//! `recto [FILE…]`: the window, with those files open.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use eframe::egui;
use engine::protocol::{Command, Event};
use engine::viewer::{ViewCommand, ViewEvent, Viewer};
use engine::worker::{Engine, EngineOptions};

use super::librarian::RunningLibrarian;
use super::model_keeper::RunningModelKeeper;
use super::report::Failure;
use crate::window::{self, EngineClient, Helpers, Start, ViewerClient};

/// Arguments of the window.
#[derive(Debug, Args)]
pub(crate) struct WindowArgs {
    /// Files to open in the window
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Question to ask at once
    #[arg(long, value_name = "QUESTION", requires = "files")]
    question: Option<String>,
    /// Light or dark; as the system has it where not given
    #[arg(long)]
    theme: Option<Theme>,
}

/// How the window looks.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Theme {
    /// Dark on light
    Light,
    /// Light on dark
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
        let (for_engine, for_viewer) = (wake.clone(), wake.clone());
        let options = EngineOptions { keeps_texts: true, ..EngineOptions::default() };
        let engine = Engine::spawn(options, move || for_engine())?;
        let viewer = Viewer::spawn(None, move || for_viewer())?;
        let librarian = Box::new(RunningLibrarian::spawn(wake.clone())?);
        let models = Box::new(RunningModelKeeper::spawn(wake)?);
        Ok(Helpers {
            engine: Box::new(RunningEngine(engine)),
            viewer: Box::new(RunningViewer(viewer)),
            librarian,
            models,
        })
    })?;
    Ok(())
}

/// The engine's thread as the window sees it.
struct RunningEngine(Engine);

impl EngineClient for RunningEngine {
    fn send(&mut self, command: Command) {
        self.0.send(command);
    }

    fn try_recv(&mut self) -> Option<Event> {
        self.0.try_recv().ok()
    }
}

/// The viewer's thread as the window sees it.
struct RunningViewer(Viewer);

impl ViewerClient for RunningViewer {
    fn send(&mut self, command: ViewCommand) {
        self.0.send(command);
    }

    fn try_recv(&mut self) -> Option<ViewEvent> {
        self.0.try_recv()
    }
}
