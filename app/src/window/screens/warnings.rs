//! What the user should know about the report that is open, while it is read on: a disk that is full, say.

use eframe::egui::{Align, Layout, ScrollArea, TextStyle, Ui};

use crate::window::commands::UserCommand;
use crate::window::state::report::State;
use crate::window::theme::Look;
use crate::window::widgets::as_sentence;

/// Lines that are shown at once; the others are reached by scrolling.
const MOST_LINES: f32 = 6.0;

/// Draws it, above the question.
pub(crate) fn warnings_ui(ui: &mut Ui, look: &Look, state: &State, commands: &mut Vec<UserCommand>) {
    if state.warnings.is_empty() {
        return;
    }
    look.card().show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            if ui.button("Dismiss").clicked() {
                commands.push(UserCommand::DismissWarnings);
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                // So that they leave the question in sight.
                let most_height = MOST_LINES * ui.text_style_height(&TextStyle::Body);
                ScrollArea::vertical().id_salt("warnings").max_height(most_height).show(ui, |ui| {
                    for warning in &state.warnings {
                        ui.label(as_sentence(warning));
                    }
                });
            });
        });
    });
    ui.add_space(look.sizes().gap_small);
}
