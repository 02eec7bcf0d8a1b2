//! Warnings about the open report that do not stop the work, for example a full disk.

use eframe::egui::{Align, Layout, Ui};

use crate::window::commands::{Commands, ReportCommand};
use crate::window::state::report::State;
use crate::window::theme::Look;
use crate::window::widgets::as_sentence;

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
                for warning in &state.warnings {
                    ui.label(as_sentence(warning));
                }
            });
        });
    });
    ui.add_space(look.sizes().gap_small);
}
