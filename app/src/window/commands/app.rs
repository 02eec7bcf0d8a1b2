//! Commands for the window: its screens, tabs, dialogs and settings.

use std::path::PathBuf;

use crate::window::export::ExportFormat;
use crate::window::pages::Marks;
use crate::window::saved::settings::Settings;
use crate::window::state::screen::Screen;

/// A command for the window. Tabs are counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AppCommand {
    /// Show the system's file dialog for opening reports.
    ChooseFile,
    /// Open a file, or bring it to the front if it is open.
    OpenFile(PathBuf),
    /// Open the report of a search result in the library, counted from 0, and show the place.
    OpenHit(usize),
    /// Bring a tab to the front.
    ShowTab(usize),
    /// Bring the tab this many positions to the right to the front, wrapping around.
    StepTab(isize),
    /// Close a tab.
    CloseTab(usize),
    /// Show a screen.
    ShowScreen(Screen),
    /// Open or close the command palette.
    TogglePalette,
    /// Search the library for the text of its search field.
    SearchLibrary,
    /// Ask for confirmation before removing the report with this hash; `None` closes the question.
    ConfirmRemoval(Option<String>),
    /// Remove everything saved about the report with this hash.
    RemoveReport(String),
    /// Focus the search field of the report.
    FocusFind,
    /// Show the system's file dialog for exporting the conversation.
    ChooseExport(ExportFormat),
    /// Open an address in the browser.
    OpenAddress(String),
    /// Bring the report with this file to the front and mark parts of it.
    ShowInReport(PathBuf, Marks),
    /// Read in the background although the computer runs on battery, until it is plugged in.
    KeepReadingOnBattery,
    /// Close the error card.
    DismissError,
    /// Apply settings and store them.
    ApplySettings(Settings),
    /// Close the window.
    Quit,
}
