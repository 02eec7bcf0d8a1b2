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

use crate::cli::failure::Failure;
use crate::platform::install_paths::{named_file, sample_report};
use crate::platform::single_instance::{self, Found, OpenRequest, OpenRequests};
use crate::platform::{battery, log};
use crate::services::library::LibraryThread;
use crate::services::models::ModelThread;
use crate::services::{EngineClient, ViewerClient};
use crate::window::{self, Services, Start, saved};

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
    let call = OpenRequest {
        files: single_instance::absolute(arguments.files.into_iter().map(named_file).collect()),
        question: arguments.question,
    };
    let listener = if arguments.new_window {
        None
    } else {
        match single_instance::find_running_window(&call) {
            Found::Told => return Ok(()),
            Found::Nobody(listener) => listener,
        }
    };
    // A window without a log is better than none.
    if let Err(error) = log::begin() {
        tracing::warn!(%error, "there is no log");
    }
    let (way, calls) = OpenRequests::new();
    #[cfg(target_os = "macos")]
    let _finder = crate::platform::macos_open::OpenEvents::listen_to(way.clone());
    let start = Start {
        files: call.files,
        question: call.question,
        theme,
        times_frames_since: arguments.frame_times.then_some(begun),
        sample: sample_report(),
        size: kept(Record::Desk, saved::window_size),
    };
    window::run(start, |wake| {
        way.wake_with(wake.clone());
        listener.map(|listener| single_instance::take_open_requests(listener, way)).transpose()?;
        let (for_engine, for_viewer) = (wake.clone(), wake.clone());
        let options = EngineOptions {
            keeps_texts: true,
            is_considerate: true,
            kept_bytes: kept(Record::Settings, saved::cache_limit_bytes),
            ..EngineOptions::default()
        };
        let engine = Engine::spawn(options, move || for_engine())?;
        let viewer = Viewer::spawn(None, move || for_viewer())?;
        let library =
            Box::new(LibraryThread::spawn(Directories::of_user().ok(), saved::conversation_texts, wake.clone())?);
        let models = Box::new(ModelThread::spawn(wake.clone())?);
        let power = Some(battery::watch(wake)?);
        Ok(Services {
            engine: Box::new(RunningEngine(engine)),
            viewer: Box::new(RunningViewer(viewer)),
            library,
            models,
            open_requests: Some(calls),
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
