//! A card with an error message and a hint.

use eframe::egui::{Align, Layout, RichText, Stroke, Ui};

use crate::window::theme::Look;

/// Draws the card; returns whether it was dismissed.
pub(crate) fn error_card_ui(ui: &mut Ui, look: &Look, message: &str, hint: Option<&str>) -> bool {
    error_card_with_ui(ui, look, (message, hint), "Dismiss")
}

/// Draws the card with this button; returns whether it was pressed.
pub(crate) fn error_card_with_ui(ui: &mut Ui, look: &Look, words: (&str, Option<&str>), action: &str) -> bool {
    error_card_of_ui(ui, look, words, &[action]).is_some()
}

/// Draws the card with these buttons, the first one rightmost; returns which one was pressed.
pub(crate) fn error_card_of_ui(
    ui: &mut Ui,
    look: &Look,
    (message, hint): (&str, Option<&str>),
    actions: &[&str],
) -> Option<usize> {
    let colours = look.colours();
    let card = look.card().fill(colours.error_ground).stroke(Stroke::new(1.0, colours.error));
    let mut pressed = None;
    card.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            for (at, action) in actions.iter().enumerate() {
                if ui.button(*action).clicked() {
                    pressed = Some(at);
                }
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.label(RichText::new(as_sentence(message)).color(colours.error).strong());
                if let Some(hint) = hint {
                    ui.label(hint);
                }
            });
        });
    });
    pressed
}

/// Capitalises an engine message, which starts in lower case because the command line prints it after "error: ".
pub(crate) fn as_sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
