//! Recto's window: a report, a question, the answer as it comes, and where it comes from.
//!
//! The window draws and never waits: work is the engine's, asked for with commands and told about by events
//! ([`crate::services::EngineClient`]). It knows no tensors and reads no files.

mod app;
mod commands;
mod export;
mod markdown;
mod pages;
pub mod saved;
mod screens;
mod state;
mod theme;
mod widgets;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Receiver;
use eframe::egui;
use engine::diagnostic::Hint;

pub use crate::platform::single_instance::OpenRequest;
use crate::services::library::LibraryService;
use crate::services::models::ModelService;
use crate::services::{EngineClient, ViewerClient};
use crate::wake::Wake;
pub use app::Window;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No display, or none that can be drawn on.
    #[error("no window can be shown here: there is no display, or none that can be drawn on")]
    NoDisplay(#[from] eframe::Error),
}

impl Hint for WindowError {
    fn hint(&self) -> Option<String> {
        let Self::NoDisplay(_) = self;
        Some("ask on the terminal instead: recto ask FILE \"QUESTION\"".into())
    }
}

/// How the window starts.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Files to open, the first of them in front.
    pub files: Vec<PathBuf>,
    /// Question to ask as soon as the first of them is open.
    pub question: Option<String>,
    /// Light or dark; as it is set where not given.
    pub theme: Option<egui::Theme>,
    /// When the program began, where it is to be told how long after that the first frame came, and how long frames took.
    pub times_frames_since: Option<Instant>,
    /// The sample report, where it was found beside the program.
    pub sample: Option<PathBuf>,
    /// Width and height of the window, in points, where it was left so.
    pub size: Option<(f32, f32)>,
}

/// Those who work for the window.
pub struct Services {
    /// Reads and answers.
    pub engine: Box<dyn EngineClient>,
    /// Draws pages.
    pub viewer: Box<dyn ViewerClient>,
    /// Keeps the library.
    pub library: Box<dyn LibraryService>,
    /// Keeps models.
    pub models: Box<dyn ModelService>,
    /// What other starts of the program want, where they are listened to.
    pub open_requests: Option<Receiver<OpenRequest>>,
    /// Whether the computer runs on its battery, told when that changes, where it can be known.
    pub power: Option<Receiver<bool>>,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}

/// The picture of the program, for systems that show one on a window or ask the window for it.
const ICON: &[u8] = include_bytes!("../../../assets/icons/recto-256.png");

/// Width and height of the window, in points, until the user sets them.
const USUAL_SIZE: [f32; 2] = [1360.0, 860.0];

/// Smallest width and height, in points.
const LEAST_SIZE: [f32; 2] = [880.0, 520.0];

/// Shows the window until it is closed. `services` makes those who work for it, given what wakes the window.
///
/// # Errors
/// When there is no display to show it on, or a helper does not start.
pub fn run(start: Start, services: impl FnOnce(Wake) -> std::io::Result<Services>) -> Result<(), WindowError> {
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Recto")
        .with_app_id("recto")
        .with_inner_size(start.size.map_or(USUAL_SIZE, |(width, height)| [width, height]))
        .with_min_inner_size(LEAST_SIZE);
    match eframe::icon_data::from_png_bytes(ICON) {
        Ok(icon) => viewport = viewport.with_icon(icon),
        // A window without its picture is better than none.
        Err(error) => tracing::warn!(%error, "the icon cannot be read"),
    }
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    let create = |creation: &eframe::CreationContext<'_>| {
        let ctx = creation.egui_ctx.clone();
        let waking = ctx.clone();
        let services = services(Arc::new(move || waking.request_repaint()))?;
        let window = Window::new(&ctx, services, start).map_err(|error| error.to_string())?;
        Ok(Box::new(window) as Box<dyn eframe::App>)
    };
    eframe::run_native("Recto", options, Box::new(create))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_icon_is_a_picture_with_a_shape() {
        let icon = eframe::icon_data::from_png_bytes(super::ICON).unwrap();
        assert_eq!((icon.width, icon.height), (256, 256));
        let alpha = |at: usize| icon.rgba[4 * at + 3];
        assert_eq!((alpha(0), alpha(128 * 256 + 128)), (0, 255), "its corner can be seen through, its middle cannot");
    }
}
