//! Commands for a question of the conversation in front, or its answer.

use std::path::PathBuf;

use crate::window::pages::Marks;

/// A command for a question or its answer. Turns are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TurnCommand {
    /// Ask the question of this turn again.
    AskAgain(usize),
    /// Generate another answer to it.
    Regenerate(usize),
    /// Put it into the question's field for editing.
    Edit(usize),
    /// Discard the edit.
    StopEditing,
    /// Copy the answer with its pages to the clipboard.
    Copy(usize),
    /// Delete the question with its answers.
    Delete(usize),
    /// Restore the last deleted turn.
    UndoDelete,
    /// Show another answer to the same question.
    ShowVersion {
        /// The turn.
        turn: usize,
        /// The answer, counted from 0, oldest first.
        version: usize,
    },
    /// Show another page of the answer's evidence.
    SelectSource {
        /// The turn.
        turn: usize,
        /// The page of its evidence, counted from 0.
        source: usize,
    },
    /// Show the next page cited by the last answer.
    ShowNextCitation,
    /// Show the next turn that contains the searched words, or the previous one.
    StepFound {
        /// The next one, not the previous one.
        is_forward: bool,
    },
}

/// What remains for the window to do after a [`TurnCommand`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TurnEffect {
    /// Mark parts of another report.
    ShowInReport(PathBuf, Marks),
    /// Copy a text to the clipboard.
    CopyText(String),
}
