//! A question with its answer or error, and its sources.

use eframe::egui::{Button, RichText, Stroke, Ui};
use engine::protocol::ReadSoFar;

use crate::window::commands::{Commands, TurnCommand};
use crate::window::pages::{FrameCache, PageView};
use crate::window::screens::answer_actions::answer_actions_ui;
use crate::window::screens::answer_text::blocks_ui;
use crate::window::screens::evidence::evidence_ui;
use crate::window::state::answer_texts::AnswerTexts;
use crate::window::state::report::{State, Turn, TurnEnd};
use crate::window::theme::Look;
use crate::window::widgets::error_card_with_ui;

/// Draws a turn. `at` is its index in the conversation.
pub(crate) fn turn_ui(
    ui: &mut Ui,
    look: &Look,
    (state, at, turn): (&State, usize, &Turn),
    view: &PageView,
    (cache, answers): (&mut FrameCache, &mut AnswerTexts),
    commands: &mut Commands,
) {
    question_ui(ui, look, (state, at, turn));
    ui.add_space(look.sizes().gap_small);
    if let Some(error) = &turn.error {
        if !turn.answer.is_empty() {
            answer_ui(ui, look, (at, turn), view, (&mut *cache, answers), commands);
        }
        if error_card_with_ui(ui, look, (&error.message, error.hint.as_deref()), "Try again") {
            commands.push(TurnCommand::AskAgain(at));
        }
    } else if turn.answer.is_empty() {
        ui.label(look.muted(waiting_text(turn.end)));
    } else if turn.found_nothing() {
        nothing_ui(ui, look, turn);
    } else {
        answer_ui(ui, look, (at, turn), view, (&mut *cache, answers), commands);
    }
    if turn.end == TurnEnd::Cancelled && !turn.answer.is_empty() {
        ui.label(look.muted("Stopped here"));
    }
    if !turn.evidence.is_empty() {
        if turn.found_nothing() {
            ui.label(look.muted("Check these pages:"));
        }
        evidence_ui(ui, look, (at, turn), view, cache, commands);
    }
    for warning in &turn.warnings {
        ui.label(look.muted(warning));
    }
    let can_ask = state.work.is_none();
    if let Some(from) = &turn.from_part
        && part_ui(ui, look, from, turn.more_read.as_ref(), can_ask)
    {
        commands.push(TurnCommand::AskAgain(at));
    }
    if turn.end != TurnEnd::Open {
        answer_actions_ui(ui, look, (at, turn), can_ask, commands);
    }
}

/// The question in a card; with a border while it is edited or pointed out.
fn question_ui(ui: &mut Ui, look: &Look, (state, at, turn): (&State, usize, &Turn)) {
    let is_edited = state.editing.as_ref().is_some_and(|editing| editing.turn == at);
    let is_meant = is_edited || state.pointed_out == Some(at);
    let stroke = if is_meant { Stroke::new(1.5, look.colours().accent) } else { Stroke::NONE };
    look.card().fill(look.colours().sunken).stroke(stroke).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(&turn.question).strong());
        if let Some(about) = turn.scope.words() {
            ui.label(look.muted(format!("About {about}")));
        }
    });
}

fn answer_ui(
    ui: &mut Ui,
    look: &Look,
    (at, turn): (usize, &Turn),
    view: &PageView,
    (cache, answers): (&mut FrameCache, &mut AnswerTexts),
    commands: &mut Commands,
) {
    let (marked, lacking) = answers.marked(at, turn, &view.file.texts);
    for page in lacking {
        cache.want_text(&view.file, page);
    }
    blocks_ui(ui, look, &marked.blocks, view, cache, commands);
    if !marked.lost.is_empty() {
        let numbers = format!("Not on the cited pages: {}", marked.lost.join(", "));
        ui.label(RichText::new(numbers).size(look.sizes().text_small).color(look.colours().lost_number));
    }
}

/// An answer that says that nothing was found; it must not look like other answers.
fn nothing_ui(ui: &mut Ui, look: &Look, turn: &Turn) {
    look.card().show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new("Not found in this report").strong().color(look.colours().lost_number));
        let words = if turn.evidence.is_empty() {
            "Nothing in the report supports the model's answer:"
        } else {
            "The model found no answer:"
        };
        ui.label(look.muted(words));
        ui.label(look.muted(&turn.answer));
    });
}

/// How much had been read for an answer, and a button to ask again once more is read; returns whether it was clicked.
fn part_ui(ui: &mut Ui, look: &Look, from: &ReadSoFar, more: Option<&ReadSoFar>, can_ask: bool) -> bool {
    ui.label(look.muted(format!("Answered when {} read", extent_text(from, "had been"))));
    more.is_some_and(|more| {
        ui.add_enabled(can_ask, Button::new(format!("Ask again: {} read now", extent_text(more, "are")))).clicked()
    })
}

/// "12 of 40 pages are", "40 of 40 pages and 2 of 9 figures had been", "everything is".
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
        TurnEnd::Cancelled => "Stopped before an answer",
        TurnEnd::Failed => "No answer",
    }
}
