//! What the user can do. Drawing functions push these; [`super::update`] alone carries them out.

use std::path::PathBuf;

use eframe::egui::ThemePreference;

use super::pages::ViewAction;

/// One thing the user did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UserCommand {
    /// Show the system's dialog for choosing a file.
    ChooseFile,
    /// Read this file; the one before is left.
    OpenFile(PathBuf),
    /// Ask what stands in the question's field.
    Ask,
    /// Ask the question of this turn again, counted from 0.
    AskAgain(usize),
    /// Look at another part of the report, or otherwise.
    View(ViewAction),
    /// Show what a turn's answer came from on another page; both counted from 0.
    LookAtSource {
        /// The turn.
        turn: usize,
        /// The page of its evidence.
        source: usize,
    },
    /// Let the reading behind rest.
    PauseReading,
    /// Take it up again.
    GoOnReading,
    /// Stop what is going on.
    Cancel,
    /// Take the error card away.
    DismissError,
    /// Close the window.
    Quit,
    /// Light, dark, or as the system has it.
    SetTheme(ThemePreference),
}
