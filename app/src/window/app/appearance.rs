//! Applying the appearance settings.

use eframe::egui::{Context, ThemePreference};

use crate::window::saved::settings::{Mode, Settings};

/// Applies theme and text size.
pub(super) fn apply_appearance(settings: &Settings, ctx: &Context) {
    ctx.set_theme(match settings.theme {
        Mode::System => ThemePreference::System,
        Mode::Light => ThemePreference::Light,
        Mode::Dark => ThemePreference::Dark,
    });
    ctx.set_zoom_factor(settings.text_size);
}
