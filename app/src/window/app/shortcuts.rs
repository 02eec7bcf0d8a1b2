//! Keyboard shortcuts, from the table of commands.

use std::cmp::Reverse;

use eframe::egui::text_selection::LabelSelectionState;
use eframe::egui::{self, Key, KeyboardShortcut};

use crate::window::app::Window;
use crate::window::commands::table::COMMANDS;
use crate::window::commands::{
    AppCommand, Available, CommandId, Commands, KeyContext, ReportCommand, TurnCommand, UserCommand,
};
use crate::window::pages::{Tool, ViewAction};
use crate::window::state::screen::Screen;
use crate::window::tabs::Tab;

impl Window {
    /// Consumes keys that trigger commands and pushes the commands.
    pub(crate) fn shortcuts(&self, ctx: &egui::Context, commands: &mut Commands) {
        let is_writing = ctx.memory(|memory| memory.focused().is_some());
        // Labels copy their own selection.
        let has_selected_labels = ctx.plugin::<LabelSelectionState>().lock().has_selection();
        let shows_report = self.screen == Screen::Report && !self.palette.is_open;
        let is_active = |context| match context {
            KeyContext::Anywhere => true,
            KeyContext::Report => shows_report,
            KeyContext::Pages => shows_report && !is_writing,
            KeyContext::PageText => shows_report && !is_writing && !has_selected_labels,
            // The question field and `escape_command` handle these.
            KeyContext::EmptyQuestion | KeyContext::Working | KeyContext::Editing | KeyContext::Marks => false,
        };
        let now = Available { tabs: &self.tabs, settings: &self.settings };
        let shortcuts = active_shortcuts(is_active);
        ctx.input_mut(|input| {
            for (shortcut, id) in shortcuts {
                let command = (id.info().command)(now);
                if is_pressed(input, (shortcut, id), command.is_some())
                    && let Some(command) = command
                {
                    commands.push(command);
                }
            }
            if self.palette.is_open || !input.key_pressed(Key::Escape) {
                return;
            }
            if self.screen == Screen::Report {
                if let Some(tab) = self.tabs.front() {
                    commands.push(escape_command(tab));
                }
            } else if self.tabs.len() > 0 {
                commands.push(AppCommand::ShowScreen(Screen::Report));
            }
        });
    }
}

/// Active shortcuts of the table. Those with more modifiers come first, because in egui "Ctrl+A" also matches
/// "Ctrl+Shift+A".
fn active_shortcuts(is_active: impl Fn(KeyContext) -> bool) -> Vec<(KeyboardShortcut, CommandId)> {
    let all = COMMANDS.iter().flat_map(|info| info.all_keys().map(move |keys| (keys, info.id)));
    let mut active: Vec<_> = all.filter(|(keys, _)| is_active(keys.context)).collect();
    active.sort_by_key(|(keys, _)| Reverse(keys.num_modifiers()));
    active.into_iter().map(|(keys, id)| (keys.shortcut, id)).collect()
}

/// Returns whether the keys were pressed, and consumes them.
fn is_pressed(input: &mut egui::InputState, (shortcut, id): (KeyboardShortcut, CommandId), is_available: bool) -> bool {
    if id != CommandId::CopySelection {
        return input.consume_shortcut(&shortcut);
    }
    // Keys for copying arrive as a separate event.
    let is_pressed = is_available && input.events.contains(&egui::Event::Copy);
    if is_pressed {
        input.events.retain(|event| *event != egui::Event::Copy);
    }
    is_pressed
}

/// The command of Escape: it ends what was started last. Opening a report is not cancelled, since without a report there is
/// nothing to ask about.
fn escape_command(tab: &Tab) -> UserCommand {
    let view = &tab.view;
    if view.nav.tool == Tool::Region {
        ViewAction::Take(Tool::Select).into()
    } else if view.nav.selection.is_some() {
        ViewAction::Select(None).into()
    } else if tab.state.work.is_some() && !tab.state.is_opening() {
        ReportCommand::Cancel.into()
    } else if tab.state.editing.is_some() {
        TurnCommand::StopEditing.into()
    } else {
        ViewAction::Unmark.into()
    }
}
