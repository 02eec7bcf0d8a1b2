//! Recto's window: a report, a question, the answer as it comes, and where it comes from.
//!
//! The window draws and never waits: work is the engine's, asked for with commands and told about by events
//! ([`EngineClient`]). It knows no tensors and reads no files.

mod answer_texts;
mod app;
mod carry_out;
mod command;
mod conversing;
mod desk;
mod dialog;
mod engine_client;
mod export;
mod fetch_pace;
mod figures;
mod fit;
mod found_turns;
mod frame_times;
mod layout;
mod librarian;
mod markdown;
mod model_keeper;
mod models;
mod pace;
mod pages;
mod palette;
mod power;
mod reading_map;
mod scope;
mod screens;
mod secret;
mod settings;
mod shelf;
mod shortcuts;
mod state;
mod tab;
mod tabs;
mod theme;
mod update;
mod versions;
mod viewer_client;
mod widgets;
mod with_models;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Receiver;
use eframe::egui;
use engine::diagnostic::Hint;
use serde::{Deserialize, Serialize};

pub use app::Window;
pub use engine_client::EngineClient;
pub use export::Export;
pub use librarian::{FileStanding, HitPlace, Librarian, LibraryCommand, LibraryEvent, LibraryHit, ReportStanding};
pub use model_keeper::{
    Fetch, FoundModel, InstalledModel, ModelCommand, ModelEvent, ModelKeeper, ModelShelf, OfferedModel, Speed, Updates,
    Wanted,
};
pub use secret::Secret;
pub use viewer_client::ViewerClient;

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

/// Questions and answers of a conversation as it is kept, each pair as one text.
pub fn conversation_texts(bytes: &[u8]) -> Vec<String> {
    desk::Conversation::from_bytes(bytes).texts().collect()
}

/// What wakes the window when an event has arrived; may be called from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

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

/// What another start of the program wants of the window that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Files to open.
    pub files: Vec<PathBuf>,
    /// Question to ask on the first of them.
    pub question: Option<String>,
}

/// Width and height of the window as a kept record tells them.
pub fn kept_size(desk: &[u8]) -> Option<(f32, f32)> {
    desk::Desk::from_bytes(Some(desk)).window
}

/// Bytes that what was read may take on disk, as a kept record tells them.
pub fn kept_bytes(settings: &[u8]) -> Option<u64> {
    settings::Settings::from_bytes(Some(settings)).kept_bytes
}

/// Those who work for the window.
pub struct Helpers {
    /// Reads and answers.
    pub engine: Box<dyn EngineClient>,
    /// Draws pages.
    pub viewer: Box<dyn ViewerClient>,
    /// Keeps the library.
    pub librarian: Box<dyn Librarian>,
    /// Keeps models.
    pub models: Box<dyn ModelKeeper>,
    /// What other starts of the program want, where they are listened to.
    pub calls: Option<Receiver<Call>>,
    /// Whether the computer runs on its battery, told when that changes, where it can be known.
    pub power: Option<Receiver<bool>>,
}

impl std::fmt::Debug for Helpers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Helpers").finish_non_exhaustive()
    }
}

/// The picture of the program, for systems that show one on a window or ask the window for it.
const ICON: &[u8] = include_bytes!("../../../assets/icons/recto-256.png");

/// Width and height of the window, in points, until the user sets them.
const USUAL_SIZE: [f32; 2] = [1360.0, 860.0];

/// Smallest width and height, in points.
const LEAST_SIZE: [f32; 2] = [880.0, 520.0];

/// Shows the window until it is closed. `helpers` makes those who work for it, given what wakes the window.
///
/// # Errors
/// When there is no display to show it on, or a helper does not start.
pub fn run(start: Start, helpers: impl FnOnce(Wake) -> std::io::Result<Helpers>) -> Result<(), WindowError> {
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
        let helpers = helpers(Arc::new(move || waking.request_repaint()))?;
        let window = Window::new(&ctx, helpers, start).map_err(|error| error.to_string())?;
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
