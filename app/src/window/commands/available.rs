//! Which commands of the table are available, and what they do at the moment.

use std::path::PathBuf;

use crate::window::commands::{AppCommand, ReportCommand, TurnCommand, UserCommand};
use crate::window::export::ExportFormat;
use crate::window::pages::{Stretch, ViewAction};
use crate::window::remote::Remote;
use crate::window::saved::settings::{Mode, Settings, TEXT_SIZES};
use crate::window::state::report::BackgroundReading;
use crate::window::state::scope::Scope;
use crate::window::state::screen::Screen;
use crate::window::tabs::{Tab, Tabs};

/// How far an arrow key scrolls, in screen points.
const LINE: f32 = 60.0;

/// The state that commands depend on. Each method returns `None` if its command is unavailable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Available<'a> {
    /// The open reports.
    pub tabs: &'a Tabs,
    /// The settings in use.
    pub settings: &'a Settings,
}

impl<'a> Available<'a> {
    /// The report in front.
    pub(super) fn tab(self) -> Option<&'a Tab> {
        self.tabs.front()
    }

    /// The front report, if this holds for it.
    pub(super) fn tab_if(self, is_so: impl FnOnce(&Tab) -> bool) -> Option<&'a Tab> {
        self.tab().filter(|tab| is_so(tab))
    }

    /// A command, if this holds for the report in front.
    pub(super) fn when(self, is_so: impl FnOnce(&Tab) -> bool, command: impl Into<UserCommand>) -> Option<UserCommand> {
        self.tab_if(is_so).map(|_| command.into())
    }

    /// A command for the report in front.
    pub(super) fn report(self, command: ReportCommand) -> Option<UserCommand> {
        self.tab().map(|_| command.into())
    }

    /// A command for its pages.
    pub(super) fn view(self, action: ViewAction) -> Option<UserCommand> {
        self.tab().map(|_| action.into())
    }

    /// A command that moves in its pages, once they are known.
    pub(super) fn go(self, action: ViewAction) -> Option<UserCommand> {
        self.tab_if(|tab| tab.view.file.is_ready()).map(|_| action.into())
    }

    /// Scrolls by multiples of the height of the view.
    pub(super) fn scroll_screens(self, by: f32) -> Option<UserCommand> {
        self.go(ViewAction::Scroll(Stretch::Screens(by)))
    }

    /// Scrolls by lines.
    pub(super) fn scroll_lines(self, by: f32) -> Option<UserCommand> {
        self.go(ViewAction::Scroll(Stretch::Points(by * LINE)))
    }

    /// A command for the last turn, while the engine is idle.
    pub(super) fn last_turn(self, command: fn(usize) -> TurnCommand) -> Option<UserCommand> {
        let state = &self.tab_if(|tab| tab.state.work.is_none())?.state;
        state.turns.len().checked_sub(1).map(|last| command(last).into())
    }

    /// Shows an earlier or later answer of the last turn.
    pub(super) fn step_version(self, by: isize) -> Option<UserCommand> {
        let state = &self.tab_if(|tab| tab.state.work.is_none())?.state;
        let last = state.turns.last()?;
        let version = last.shown.checked_add_signed(by).filter(|version| *version < last.versions())?;
        Some(TurnCommand::ShowVersion { turn: state.turns.len() - 1, version }.into())
    }

    /// A command for reading in the background, if this holds for it.
    pub(super) fn background(
        self,
        command: ReportCommand,
        is_so: impl FnOnce(&BackgroundReading) -> bool,
    ) -> Option<UserCommand> {
        self.tab()?.state.background.as_ref().filter(|background| is_so(background)).map(|_| command.into())
    }

    /// Exports the conversation.
    pub(super) fn export(self, format: ExportFormat) -> Option<UserCommand> {
        self.tab_if(|tab| !tab.state.turns.is_empty()).map(|_| AppCommand::ChooseExport(format).into())
    }

    /// Switches to another theme.
    pub(super) fn theme(self, theme: Mode) -> Option<UserCommand> {
        self.set(Settings { theme, ..self.settings.clone() })
    }

    /// Changes the text size, by a share of the normal size.
    pub(super) fn text_size(self, by: f32) -> Option<UserCommand> {
        let text_size = (self.settings.text_size + by).clamp(TEXT_SIZES.0, TEXT_SIZES.1);
        self.set(Settings { text_size, ..self.settings.clone() })
    }

    /// Applies settings that differ from the current ones.
    pub(super) fn set(self, settings: Settings) -> Option<UserCommand> {
        (settings != *self.settings).then(|| AppCommand::ApplySettings(settings).into())
    }
}

/// Goes to the last page.
pub(super) fn last_page(now: Available<'_>) -> Option<UserCommand> {
    let Remote::Ready(info) = &now.tab()?.view.file.info else { return None };
    Some(ViewAction::GoTo(info.sizes_pt.len() as u32).into())
}

/// Shows the table of contents, or the list of pages instead.
pub(super) fn toggle_contents(now: Available<'_>) -> Option<UserCommand> {
    let view = &now.tab_if(|tab| tab.view.file.has_contents())?.view;
    Some(ViewAction::ShowContents(!view.saved.shows_contents).into())
}

/// Copies the last answer.
pub(super) fn copy_answer(now: Available<'_>) -> Option<UserCommand> {
    let at = now.tab()?.state.turns.iter().rposition(|turn| !turn.answer.is_empty())?;
    Some(TurnCommand::Copy(at).into())
}

/// Reads although the computer runs on battery.
pub(super) fn keep_reading_on_battery(now: Available<'_>) -> Option<UserCommand> {
    let state = &now.tab()?.state;
    let is_known = state.background.as_ref().is_some_and(|background| background.is_running || background.is_paused);
    (state.rests_on_battery && !is_known).then(|| AppCommand::KeepReadingOnBattery.into())
}

/// Asks about all open reports.
pub(super) fn ask_about_all(now: Available<'_>) -> Option<UserCommand> {
    let front = now.tabs.front_index();
    let others = now.tabs.iter().enumerate().filter(|(index, _)| *index != front);
    let others: Vec<PathBuf> = others.map(|(_, tab)| tab.path.clone()).collect();
    if others.is_empty() { None } else { now.report(ReportCommand::SetScope(Scope::Reports(others))) }
}

/// Shows a screen, which is always possible.
#[expect(clippy::unnecessary_wraps, reason = "it is an entry of the table like those that may have nothing to do")]
pub(super) fn screen(screen: Screen) -> Option<UserCommand> {
    Some(AppCommand::ShowScreen(screen).into())
}
