//! The conversation: questions and answers in one column, oldest first.

use eframe::egui::{Align, Button, Layout, Rect, RichText, Role, ScrollArea, Ui, WidgetInfo};

use crate::window::commands::{AppCommand, CommandId, Commands, TurnCommand};
use crate::window::export::ExportFormat;
use crate::window::pages::{FrameCache, PageView};
use crate::window::remote::Remote;
use crate::window::screens::turn::turn_ui;
use crate::window::state::answer_texts::AnswerTexts;
use crate::window::state::found_turns::FoundTurns;
use crate::window::state::report::State;
use crate::window::theme::Look;
use crate::window::widgets::error_card_ui;

/// How far beyond the visible part turns are still drawn, in points, so that screen readers find them and scrolling does not
/// jump.
const BEYOND: f32 = 4000.0;

/// Draws the conversation, with an error below it if there is one.
pub(crate) fn answers_ui(
    ui: &mut Ui,
    look: &Look,
    (state, view): (&State, &PageView),
    (cache, answers, found): (&mut FrameCache, &mut AnswerTexts, &mut FoundTurns),
    commands: &mut Commands,
) {
    if !state.turns.is_empty() {
        let found = found.look(&state.turns, &view.saved.query);
        head_ui(ui, look, (state, found), commands);
    }
    ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
        let width = look.sizes().column_width.min(ui.available_width());
        let margin = (ui.available_width() - width) / 2.0;
        ui.horizontal_top(|ui| {
            ui.add_space(margin);
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                ui.add_space(look.sizes().gap);
                if state.turns.is_empty() && state.error.is_none() {
                    empty_ui(ui, look, state);
                }
                let sight = ui.clip_rect().expand(BEYOND).y_range();
                for (at, turn) in state.turns.iter().enumerate() {
                    deleted_turn_ui(ui, look, state, at, commands);
                    let top = ui.cursor().min;
                    let is_shown = state.show_turn == Some(at);
                    let height = answers.height(at, width).filter(|_| !is_shown);
                    match height.filter(|height| top.y > sight.max || top.y + height < sight.min) {
                        Some(height) => ui.add_space(height),
                        None => turn_ui(ui, look, (state, at, turn), view, (&mut *cache, &mut *answers), commands),
                    }
                    let bottom = ui.cursor().min.y;
                    answers.set_size(at, width, bottom - top.y);
                    if is_shown {
                        let rect = Rect::from_min_max(top, (top.x + width, bottom).into());
                        ui.scroll_to_rect(rect, Some(Align::Min));
                    }
                    ui.add_space(look.sizes().gap_large);
                }
                deleted_turn_ui(ui, look, state, state.turns.len(), commands);
                if let Some(error) = &state.error
                    && error_card_ui(ui, look, &error.message, error.hint.as_deref())
                {
                    commands.push(AppCommand::DismissError);
                }
            });
        });
    });
}

/// Number of questions, and the export button.
fn head_ui(ui: &mut Ui, look: &Look, (state, found): (&State, &[usize]), commands: &mut Commands) {
    ui.horizontal(|ui| {
        let count = state.turns.len();
        let questions = if count == 1 { "1 question".to_owned() } else { format!("{count} questions") };
        if found.is_empty() {
            ui.label(look.muted(questions));
        } else {
            ui.label(look.muted(format!("Found in {} of {questions}", found.len())));
            for (sign, is_forward, name) in
                [("‹", false, "Previous match in the conversation"), ("›", true, "Next match in the conversation")]
            {
                let button = ui.add(Button::new(look.muted(sign)).frame_when_inactive(false));
                button.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
                if button.on_hover_text(name).clicked() {
                    commands.push(TurnCommand::StepFound { is_forward });
                }
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let info = CommandId::ExportWebPage.info();
            let button = Button::new(look.muted(info.button)).frame_when_inactive(false);
            if ui.add(button).on_hover_text(info.tooltip).clicked() {
                commands.push(AppCommand::ChooseExport(ExportFormat::WebPage));
            }
        });
    });
}

fn empty_ui(ui: &mut Ui, look: &Look, state: &State) {
    let text = match &state.document {
        Remote::Pending => "The report is being read. You can write your question meanwhile.",
        Remote::Ready(_) => "Ask a question about this report. The answer appears here with the lines it came from.",
        Remote::Absent | Remote::Failed => "",
    };
    ui.label(RichText::new(text).color(look.colours().ink_muted));
}

/// Offers to undo a deletion, at the position of the deleted question.
fn deleted_turn_ui(ui: &mut Ui, look: &Look, state: &State, at: usize, commands: &mut Commands) {
    if state.deleted.as_ref().is_none_or(|deleted| deleted.at != at) {
        return;
    }
    ui.horizontal(|ui| {
        ui.label(look.muted("Question deleted"));
        if ui.button("Undo").clicked() {
            commands.push(TurnCommand::UndoDelete);
        }
    });
    ui.add_space(look.sizes().gap_large);
}
