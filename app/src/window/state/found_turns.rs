//! Search hits in the questions and answers on a report.

use engine::store::library::find_words;

use crate::window::state::report::Turn;

/// The turns that contain the search words.
#[derive(Debug, Default)]
pub(crate) struct FoundTurns {
    query: String,
    /// Number of turns and total text length when searched; detects changes.
    searched: (usize, usize),
    /// Turns, counted from 0.
    turns: Vec<usize>,
}

impl FoundTurns {
    /// Searches unless nothing changed; returns the turns that contain all the words.
    pub(crate) fn look(&mut self, turns: &[Turn], query: &str) -> &[usize] {
        let length = turns.iter().map(|turn| turn.question.len() + turn.answer.len()).sum();
        let searched = (turns.len(), length);
        if self.query != query || self.searched != searched {
            let holds = |turn: &Turn| find_words(&format!("{}\n{}", turn.question, turn.answer), query).is_some();
            self.turns = (0..turns.len()).filter(|at| turns.get(*at).is_some_and(holds)).collect();
            query.clone_into(&mut self.query);
            self.searched = searched;
        }
        &self.turns
    }

    /// The next or previous hit from turn `from`, wrapping around.
    pub(crate) fn step(&self, from: Option<usize>, is_forward: bool) -> Option<usize> {
        let turns = &self.turns;
        let next = match (from, is_forward) {
            (Some(from), true) => turns.iter().find(|at| **at > from),
            (Some(from), false) => turns.iter().rev().find(|at| **at < from),
            (None, _) => None,
        };
        let first = if is_forward { turns.first() } else { turns.last() };
        next.or(first).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_found_and_stepping_wraps_around() {
        let turn =
            |question: &str, answer: &str| Turn { question: question.into(), answer: answer.into(), ..Turn::default() };
        let mut turns = vec![turn("Receipts?", "They fell"), turn("Outlays?", "x"), turn("Why?", "Receipts fell")];
        let mut found = FoundTurns::default();
        assert_eq!(found.look(&turns, "fell receipts"), [0, 2]);
        assert_eq!(found.step(None, true), Some(0));
        assert_eq!(found.step(None, false), Some(2));
        assert_eq!(found.step(Some(0), true), Some(2));
        assert_eq!(found.step(Some(2), true), Some(0));
        assert_eq!(found.step(Some(1), false), Some(0));
        turns[1].answer = "receipts fell".into();
        assert_eq!(found.look(&turns, "fell receipts"), [0, 1, 2]);
        assert!(found.look(&turns, "").is_empty());
        assert_eq!(found.step(Some(0), true), None);
    }
}
