//! The question field, with progress above and the model below.

use eframe::egui::{Align, Align2, Key, Label, Layout, TextEdit, Ui, vec2};
use engine::protocol::ModelSummary;

use crate::window::commands::{AppCommand, CommandId, Commands, ReportCommand, TurnCommand};
use crate::window::remote::Remote;
use crate::window::state::report::{Draft, State, Work};
use crate::window::state::screen::Screen;
use crate::window::theme::Look;
use crate::window::widgets::{bar_ui, primary_button_ui};

/// Width of the button beside the field, in points.
const BUTTON_WIDTH: f32 = 84.0;

/// Draws the field, which edits `question`.
pub(crate) fn question_ui(
    ui: &mut Ui,
    look: &Look,
    (state, has_model): (&State, bool),
    question: &mut String,
    commands: &mut Commands,
) {
    if let Some(work) = &state.work {
        progress_ui(ui, look, work);
    }
    note_ui(ui, look, state, commands);
    editing_ui(ui, look, state, commands);
    if state.is_opening() && state.draft == Draft::AskedOnceOpen {
        ui.label(look.muted("Will be asked as soon as the report is open"));
    }
    let name = ui.label(look.muted("Your question"));
    ui.horizontal(|ui| {
        let width = ui.available_width() - BUTTON_WIDTH - ui.spacing().item_spacing.x;
        let field = TextEdit::singleline(question)
            .hint_text("What would you like to know?")
            .align(Align2::LEFT_CENTER)
            .margin(vec2(look.sizes().gap, look.sizes().gap_small))
            .min_size(vec2(0.0, look.sizes().control_height))
            .desired_width(width);
        let field = ui.add(field).labelled_by(name.id);
        if state.focus_question {
            field.request_focus();
        }
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            commands.push(ReportCommand::Ask);
        }
        let goes_up = field.has_focus() && question.is_empty() && ui.input(|input| input.key_pressed(Key::ArrowUp));
        if let Some(last) = state.turns.len().checked_sub(1).filter(|_| goes_up) {
            commands.push(TurnCommand::Edit(last));
        }
        button_ui(ui, look, state, !question.trim().is_empty(), commands);
    });
    if has_model {
        ui.label(look.muted(model_text(state.model.as_ref())));
    } else {
        ui.label(look.muted("No model is installed"));
        if ui.button("Download a model…").clicked() {
            commands.push(AppCommand::ShowScreen(Screen::Settings));
        }
    }
}

fn button_ui(ui: &mut Ui, look: &Look, state: &State, has_question: bool, commands: &mut Commands) {
    ui.with_layout(Layout::right_to_left(Align::Center).with_main_justify(true), |ui| {
        if let Some(work) = &state.work {
            let label = if work.cancelling { "Stopping" } else { CommandId::Cancel.info().button };
            if ui.add_enabled_ui(!work.cancelling, |ui| ui.button(label)).inner.clicked() {
                commands.push(ReportCommand::Cancel);
            }
        } else {
            let is_clear = has_question && state.scope_pages.is_none();
            let enabled = is_clear && matches!(state.document, Remote::Ready(_));
            if primary_button_ui(ui, look, "Ask", enabled).clicked() {
                commands.push(ReportCommand::Ask);
            }
        }
    });
}

/// A note on something just done.
fn note_ui(ui: &mut Ui, look: &Look, state: &State, commands: &mut Commands) {
    let Some(note) = &state.note else { return };
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Dismiss").clicked() {
                commands.push(ReportCommand::DismissNote);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(look.muted(note)).truncate());
            });
        });
    });
}

/// A line while an earlier question is edited.
fn editing_ui(ui: &mut Ui, look: &Look, state: &State, commands: &mut Commands) {
    let Some(editing) = &state.editing else { return };
    let leave = CommandId::StopEditing.info();
    ui.horizontal(|ui| {
        ui.label(look.muted(format!("Editing question {}; its answer is kept", editing.turn + 1)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button(leave.button).on_hover_text(leave.tooltip_with_keys(ui.ctx())).clicked() {
                commands.push(TurnCommand::StopEditing);
            }
        });
    });
}

fn progress_ui(ui: &mut Ui, look: &Look, work: &Work) {
    let count = work.unit.map(|unit| format!("{} of {} {unit}", work.done, work.total)).unwrap_or_default();
    ui.horizontal(|ui| {
        ui.label(look.muted(&work.stage));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(look.muted(count)));
    });
    bar_ui(ui, look, &work.stage, work.share());
    ui.add_space(look.sizes().gap_small);
}

/// The model in use, and its limits.
fn model_text(model: Option<&ModelSummary>) -> String {
    let Some(model) = model else {
        return "The model loads with your first question".to_owned();
    };
    let name = &model.name;
    match (model.stand_in, model.has_eyes) {
        (true, _) => format!(
            "Answers come from {name}, a small text-only model: it reads text, not figures, and is often wrong. \
             Install a T5Gemma 2 model for better answers."
        ),
        (false, true) => format!("Answers come from {name}, which reads text and figures"),
        (false, false) => format!("Answers come from {name}, which reads text, not figures"),
    }
}
