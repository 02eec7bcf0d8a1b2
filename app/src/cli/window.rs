//! `recto [FILE…]`: the window, with those files open.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use eframe::egui;
use engine::protocol::{Command, Event};
use engine::store::Directories;
use engine::store::library::{Library, Record};
use engine::viewer::{ViewCommand, ViewEvent, Viewer};
use engine::worker::{Engine, EngineOptions};

use super::beside::{named_file, sample_report};
use super::librarian::RunningLibrarian;
use super::log;
use super::model_keeper::RunningModelKeeper;
use super::one_window::{self, Calls, Found};
use super::power;
use super::report::Failure;
use crate::window::{self, Call, EngineClient, Helpers, Start, ViewerClient};

/// Arguments of the window.
#[derive(Debug, Args)]
pub(crate) struct WindowArgs {
    /// Files to open in the window
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Question to ask at once
    #[arg(long, value_name = "QUESTION", requires = "files")]
    question: Option<String>,
    /// Light or dark; as it is set in the window where not given
    #[arg(long)]
    theme: Option<Theme>,
    /// Log when the first frame came, and at the end how long frames took
    #[arg(long, hide = true)]
    frame_times: bool,
    /// Open a window of its own, even where one is there
    #[arg(long)]
    new_window: bool,
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
    let shown = show(arguments);
    #[cfg(windows)]
    if let Err(failure) = &shown {
        failure.show_where_nobody_reads();
    }
    shown
}

fn show(arguments: WindowArgs) -> Result<(), Failure> {
    let begun = Instant::now();
    let theme = arguments.theme.map(|theme| match theme {
        Theme::Light => egui::Theme::Light,
        Theme::Dark => egui::Theme::Dark,
    });
    let call = Call {
        files: one_window::absolute(arguments.files.into_iter().map(named_file).collect()),
        question: arguments.question,
    };
    let listener = if arguments.new_window {
        None
    } else {
        match one_window::look_for_window(&call) {
            Found::Told => return Ok(()),
            Found::Nobody(listener) => listener,
        }
    };
    // A window without a log is better than none.
    if let Err(error) = log::begin() {
        tracing::warn!(%error, "there is no log");
    }
    let (way, calls) = Calls::new();
    #[cfg(target_os = "macos")]
    let _finder = super::finder::Finder::listen_to(way.clone());
    let start = Start {
        files: call.files,
        question: call.question,
        theme,
        times_frames_since: arguments.frame_times.then_some(begun),
        sample: sample_report(),
        size: kept(Record::Desk, window::kept_size),
    };
    window::run(start, |wake| {
        way.wake_with(wake.clone());
        listener.map(|listener| one_window::take_calls(listener, way)).transpose()?;
        let (for_engine, for_viewer) = (wake.clone(), wake.clone());
        let options = EngineOptions {
            keeps_texts: true,
            is_considerate: true,
            kept_bytes: kept(Record::Settings, window::kept_bytes),
            ..EngineOptions::default()
        };
        let engine = Engine::spawn(options, move || for_engine())?;
        let viewer = Viewer::spawn(None, move || for_viewer())?;
        let librarian = Box::new(RunningLibrarian::spawn(Directories::of_user().ok(), wake.clone())?);
        let models = Box::new(RunningModelKeeper::spawn(wake.clone())?);
        let power = Some(power::watch(wake)?);
        Ok(Helpers {
            engine: Box::new(RunningEngine(engine)),
            viewer: Box::new(RunningViewer(viewer)),
            librarian,
            models,
            calls: Some(calls),
            power,
        })
    })?;
    Ok(())
}

/// What a record of the library tells.
fn kept<T>(record: Record, tell: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let library = Library::new(&Directories::of_user().ok()?);
    tell(&library.record(record).ok()??)
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
