//! What the window needs to start: files, a question, and its services.

use std::path::PathBuf;
use std::time::Instant;

use crossbeam_channel::Receiver;
use eframe::egui;

use crate::platform::single_instance::OpenRequest;
use crate::services::library::LibraryService;
use crate::services::models::ModelService;
use crate::services::{EngineClient, ViewerClient};

/// How the window starts.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Files to open, the first of them in front.
    pub files: Vec<PathBuf>,
    /// Question to ask once the first of them is open.
    pub question: Option<String>,
    /// Light or dark, overriding the setting.
    pub theme: Option<egui::Theme>,
    /// Start time of the program, if frame times should be logged.
    pub times_frames_since: Option<Instant>,
    /// Path of the sample report, if it is installed.
    pub sample: Option<PathBuf>,
    /// Saved width and height of the window, in points.
    pub size: Option<(f32, f32)>,
}

/// Services of the window.
pub struct Services {
    /// Reads reports and answers questions.
    pub engine: Box<dyn EngineClient>,
    /// Renders pages.
    pub viewer: Box<dyn ViewerClient>,
    /// Stores reports and conversations.
    pub library: Box<dyn LibraryService>,
    /// Manages models.
    pub models: Box<dyn ModelService>,
    /// Requests from later starts of the program, if this instance accepts them.
    pub open_requests: Option<Receiver<OpenRequest>>,
    /// Changes between battery and mains, if the system reports them.
    pub power: Option<Receiver<bool>>,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}
