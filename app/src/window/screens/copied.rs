//! A word at the foot of the window after something was copied.

use eframe::egui::{Align2, Area, Id, Order, Ui, vec2};

use crate::window::theme::Look;

/// Draws the word.
pub(crate) fn copied_ui(ui: &Ui, look: &Look) {
    let gap = look.sizes().gap_large;
    let area = Area::new(Id::unique("copied")).order(Order::Foreground).interactable(false);
    area.anchor(Align2::CENTER_BOTTOM, vec2(0.0, -gap)).show(ui.ctx(), |ui| {
        look.card().show(ui, |ui| ui.label("Copied"));
    });
}
