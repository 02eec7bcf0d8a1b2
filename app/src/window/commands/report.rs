//! Commands for the report in front.

use crate::window::state::scope::Scope;

/// A command for the report in front; ignored without one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ReportCommand {
    /// Ask the question in the field.
    Ask,
    /// Set the scope of the next question.
    SetScope(Scope),
    /// Show the field for the pages that the next question is about.
    ChoosePages,
    /// Close that field and use what it holds as the scope; `None` discards it.
    FinishChoosingPages(Option<String>),
    /// Focus the question's field.
    FocusQuestion,
    /// Close the note above the question's field.
    DismissNote,
    /// Close the report's warnings.
    DismissWarnings,
    /// Read a page, counted from 1, before the others.
    ReadPageFirst(u32),
    /// Pause reading in the background.
    PauseReading,
    /// Resume it.
    ResumeReading,
    /// Stop it until the user resumes it.
    StopReading,
    /// List the figures found instead of the pages, or the other way round.
    ShowFigures(bool),
    /// Exclude a figure from reading and citing, or include it again.
    ExcludeFigure {
        /// Its number among the figures found, counted from 0.
        figure: usize,
        /// Whether it is excluded.
        is_excluded: bool,
    },
    /// Open the file with the password in its field.
    Unlock,
    /// Cancel what the engine is doing for the user.
    Cancel,
}
