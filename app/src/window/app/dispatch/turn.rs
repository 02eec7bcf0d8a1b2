//! Commands for questions of the conversation and their answers.

use eframe::egui;

use crate::services::EngineClient;
use crate::window::app::Window;
use crate::window::commands::{TurnCommand, TurnEffect};
use crate::window::pages::{Marks, ViewAction};
use crate::window::state::engine_events;
use crate::window::state::report::{DeletedTurn, Editing, State, Turn};
use crate::window::tabs::Tab;

impl Window {
    pub(super) fn dispatch_turn(&mut self, ctx: &egui::Context, command: &TurnCommand) {
        if let TurnCommand::AskAgain(turn) | TurnCommand::Regenerate(turn) = command {
            let turn = self.tabs.front().and_then(|tab| tab.state.turns.get(*turn));
            self.prepare_question(turn.map(|turn| turn.scope.clone()));
        }
        let Some(tab) = self.tabs.front_mut() else { return };
        match dispatch(tab, self.services.engine.as_mut(), command) {
            Some(TurnEffect::ShowInReport(path, marks)) => self.show_in_report(path, marks),
            Some(TurnEffect::CopyText(text)) => ctx.copy_text(text),
            None => {}
        }
    }
}

fn dispatch(tab: &mut Tab, engine: &mut dyn EngineClient, command: &TurnCommand) -> Option<TurnEffect> {
    let state = &mut tab.state;
    match *command {
        TurnCommand::AskAgain(turn) => engine_events::ask_again(state, engine, turn),
        TurnCommand::Regenerate(turn) => engine_events::regenerate(state, engine, turn),
        TurnCommand::Edit(turn) => edit(state, turn),
        TurnCommand::StopEditing => stop_editing(state),
        TurnCommand::Copy(turn) => {
            let text = state.turns.get(turn).map(Turn::with_citations).unwrap_or_default();
            return Some(TurnEffect::CopyText(text));
        }
        TurnCommand::Delete(turn) => {
            delete(state, turn);
            tab.answers.forget();
        }
        TurnCommand::UndoDelete => {
            undo_delete(state);
            tab.answers.forget();
        }
        TurnCommand::ShowVersion { turn, version } => {
            if let Some(turn) = state.turns.get_mut(turn) {
                turn.show_version(version);
            }
        }
        TurnCommand::SelectSource { turn, source } => {
            if let Some(turn) = state.turns.get_mut(turn) {
                turn.source = source;
            }
        }
        TurnCommand::ShowNextCitation => return next_citation(tab),
        TurnCommand::StepFound { is_forward } => {
            tab.found_turns.look(&state.turns, &tab.view.saved.query);
            if let Some(next) = tab.found_turns.step(state.pointed_out, is_forward) {
                state.point_out(next);
            }
        }
    }
    None
}

/// Puts a question into the field for editing, and sets the draft aside.
fn edit(state: &mut State, turn: usize) {
    let Some(asked) = state.turns.get(turn) else { return };
    let (question, scope) = (asked.question.clone(), asked.scope.clone());
    stop_editing(state);
    state.scope = scope;
    let before = std::mem::replace(&mut state.question, question);
    state.editing = Some(Editing { turn, before });
    state.focus_question = true;
}

fn stop_editing(state: &mut State) {
    if let Some(editing) = state.editing.take() {
        state.question = editing.before;
        state.focus_question = true;
    }
}

/// Deletes a question with its answers, unless the engine is working.
fn delete(state: &mut State, at: usize) {
    if state.work.is_some() || at >= state.turns.len() {
        return;
    }
    match &mut state.editing {
        Some(editing) if editing.turn == at => stop_editing(state),
        Some(editing) if editing.turn > at => editing.turn -= 1,
        _ => {}
    }
    let turn = state.turns.remove(at);
    state.deleted = Some(DeletedTurn { at, turn });
}

fn undo_delete(state: &mut State) {
    let Some(DeletedTurn { at, turn }) = state.deleted.take() else { return };
    let at = at.min(state.turns.len());
    if let Some(editing) = state.editing.as_mut().filter(|editing| editing.turn >= at) {
        editing.turn += 1;
    }
    state.turns.insert(at, turn);
    state.show_turn = Some(at);
}

/// Shows the evidence of the last answer: first the selected page, then page by page the rest.
fn next_citation(tab: &mut Tab) -> Option<TurnEffect> {
    let is_cited = |turn: &&mut Turn| !turn.evidence.is_empty();
    let turn = tab.state.turns.iter_mut().rev().find(is_cited)?;
    let shown = |turn: &Turn| turn.evidence.get(turn.source).map(Marks::of_page);
    if tab.view.nav.marks.is_some() && tab.view.nav.marks == shown(turn) {
        turn.source = (turn.source + 1) % turn.evidence.len();
    }
    let marks = shown(turn)?;
    let document = turn.evidence.get(turn.source).map_or(0, |page| page.document);
    if let Some(other) = turn.scope.other(document) {
        return Some(TurnEffect::ShowInReport(other.to_owned(), marks));
    }
    tab.view.dispatch(ViewAction::Show(marks));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(questions: &[&str]) -> State {
        let turn = |question: &&str| Turn { question: (*question).into(), ..Turn::default() };
        State { turns: questions.iter().map(turn).collect(), question: "draft".into(), ..State::default() }
    }

    fn questions(state: &State) -> Vec<&str> {
        state.turns.iter().map(|turn| turn.question.as_str()).collect()
    }

    #[test]
    fn the_draft_is_restored_after_editing() {
        let mut state = state(&["a", "b"]);
        edit(&mut state, 1);
        assert_eq!(state.question, "b");
        edit(&mut state, 0);
        assert_eq!(state.question, "a", "the other question is edited now");
        stop_editing(&mut state);
        assert_eq!((state.question.as_str(), &state.editing), ("draft", &None));
    }

    #[test]
    fn deletion_can_be_undone_and_the_edited_question_stays_the_same() {
        let mut state = state(&["a", "b", "c"]);
        edit(&mut state, 2);
        delete(&mut state, 0);
        assert_eq!((questions(&state), state.editing.as_ref().map(|editing| editing.turn)), (vec!["b", "c"], Some(1)));
        undo_delete(&mut state);
        assert_eq!(questions(&state), ["a", "b", "c"]);
        assert_eq!(state.editing.as_ref().map(|editing| editing.turn), Some(2));
        delete(&mut state, 2);
        assert_eq!((state.question.as_str(), &state.editing), ("draft", &None), "a deleted question is not edited");
        undo_delete(&mut state);
        undo_delete(&mut state);
        assert_eq!(questions(&state), ["a", "b", "c"]);
    }
}
