//! Versions of an answer: one is shown, the others are stored with it.

use crate::window::state::report::{Turn, TurnEnd};

impl Turn {
    /// Number of versions.
    pub(crate) fn versions(&self) -> usize {
        self.others.len() + 1
    }

    /// Starts a new version. An empty current version is replaced.
    pub(crate) fn begin_version(&mut self, next: Self) {
        let mut others = std::mem::take(&mut self.others);
        let before = std::mem::take(self);
        if !before.answer.is_empty() {
            others.insert(before.shown.min(others.len()), before);
        }
        let shown = others.len();
        *self = Self { others, shown, ..next };
    }

    /// Shows version `at`, counted from 0 from the oldest; not while one is being written.
    pub(crate) fn show_version(&mut self, at: usize) {
        if self.end == TurnEnd::Open || at >= self.versions() || at == self.shown {
            return;
        }
        let mut all = std::mem::take(&mut self.others);
        let before = std::mem::take(self);
        all.insert(before.shown.min(all.len()), before);
        *self = all.remove(at);
        self.others = all;
        self.shown = at;
    }

    /// Drops an empty version if there is an earlier one for the same question. An edited question is kept.
    pub(crate) fn drop_empty_version(&mut self) {
        if self.answer.is_empty()
            && let Some(mut before) = self.others.pop_if(|before| before.question == self.question)
        {
            before.others = std::mem::take(&mut self.others);
            before.shown = before.others.len();
            *self = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: &str) -> Turn {
        Turn { question: question.into(), ..Turn::default() }
    }

    fn answered(turn: &mut Turn, question: &str, answer: &str) {
        turn.begin_version(asked(question));
        turn.answer = answer.into();
        turn.end = TurnEnd::Answered;
    }

    fn shown(turn: &Turn) -> (&str, &str, usize, usize) {
        (&turn.question, &turn.answer, turn.shown, turn.versions())
    }

    #[test]
    fn every_answer_stays_reachable() {
        let mut turn = asked("How much?");
        answered(&mut turn, "How much?", "0.2");
        assert_eq!(shown(&turn), ("How much?", "0.2", 0, 1), "an empty version is replaced");
        answered(&mut turn, "How much?", "0.3");
        answered(&mut turn, "How much in 2024?", "2.8");
        assert_eq!(shown(&turn), ("How much in 2024?", "2.8", 2, 3));
        turn.show_version(0);
        assert_eq!(shown(&turn), ("How much?", "0.2", 0, 3));
        turn.show_version(1);
        assert_eq!(shown(&turn), ("How much?", "0.3", 1, 3));
        turn.show_version(3);
        assert_eq!(shown(&turn), ("How much?", "0.3", 1, 3), "there is no fourth version");
        answered(&mut turn, "How much?", "0.4");
        assert_eq!(shown(&turn), ("How much?", "0.4", 3, 4), "a new version is last, whichever was shown");
        turn.show_version(2);
        assert_eq!(shown(&turn), ("How much in 2024?", "2.8", 2, 4));
    }

    #[test]
    fn an_empty_version_gives_way_to_the_one_before() {
        let mut turn = Turn::default();
        answered(&mut turn, "How much?", "0.2");
        answered(&mut turn, "How much?", "0.3");
        turn.begin_version(asked("How much?"));
        turn.show_version(0);
        assert_eq!(shown(&turn), ("How much?", "", 2, 3), "the version being written stays shown");
        turn.end = TurnEnd::Cancelled;
        turn.drop_empty_version();
        assert_eq!(shown(&turn), ("How much?", "0.3", 1, 2));
        turn.drop_empty_version();
        assert_eq!(shown(&turn), ("How much?", "0.3", 1, 2), "an answer is kept");
        turn.begin_version(asked("How much in 2024?"));
        turn.drop_empty_version();
        assert_eq!(shown(&turn), ("How much in 2024?", "", 2, 3), "an edited question is kept");
    }
}
