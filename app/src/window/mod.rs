//! Recto's window: reports, questions, answers as they are written, and their sources.
//!
//! The window draws and never waits: it sends commands to services and applies their events
//! ([`crate::services::EngineClient`]). It knows no tensors and reads no files.

mod app;
mod commands;
mod export;
mod markdown;
mod pages;
mod remote;
pub mod saved;
mod screens;
mod state;
mod tabs;
mod theme;
mod widgets;

use std::sync::Arc;

use eframe::egui;
use engine::diagnostic::Hint;

pub use crate::platform::single_instance::OpenRequest;
use crate::wake::Wake;
pub use app::{Services, Start, Window};

/// Why the window could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// There is no usable display.
    #[error("no window can be shown here: there is no display, or none that can be drawn on")]
    NoDisplay(#[from] eframe::Error),
}

impl Hint for WindowError {
    fn hint(&self) -> Option<String> {
        let Self::NoDisplay(_) = self;
        Some("ask on the terminal instead: recto ask FILE \"QUESTION\"".into())
    }
}

/// The application icon, for systems that take it from the window.
const ICON: &[u8] = include_bytes!("../../../assets/icons/recto-256.png");

/// Width and height of the window, in points, until the user sets them.
const USUAL_SIZE: [f32; 2] = [1360.0, 860.0];

/// Smallest width and height, in points.
const LEAST_SIZE: [f32; 2] = [880.0, 520.0];

/// Shows the window until it is closed. `services` starts the services, given a function that wakes the window.
///
/// # Errors
/// If there is no usable display, or a service does not start.
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
