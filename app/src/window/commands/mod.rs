//! What the user can do. Drawing functions push these; [`crate::window::app::dispatch`] alone carries them out.

pub(crate) mod palette;

use std::path::PathBuf;

use engine::document::geometry::Rect;
use serde::{Deserialize, Serialize};

use crate::services::models::ModelCommand;
use crate::window::export::Form;
use crate::window::pages::{Marks, ViewAction};
use crate::window::saved::settings::Settings;
use crate::window::state::models::Asked;
use crate::window::state::scope::Scope;

/// One thing the user did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UserCommand {
    /// Show the system's dialog for choosing files.
    ChooseFile,
    /// Open this file, or bring it to the front where it is open.
    OpenFile(PathBuf),
    /// Open a report of the library, and show where words were found in it.
    OpenHit(usize),
    /// Bring an open report to the front, counted from 0.
    ShowTab(usize),
    /// Bring the next open report to the front, or the one before.
    StepTab(isize),
    /// Close an open report, counted from 0.
    CloseTab(usize),
    /// Show another screen.
    Show(Screen),
    /// Show the list of all commands, or take it away.
    TogglePalette,
    /// Look for words in all reports and conversations.
    SearchLibrary,
    /// Ask whether everything made from this report is to be removed, or no longer ask.
    AskToRemove(Option<String>),
    /// Remove everything made from the report with this hash.
    Remove(String),
    /// Say what the next question is about.
    SetScope(Scope),
    /// Show the field for the pages that the next question is about.
    ChoosePages,
    /// What stands in the field for pages is what the next question is about, or no longer ask for pages.
    EndPages(Option<String>),
    /// A region of a page was drawn: the next question is about it.
    DrawRegion {
        /// The page, counted from 1.
        page: u32,
        /// In points of the page.
        rect: Rect,
    },
    /// Ask what stands in the question's field.
    Ask,
    /// Put the answer of this turn, counted from 0, into the clipboard.
    CopyAnswer(usize),
    /// Do something with a question or an answer that is there.
    Turn(TurnCommand),
    /// Show the system's dialog for writing the conversation to a file.
    ChooseExport(Form),
    /// No longer say that something was done.
    DismissNote,
    /// Write in the question's field.
    FocusQuestion,
    /// Write in the field for words to look for.
    FocusFind,
    /// Look at another part of the report, or otherwise.
    View(ViewAction),
    /// Open an address in the browser.
    OpenAddress(String),
    /// Bring the report with this file to the front and mark parts of it.
    ShowInReport(PathBuf, Marks),
    /// Read a page, counted from 1, before the others.
    ReadFirst(u32),
    /// Read no further, until the user says otherwise.
    StopReading,
    /// List the figures that were found, or the pages.
    ShowFigures(bool),
    /// Leave a figure out, or take it back in.
    LeaveOut {
        /// Its number among those that were found, counted from 0.
        figure: usize,
        /// Whether it is left out.
        is_out: bool,
    },
    /// Let the reading behind rest.
    PauseReading,
    /// Take it up again.
    GoOnReading,
    /// Read on although the computer runs on its battery, this time.
    ReadOnBattery,
    /// Stop what is going on.
    Cancel,
    /// Take the error card away.
    DismissError,
    /// Take away what the user should know about the report.
    DismissWarnings,
    /// Close the window.
    Quit,
    /// Have something done about models.
    Model(ModelCommand),
    /// Ask the user about a model, or no longer ask.
    AskAboutModel(Option<Asked>),
    /// Type a token, although one was found.
    TypeToken,
    /// Ask the sample report a first question, with the model that was just installed.
    TrySample,
    /// No longer say that a model was installed.
    DismissFresh,
    /// Show the system's dialog for choosing the folder of a model.
    ChooseModelFolder,
    /// Set something.
    Set(Settings),
}

/// What can be done with questions and answers that are there; turns are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TurnCommand {
    /// Ask the question of this turn again.
    AskAgain(usize),
    /// Have it answered in other words.
    Regenerate(usize),
    /// Put it into the field, to be asked in another form.
    Edit(usize),
    /// Leave it as it is.
    StopEditing,
    /// Take this turn away.
    Delete(usize),
    /// Put back what was taken away last.
    PutBack,
    /// Show another answer to the same question.
    ShowVersion {
        /// The turn.
        turn: usize,
        /// The answer, counted from 0 and from the oldest.
        version: usize,
    },
    /// Show what a turn's answer came from on another page.
    LookAtSource {
        /// The turn.
        turn: usize,
        /// The page of its evidence, counted from 0.
        source: usize,
    },
    /// Show the next page that the last answer came from.
    NextCitation,
    /// Show the next question or answer in which the words stand that are looked for, or the one before.
    NextFound {
        /// The next one, not the one before.
        is_forward: bool,
    },
}

/// What the window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Screen {
    /// The open report in front, or the library where none is open.
    #[default]
    Report,
    /// All reports, and looking for words in them.
    Library,
    /// Models and settings.
    Settings,
}
