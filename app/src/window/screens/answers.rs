//! Questions and answers, oldest first, in one column that is easy to read.

use eframe::egui::{Align, Button, Layout, RichText, ScrollArea, Stroke, Ui, vec2};
use engine::protocol::ReadSoFar;

use super::super::answer_texts::AnswerTexts;
use super::super::command::UserCommand;
use super::super::pages::PageView;
use super::super::state::{Remote, State, Turn, TurnEnd};
use super::super::theme::Look;
use super::super::widgets::error_card_ui;
use super::answer_text::blocks_ui;
use super::evidence::evidence_ui;

/// Height of what can be done with an answer, in points.
const ACTION_HEIGHT: f32 = 22.0;

/// Draws them, and what went wrong below.
pub(crate) fn answers_ui(
    ui: &mut Ui,
    look: &Look,
    state: &State,
    (view, answers): (&mut PageView, &mut AnswerTexts),
    commands: &mut Vec<UserCommand>,
) {
    ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
        let width = look.sizes().column_width.min(ui.available_width());
        let margin = (ui.available_width() - width) / 2.0;
        ui.horizontal_top(|ui| {
            ui.add_space(margin);
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                ui.add_space(look.sizes().gap);
                if state.turns.is_empty() && state.trouble.is_none() {
                    empty_ui(ui, look, state);
                }
                for (at, turn) in state.turns.iter().enumerate() {
                    let turn_at = ui.cursor().min;
                    turn_ui(ui, look, (at, turn), (view, answers), commands);
                    if state.show_turn == Some(at) {
                        let rect = eframe::egui::Rect::from_two_pos(turn_at, ui.min_rect().max);
                        ui.scroll_to_rect(rect, Some(Align::Min));
                    }
                    if let Some(from) = &turn.from_part
                        && part_ui(ui, look, from, turn.more_read.as_ref(), state.work.is_none())
                    {
                        commands.push(UserCommand::AskAgain(at));
                    }
                    ui.add_space(look.sizes().gap_large);
                }
                if let Some(trouble) = &state.trouble
                    && error_card_ui(ui, look, &trouble.message, trouble.hint.as_deref())
                {
                    commands.push(UserCommand::DismissError);
                }
            });
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

fn turn_ui(
    ui: &mut Ui,
    look: &Look,
    (at, turn): (usize, &Turn),
    (view, answers): (&mut PageView, &mut AnswerTexts),
    commands: &mut Vec<UserCommand>,
) {
    let sizes = look.sizes();
    let ground = look.card().fill(look.colours().sunken).stroke(Stroke::NONE);
    ground.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(&turn.question).strong());
    });
    ui.add_space(sizes.gap_small);
    if turn.answer.is_empty() {
        ui.label(look.muted(waiting_text(turn.end)));
    } else if turn.found_nothing() {
        look.card().show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new("Not found in this report").strong().color(look.colours().lost_number));
            ui.label(look.muted("The model found nothing to cite. It wrote:"));
            ui.label(look.muted(&turn.answer));
        });
    } else {
        for page in turn.evidence.iter().filter(|page| page.document == 0) {
            view.want_text(page.page);
        }
        blocks_ui(ui, look, &answers.blocks(at, turn, &view.texts), commands);
    }
    if turn.end == TurnEnd::Cancelled && !turn.answer.is_empty() {
        ui.label(look.muted("Stopped here"));
    }
    if !turn.evidence.is_empty() {
        evidence_ui(ui, look, (at, turn), view, commands);
    }
    for warning in &turn.warnings {
        ui.label(look.muted(warning));
    }
    if turn.end != TurnEnd::Open {
        actions_ui(ui, look, (at, turn), commands);
    }
}

/// What can be done with an answer.
fn actions_ui(ui: &mut Ui, look: &Look, (at, turn): (usize, &Turn), commands: &mut Vec<UserCommand>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = ACTION_HEIGHT;
        ui.spacing_mut().button_padding = vec2(look.sizes().gap_small, 1.0);
        let mut action = |label: &str, hint: &str, command: UserCommand| {
            let button = Button::new(look.muted(label)).frame_when_inactive(false);
            if ui.add(button).on_hover_text(hint).clicked() {
                commands.push(command);
            }
        };
        if !turn.answer.is_empty() {
            action("Copy", "Copy the answer with its pages", UserCommand::CopyAnswer(at));
        }
        action("Regenerate", "Have it answered in other words", UserCommand::Regenerate(at));
        action("Edit", "Put the question back into the field", UserCommand::EditQuestion(at));
        action("Delete", "Take question and answer away", UserCommand::DeleteTurn(at));
    });
}

/// From how much an answer was written, and a way to ask again once more is read; whether it was taken.
fn part_ui(ui: &mut Ui, look: &Look, from: &ReadSoFar, more: Option<&ReadSoFar>, can_ask: bool) -> bool {
    ui.label(look.muted(format!("Written when {} read", extent_text(from, "were"))));
    more.is_some_and(|more| {
        ui.add_enabled(can_ask, Button::new(format!("Ask again: {} read now", extent_text(more, "are")))).clicked()
    })
}

/// "12 of 40 pages are", "40 of 40 pages and 2 of 9 figures were", "everything is".
fn extent_text(read: &ReadSoFar, are: &str) -> String {
    let of = |(done, all): (u32, u32), what: &str| format!("{done} of {all} {what}");
    match (read.is_all(), read.figures.1) {
        (true, _) => "everything is".into(),
        (false, 0) => format!("{} {are}", of(read.pages, "pages")),
        (false, _) => format!("{} and {} {are}", of(read.pages, "pages"), of(read.figures, "figures")),
    }
}

fn waiting_text(end: TurnEnd) -> &'static str {
    match end {
        TurnEnd::Open => "Thinking…",
        TurnEnd::Answered => "The model gave no answer",
        TurnEnd::Cancelled => "Stopped before an answer came",
        TurnEnd::Failed => "No answer",
    }
}
