//! Recto's window: a report, a question, the answer as it comes, and where it comes from.
//!
//! The window draws and never waits: work is the engine's, asked for with commands and told about by events
//! ([`EngineClient`]). It knows no tensors and reads no files.

mod app;
mod command;
mod dialog;
mod engine_client;
mod screens;
mod state;
mod theme;
mod update;
mod widgets;

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui;
use engine::diagnostic::Hint;

pub use app::Window;
pub use engine_client::EngineClient;

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

/// What wakes the window when an event has arrived; may be called from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// How the window starts.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Files to open.
    pub files: Vec<PathBuf>,
    /// Question to ask as soon as the file is open.
    pub question: Option<String>,
    /// Light or dark; as the system has it where not given.
    pub theme: Option<egui::Theme>,
}

/// Shows the window until it is closed. `engine` makes the engine, given what wakes the window.
///
/// # Errors
/// When there is no display to show it on, or the engine does not start.
pub fn run(
    start: Start,
    engine: impl FnOnce(Wake) -> std::io::Result<Box<dyn EngineClient>>,
) -> Result<(), WindowError> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Recto")
            .with_app_id("recto")
            .with_inner_size([1120.0, 760.0])
            .with_min_inner_size([720.0, 480.0]),
        ..Default::default()
    };
    let create = |creation: &eframe::CreationContext<'_>| {
        let ctx = creation.egui_ctx.clone();
        if let Some(theme) = start.theme {
            ctx.set_theme(theme);
        }
        let waking = ctx.clone();
        let engine = engine(Arc::new(move || waking.request_repaint()))?;
        let window = Window::new(&ctx, engine, start.files, start.question).map_err(|error| error.to_string())?;
        Ok(Box::new(window) as Box<dyn eframe::App>)
    };
    eframe::run_native("Recto", options, Box::new(create))?;
    Ok(())
}
