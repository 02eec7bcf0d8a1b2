//! What the user does with questions and answers that are there.

use std::path::PathBuf;

use crate::services::EngineClient;
use crate::window::commands::TurnCommand;
use crate::window::pages::{Marks, ViewAction};
use crate::window::state::engine_events;
use crate::window::state::report::{Editing, State, TakenAway, Turn};
use crate::window::state::tab::Tab;

/// Carries out one thing the user did. What is to be shown in another report than this one is returned.
pub(crate) fn dispatch(
    tab: &mut Tab,
    engine: &mut dyn EngineClient,
    command: &TurnCommand,
) -> Option<(PathBuf, Marks)> {
    let state = &mut tab.state;
    match *command {
        TurnCommand::AskAgain(turn) => engine_events::ask_again(state, engine, turn),
        TurnCommand::Regenerate(turn) => engine_events::regenerate(state, engine, turn),
        TurnCommand::Edit(turn) => edit(state, turn),
        TurnCommand::StopEditing => stop_editing(state),
        TurnCommand::Delete(turn) => {
            take_away(state, turn);
            tab.answers.forget();
        }
        TurnCommand::PutBack => {
            put_back(state);
            tab.answers.forget();
        }
        TurnCommand::ShowVersion { turn, version } => {
            if let Some(turn) = state.turns.get_mut(turn) {
                turn.show_version(version);
            }
        }
        TurnCommand::LookAtSource { turn, source } => {
            if let Some(turn) = state.turns.get_mut(turn) {
                turn.source = source;
            }
        }
        TurnCommand::NextCitation => return next_citation(tab),
        TurnCommand::NextFound { is_forward } => {
            tab.found_turns.look(&state.turns, &tab.view.saved.query);
            if let Some(next) = tab.found_turns.step(state.pointed_out, is_forward) {
                state.point_out(next);
            }
        }
    }
    None
}

/// Puts a question into the field, to be asked in another form. What stood there waits.
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

/// Takes a question away with its answers, but for one that is being answered.
fn take_away(state: &mut State, at: usize) {
    if state.work.is_some() || at >= state.turns.len() {
        return;
    }
    match &mut state.editing {
        Some(editing) if editing.turn == at => stop_editing(state),
        Some(editing) if editing.turn > at => editing.turn -= 1,
        _ => {}
    }
    let turn = state.turns.remove(at);
    state.taken_away = Some(TakenAway { at, turn });
}

fn put_back(state: &mut State) {
    let Some(TakenAway { at, turn }) = state.taken_away.take() else { return };
    let at = at.min(state.turns.len());
    if let Some(editing) = state.editing.as_mut().filter(|editing| editing.turn >= at) {
        editing.turn += 1;
    }
    state.turns.insert(at, turn);
    state.show_turn = Some(at);
}

/// Shows where the last answer came from: first what is looked at of it, then page by page the rest.
fn next_citation(tab: &mut Tab) -> Option<(PathBuf, Marks)> {
    let is_cited = |turn: &&mut Turn| !turn.evidence.is_empty();
    let turn = tab.state.turns.iter_mut().rev().find(is_cited)?;
    let shown = |turn: &Turn| turn.evidence.get(turn.source).map(Marks::of_page);
    if tab.view.nav.marks.is_some() && tab.view.nav.marks == shown(turn) {
        turn.source = (turn.source + 1) % turn.evidence.len();
    }
    let marks = shown(turn)?;
    let document = turn.evidence.get(turn.source).map_or(0, |page| page.document);
    if let Some(other) = turn.scope.other(document) {
        return Some((other.to_owned(), marks));
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
    fn what_stood_in_the_field_comes_back_after_editing() {
        let mut state = state(&["a", "b"]);
        edit(&mut state, 1);
        assert_eq!(state.question, "b");
        edit(&mut state, 0);
        assert_eq!(state.question, "a", "the other question is edited now");
        stop_editing(&mut state);
        assert_eq!((state.question.as_str(), &state.editing), ("draft", &None));
    }

    #[test]
    fn what_is_taken_away_can_be_put_back_and_the_edited_question_stays_the_same_one() {
        let mut state = state(&["a", "b", "c"]);
        edit(&mut state, 2);
        take_away(&mut state, 0);
        assert_eq!((questions(&state), state.editing.as_ref().map(|editing| editing.turn)), (vec!["b", "c"], Some(1)));
        put_back(&mut state);
        assert_eq!(questions(&state), ["a", "b", "c"]);
        assert_eq!(state.editing.as_ref().map(|editing| editing.turn), Some(2));
        take_away(&mut state, 2);
        assert_eq!((state.question.as_str(), &state.editing), ("draft", &None), "what is gone is not edited");
        put_back(&mut state);
        put_back(&mut state);
        assert_eq!(questions(&state), ["a", "b", "c"]);
    }
}
