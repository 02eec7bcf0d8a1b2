//! The table of commands: label, keys and tooltip of each command that has a name or keys.
//!
//! The palette, the shortcuts, and labels and tooltips on the screens use it.

use eframe::egui::{Key, Modifiers};

use crate::window::commands::info::CommandInfo;
use crate::window::commands::keys::KeyContext::{
    Anywhere, Editing, EmptyQuestion, Marks, PageText, Pages, Report, Working,
};
use crate::window::commands::{AppCommand, CommandId, ReportCommand, TurnCommand, available};
use crate::window::export::ExportFormat;
use crate::window::pages::{Paging, Tool, ViewAction, Zoom};
use crate::window::saved::settings::{Mode, Settings};
use crate::window::state::scope::Scope;
use crate::window::state::screen::Screen;

const NONE: Modifiers = Modifiers::NONE;
const ALT: Modifiers = Modifiers::ALT;
const CTRL: Modifiers = Modifiers::CTRL;
const CTRL_SHIFT: Modifiers = Modifiers::CTRL.plus(Modifiers::SHIFT);
const SHIFT: Modifiers = Modifiers::SHIFT;
const COMMAND: Modifiers = Modifiers::COMMAND;
const COMMAND_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// All commands with a name or keys, in the palette's order.
pub(crate) static COMMANDS: [CommandInfo; 63] = [
    CommandInfo::new(CommandId::FocusQuestion, "Write a question", |now| now.report(ReportCommand::FocusQuestion))
        .keys(Anywhere, COMMAND, Key::L),
    CommandInfo::new(CommandId::FocusFind, "Search in this report", |now| {
        now.tab().map(|_| AppCommand::FocusFind.into())
    })
    .keys(Report, COMMAND, Key::F),
    CommandInfo::new(CommandId::ShowNextCitation, "Show the next citation", |now| {
        now.when(|tab| tab.state.turns.iter().any(|turn| !turn.evidence.is_empty()), TurnCommand::ShowNextCitation)
    })
    .keys(Report, COMMAND, Key::E),
    CommandInfo::new(CommandId::RegenerateAnswer, "Regenerate the last answer", |now| {
        now.last_turn(TurnCommand::Regenerate)
    })
    .button("Regenerate")
    .tooltip("Generate another answer; this one is kept")
    .keys(Report, COMMAND, Key::R),
    CommandInfo::new(CommandId::EditQuestion, "Edit the last question", |now| now.last_turn(TurnCommand::Edit))
        .button("Edit")
        .tooltip("Edit and ask again; this answer is kept")
        .keys(EmptyQuestion, NONE, Key::ArrowUp),
    CommandInfo::new(CommandId::DeleteQuestion, "Delete the last question", |now| now.last_turn(TurnCommand::Delete))
        .button("Delete")
        .tooltip("Delete question and answer"),
    CommandInfo::new(CommandId::ShowEarlierAnswer, "Show the earlier answer", |now| now.step_version(-1))
        .button("‹")
        .tooltip("Show the previous answer"),
    CommandInfo::new(CommandId::ShowLaterAnswer, "Show the later answer", |now| now.step_version(1))
        .button("›")
        .tooltip("Show the next answer"),
    CommandInfo::new(CommandId::UndoDelete, "Undo delete", |now| {
        now.when(|tab| tab.state.deleted.is_some(), TurnCommand::UndoDelete)
    }),
    CommandInfo::new(CommandId::StopEditing, "Discard the edit", |now| {
        now.when(|tab| tab.state.editing.is_some(), TurnCommand::StopEditing)
    })
    .button("Discard")
    .tooltip("Discard the edit")
    .keys(Editing, NONE, Key::Escape),
    CommandInfo::new(CommandId::CopyAnswer, "Copy the last answer", available::copy_answer)
        .button("Copy")
        .tooltip("Copy the answer with its pages")
        .keys(Report, COMMAND_SHIFT, Key::C),
    CommandInfo::new(CommandId::FindInConversation, "Search in the conversation", |now| {
        now.when(|tab| tab.view.saved.is_finding(), TurnCommand::StepFound { is_forward: true })
    }),
    CommandInfo::new(CommandId::Back, "Go back", |now| now.view(ViewAction::Back))
        .button("Back")
        .tooltip("Previous place")
        .keys(Report, ALT, Key::ArrowLeft),
    CommandInfo::new(CommandId::Forward, "Go forward", |now| now.view(ViewAction::Forward))
        .button("Forward")
        .tooltip("Next place")
        .keys(Report, ALT, Key::ArrowRight),
    CommandInfo::new(CommandId::AskAboutRegion, "Ask about a region", |now| now.view(ViewAction::Take(Tool::Region)))
        .tooltip("Draw a rectangle on a page and ask about its content")
        .keys(Report, COMMAND_SHIFT, Key::A),
    CommandInfo::new(CommandId::CopySelection, "Copy the selected text", |now| {
        now.when(|tab| tab.view.nav.selection.is_some(), ViewAction::Copy)
    })
    .button("Copy")
    .keys(PageText, COMMAND, Key::C),
    CommandInfo::new(CommandId::SelectPageText, "Select the text of this page", |now| now.view(ViewAction::SelectPage))
        .keys(PageText, COMMAND, Key::A),
    CommandInfo::new(CommandId::GoToFirstPage, "Go to the first page", |now| now.view(ViewAction::GoTo(1))).keys(
        Pages,
        NONE,
        Key::Home,
    ),
    CommandInfo::new(CommandId::GoToLastPage, "Go to the last page", available::last_page)
        .keys(Pages, NONE, Key::End)
        .unlisted(),
    CommandInfo::new(CommandId::GoToNextPage, "Go to the next page", |now| now.go(ViewAction::Step(1)))
        .keys(Pages, NONE, Key::ArrowRight)
        .unlisted(),
    CommandInfo::new(CommandId::GoToPreviousPage, "Go to the previous page", |now| now.go(ViewAction::Step(-1)))
        .keys(Pages, NONE, Key::ArrowLeft)
        .unlisted(),
    CommandInfo::new(CommandId::ScreenDown, "Scroll down a screen", |now| now.scroll_screens(1.0))
        .keys(Report, NONE, Key::PageDown)
        .or_keys(Pages, NONE, Key::Space)
        .unlisted(),
    CommandInfo::new(CommandId::ScreenUp, "Scroll up a screen", |now| now.scroll_screens(-1.0))
        .keys(Report, NONE, Key::PageUp)
        .or_keys(Pages, SHIFT, Key::Space)
        .unlisted(),
    CommandInfo::new(CommandId::LineDown, "Scroll down a line", |now| now.scroll_lines(1.0))
        .keys(Pages, NONE, Key::ArrowDown)
        .unlisted(),
    CommandInfo::new(CommandId::LineUp, "Scroll up a line", |now| now.scroll_lines(-1.0))
        .keys(Pages, NONE, Key::ArrowUp)
        .unlisted(),
    CommandInfo::new(CommandId::FitWidth, "Fit the width", |now| now.view(ViewAction::Zoom(Zoom::FitWidth)))
        .button("Page width")
        .keys(Report, COMMAND, Key::Num0),
    CommandInfo::new(CommandId::FitPage, "Fit the page", |now| now.view(ViewAction::Zoom(Zoom::FitPage)))
        .button("Whole page")
        .keys(Report, COMMAND, Key::Num9),
    CommandInfo::new(CommandId::ZoomIn, "Zoom in", |now| now.view(ViewAction::ZoomBy(1.25)))
        .button("+")
        .tooltip("Larger")
        .keys(Report, COMMAND, Key::Plus)
        .or_keys(Report, COMMAND, Key::Equals),
    CommandInfo::new(CommandId::ZoomOut, "Zoom out", |now| now.view(ViewAction::ZoomBy(0.8)))
        .button("−")
        .tooltip("Smaller")
        .keys(Report, COMMAND, Key::Minus),
    CommandInfo::new(CommandId::SinglePage, "Show one page at a time", |now| {
        now.when(|tab| tab.view.saved.paging != Paging::Single, ViewAction::Page(Paging::Single))
    })
    .button("Single page")
    .keys(Report, COMMAND, Key::Num1),
    CommandInfo::new(CommandId::ContinuousPages, "Show continuous pages", |now| {
        now.when(|tab| tab.view.saved.paging != Paging::Continuous, ViewAction::Page(Paging::Continuous))
    })
    .button("Continuous pages")
    .keys(Report, COMMAND, Key::Num2),
    CommandInfo::new(CommandId::RotateRight, "Rotate pages right", |now| now.view(ViewAction::Rotate(1)))
        .button("Rotate right")
        .keys(Report, COMMAND, Key::CloseBracket),
    CommandInfo::new(CommandId::RotateLeft, "Rotate pages left", |now| now.view(ViewAction::Rotate(-1)))
        .button("Rotate left")
        .keys(Report, COMMAND, Key::OpenBracket),
    CommandInfo::new(CommandId::ToggleContents, "Show the table of contents", available::toggle_contents)
        .button("Contents")
        .label_on("Show page thumbnails", |now| now.tab().is_some_and(|tab| tab.view.saved.shows_contents))
        .tooltip("Table of contents")
        .keys(Report, COMMAND, Key::B),
    CommandInfo::new(CommandId::ClearMarks, "Clear marks", |now| now.view(ViewAction::Unmark)).keys(
        Marks,
        NONE,
        Key::Escape,
    ),
    CommandInfo::new(CommandId::PauseReading, "Pause reading", |now| {
        now.background(ReportCommand::PauseReading, |reading| reading.is_running && !reading.is_paused)
    }),
    CommandInfo::new(CommandId::StopReading, "Stop reading", |now| {
        now.background(ReportCommand::StopReading, |reading| reading.is_running && !reading.is_paused)
    })
    .tooltip("Stop until you resume it; finished pages are kept"),
    CommandInfo::new(CommandId::ResumeReading, "Resume reading", |now| {
        now.background(ReportCommand::ResumeReading, |reading| reading.is_paused)
    }),
    CommandInfo::new(CommandId::KeepReadingOnBattery, "Read on battery this time", available::keep_reading_on_battery)
        .button("Read on battery"),
    CommandInfo::new(CommandId::DismissWarnings, "Dismiss the report's warnings", |now| {
        now.when(|tab| !tab.state.warnings.is_empty(), ReportCommand::DismissWarnings)
    }),
    CommandInfo::new(CommandId::ReadPageFirst, "Read this page first", |now| {
        now.tab().map(|tab| ReportCommand::ReadPageFirst(tab.view.nav.current).into())
    }),
    CommandInfo::new(CommandId::ToggleFigures, "Show the figures found", |now| {
        now.tab().map(|tab| ReportCommand::ShowFigures(!tab.shows_figures).into())
    })
    .button("Figures")
    .label_on("Show pages instead of figures", |now| now.tab().is_some_and(|tab| tab.shows_figures))
    .tooltip("Figures found"),
    CommandInfo::new(CommandId::AskAboutReport, "Ask about the whole report", |now| {
        now.report(ReportCommand::SetScope(Scope::Report))
    })
    .button("Whole report"),
    CommandInfo::new(CommandId::AskAboutPage, "Ask about this page", |now| {
        now.report(ReportCommand::SetScope(Scope::ThisPage))
    }),
    CommandInfo::new(CommandId::AskAboutPages, "Ask about some pages…", |now| now.report(ReportCommand::ChoosePages))
        .button("Pages…"),
    CommandInfo::new(CommandId::AskAboutAllReports, "Ask about all open reports", available::ask_about_all)
        .button("All open reports"),
    CommandInfo::new(CommandId::Cancel, "Stop", |now| now.when(|tab| tab.state.work.is_some(), ReportCommand::Cancel))
        .button("Cancel")
        .keys(Working, NONE, Key::Escape),
    CommandInfo::new(CommandId::ExportWebPage, "Export the conversation as a web page…", |now| {
        now.export(ExportFormat::WebPage)
    })
    .button("Export…")
    .tooltip("Export the conversation with its sources"),
    CommandInfo::new(CommandId::ExportMarkdown, "Export the conversation as Markdown…", |now| {
        now.export(ExportFormat::Markdown)
    }),
    CommandInfo::new(CommandId::CloseReport, "Close this report", |now| {
        now.tab().map(|_| AppCommand::CloseTab(now.tabs.front_index()).into())
    })
    .keys(Report, COMMAND, Key::W),
    CommandInfo::new(CommandId::OpenReport, "Open a report…", |_| Some(AppCommand::ChooseFile.into()))
        .button("Open…")
        .tooltip("Open more reports")
        .keys(Anywhere, COMMAND, Key::O),
    CommandInfo::new(CommandId::ShowLibrary, "Show the library", |_| available::screen(Screen::Library))
        .button("Library")
        .tooltip("All reports")
        .keys(Anywhere, COMMAND_SHIFT, Key::L),
    CommandInfo::new(CommandId::ShowSettings, "Show models and settings", |_| available::screen(Screen::Settings))
        .button("Settings")
        .tooltip("Models and settings")
        .keys(Anywhere, COMMAND, Key::Comma),
    CommandInfo::new(CommandId::LightTheme, "Light theme", |now| now.theme(Mode::Light)),
    CommandInfo::new(CommandId::DarkTheme, "Dark theme", |now| now.theme(Mode::Dark)),
    CommandInfo::new(CommandId::SystemTheme, "System theme", |now| now.theme(Mode::System)),
    CommandInfo::new(CommandId::TogglePauseOnBattery, "Pause reading on battery", |now| {
        now.set(Settings { pauses_on_battery: !now.settings.pauses_on_battery, ..now.settings.clone() })
    })
    .label_on("Read on battery too", |now| now.settings.pauses_on_battery),
    CommandInfo::new(CommandId::LargerText, "Larger text", |now| now.text_size(0.1)),
    CommandInfo::new(CommandId::SmallerText, "Smaller text", |now| now.text_size(-0.1)),
    CommandInfo::new(CommandId::TogglePalette, "Show all commands", |_| Some(AppCommand::TogglePalette.into()))
        .keys(Anywhere, COMMAND, Key::K)
        .unlisted(),
    CommandInfo::new(CommandId::NextTab, "Show the next report", |_| Some(AppCommand::StepTab(1).into()))
        .keys(Anywhere, CTRL, Key::Tab)
        .unlisted(),
    CommandInfo::new(CommandId::PreviousTab, "Show the previous report", |_| Some(AppCommand::StepTab(-1).into()))
        .keys(Anywhere, CTRL_SHIFT, Key::Tab)
        .unlisted(),
    CommandInfo::new(CommandId::Quit, "Quit", |_| Some(AppCommand::Quit.into())).keys(Anywhere, COMMAND, Key::Q),
];

impl CommandId {
    /// The command's entry.
    pub(crate) fn info(self) -> &'static CommandInfo {
        &COMMANDS[self as usize]
    }
}

// Entries are in the order of their ids, which index the table.
const _: () = {
    assert!(COMMANDS.len() == CommandId::Quit as usize + 1, "a command has no entry");
    let mut at = 0;
    while at < COMMANDS.len() {
        assert!(COMMANDS[at].id as usize == at, "entries do not follow the order of the ids");
        at += 1;
    }
};

#[cfg(test)]
mod tests;
