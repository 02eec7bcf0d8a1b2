//! `recto [FILE…]`: opens the window with these files.

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
use crate::platform::single_instance::{self, Handover, OpenRequest, OpenRequests};
use crate::platform::{battery, log};
use crate::services::library::{LibraryThread, StoredFormats};
use crate::services::models::ModelThread;
use crate::services::{EngineClient, ViewerClient};
use crate::window::{self, Services, Start, saved};

/// Arguments of the window.
#[derive(Debug, Args)]
pub(crate) struct WindowArgs {
    /// Files to open in the window
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Question to ask immediately
    #[arg(long, value_name = "QUESTION", requires = "files")]
    question: Option<String>,
    /// Light or dark [default: as set in the window]
    #[arg(long)]
    theme: Option<Theme>,
    /// Log the time to the first frame and, at the end, the frame times
    #[arg(long, hide = true)]
    frame_times: bool,
    /// Open a second window, even if one is running
    #[arg(long)]
    new_window: bool,
}

/// Appearance of the window.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Theme {
    /// Dark text on a light background
    Light,
    /// Light text on a dark background
    Dark,
}

/// Shows the window until it is closed.
pub(crate) fn run(arguments: WindowArgs) -> Result<(), Failure> {
    let shown = show(arguments);
    #[cfg(windows)]
    if let Err(failure) = &shown {
        failure.show_without_console();
    }
    shown
}

fn show(arguments: WindowArgs) -> Result<(), Failure> {
    let begun = Instant::now();
    let theme = arguments.theme.map(|theme| match theme {
        Theme::Light => egui::Theme::Light,
        Theme::Dark => egui::Theme::Dark,
    });
    let request = OpenRequest {
        files: single_instance::absolute(arguments.files.into_iter().map(named_file).collect()),
        question: arguments.question,
    };
    let listener = if arguments.new_window {
        None
    } else {
        match single_instance::hand_over(&request) {
            Handover::Done => return Ok(()),
            Handover::NoWindow(listener) => listener,
        }
    };
    // The window works without a log.
    if let Err(error) = log::begin() {
        tracing::warn!(%error, "the log cannot be written");
    }
    let (open_requests, incoming) = OpenRequests::new();
    #[cfg(target_os = "macos")]
    let _open_events = crate::platform::macos_open::OpenEvents::listen(open_requests.clone());
    let start = Start {
        files: request.files,
        question: request.question,
        theme,
        times_frames_since: arguments.frame_times.then_some(begun),
        sample: sample_report(),
        size: saved_value(Record::Desk, saved::window_size),
    };
    window::run(start, |wake| {
        open_requests.wake_with(wake.clone());
        listener.map(|listener| single_instance::accept_requests(listener, open_requests)).transpose()?;
        let (for_engine, for_viewer) = (wake.clone(), wake.clone());
        let options = EngineOptions {
            keeps_texts: true,
            is_considerate: true,
            kept_bytes: saved_value(Record::Settings, saved::cache_limit_bytes),
            ..EngineOptions::default()
        };
        let engine = Engine::spawn(options, move || for_engine())?;
        let viewer = Viewer::spawn(None, move || for_viewer())?;
        let formats =
            StoredFormats { conversation_texts: saved::conversation_texts, merged_session: saved::merged_session };
        let library = Box::new(LibraryThread::spawn(Directories::of_user().ok(), formats, wake.clone())?);
        let models = Box::new(ModelThread::spawn(wake.clone())?);
        let power = Some(battery::watch(wake)?);
        Ok(Services {
            engine: Box::new(RunningEngine(engine)),
            viewer: Box::new(RunningViewer(viewer)),
            library,
            models,
            open_requests: Some(incoming),
            power,
        })
    })?;
    Ok(())
}

/// A value read from a record of the library.
fn saved_value<T>(record: Record, read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let library = Library::new(&Directories::of_user().ok()?);
    read(&library.record(record).ok()??)
}

/// Connects the window to the engine thread.
struct RunningEngine(Engine);

impl EngineClient for RunningEngine {
    fn send(&mut self, command: Command) {
        self.0.send(command);
    }

    fn try_recv(&mut self) -> Option<Event> {
        self.0.try_recv().ok()
    }
}

/// Connects the window to the viewer thread.
struct RunningViewer(Viewer);

impl ViewerClient for RunningViewer {
    fn send(&mut self, command: ViewCommand) {
        self.0.send(command);
    }

    fn try_recv(&mut self) -> Option<ViewEvent> {
        self.0.try_recv()
    }
}
