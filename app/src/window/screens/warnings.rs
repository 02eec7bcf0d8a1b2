//! Warnings about the open report that do not stop the work, for example a full disk.

use eframe::egui::{Align, Layout, ScrollArea, TextStyle, Ui};

use crate::window::commands::{Commands, ReportCommand};
use crate::window::state::report::State;
use crate::window::theme::Look;
use crate::window::widgets::as_sentence;

/// Lines shown at once; the rest can be scrolled to.
const MOST_LINES: f32 = 6.0;

/// Draws the warnings, above the question.
pub(crate) fn warnings_ui(ui: &mut Ui, look: &Look, state: &State, commands: &mut Commands) {
    if state.warnings.is_empty() {
        return;
    }
    look.card().show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            if ui.button("Dismiss").clicked() {
                commands.push(ReportCommand::DismissWarnings);
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
