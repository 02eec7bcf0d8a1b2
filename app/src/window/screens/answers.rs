//! Questions and answers, oldest first, in one column that is easy to read.

use eframe::egui::{Align, Button, Layout, RichText, ScrollArea, Ui};
use engine::protocol::{PageEvidence, ReadSoFar};

use super::super::command::UserCommand;
use super::super::pages::PageView;
use super::super::state::{Remote, State, Turn, TurnEnd};
use super::super::theme::Look;
use super::super::widgets::error_card_ui;
use super::evidence::evidence_ui;

/// Draws them, and what went wrong below.
pub(crate) fn answers_ui(
    ui: &mut Ui,
    look: &Look,
    state: &State,
    view: &mut PageView,
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
                    turn_ui(ui, look, (at, turn), view, commands);
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

fn turn_ui(ui: &mut Ui, look: &Look, (at, turn): (usize, &Turn), view: &mut PageView, commands: &mut Vec<UserCommand>) {
    let sizes = look.sizes();
    ui.label(RichText::new(&turn.question).size(sizes.text_heading).strong());
    ui.add_space(sizes.gap_small);
    if turn.answer.is_empty() {
        ui.label(look.muted(waiting_text(turn.end)));
    } else {
        ui.label(&turn.answer);
    }
    if turn.end == TurnEnd::Cancelled && !turn.answer.is_empty() {
        ui.label(look.muted("Stopped here"));
    }
    if !turn.evidence.is_empty() {
        ui.label(look.muted(pages_text(&turn.evidence)));
        evidence_ui(ui, look, (at, turn), view, commands);
    }
    for warning in &turn.warnings {
        ui.label(look.muted(warning));
    }
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

/// "From page 9", "From pages 9, 11 and 30", strongest first.
fn pages_text(evidence: &[PageEvidence]) -> String {
    match evidence {
        [] => String::new(),
        [only] => format!("From page {}", only.page),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|place| place.page.to_string()).collect();
            format!("From pages {} and {}", first.join(", "), last.page)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_in_order() {
        for (pages, expected) in [
            (vec![9], "From page 9"),
            (vec![30, 9], "From pages 30 and 9"),
            (vec![9, 11, 30], "From pages 9, 11 and 30"),
        ] {
            let place = |page| PageEvidence { document: 0, page, label: None, share: 0.5, spans: Vec::new() };
            let evidence: Vec<_> = pages.into_iter().map(place).collect();
            assert_eq!(pages_text(&evidence), expected);
        }
    }
}
