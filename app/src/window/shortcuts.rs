//! What keys do, wherever the focus is.

use eframe::egui::{self, Key, KeyboardShortcut, Modifiers};

use super::app::Window;
use super::command::{Screen, TurnCommand, UserCommand};
use super::pages::{ViewAction, Zoom};
use super::state::Remote;

const SHIFTED: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// Keys that do the same on every screen.
const EVERYWHERE: [(KeyboardShortcut, UserCommand); 8] = [
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::K), UserCommand::TogglePalette),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::O), UserCommand::ChooseFile),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Q), UserCommand::Quit),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Comma), UserCommand::Show(Screen::Settings)),
    (KeyboardShortcut::new(SHIFTED, Key::L), UserCommand::Show(Screen::Library)),
    (KeyboardShortcut::new(Modifiers::CTRL.plus(Modifiers::SHIFT), Key::Tab), UserCommand::StepTab(-1)),
    (KeyboardShortcut::new(Modifiers::CTRL, Key::Tab), UserCommand::StepTab(1)),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::L), UserCommand::FocusQuestion),
];

/// Keys for the report in front.
const OF_REPORT: [(KeyboardShortcut, UserCommand); 8] = [
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::E), UserCommand::Turn(TurnCommand::NextCitation)),
    (KeyboardShortcut::new(Modifiers::ALT, Key::ArrowLeft), UserCommand::View(ViewAction::Back)),
    (KeyboardShortcut::new(Modifiers::ALT, Key::ArrowRight), UserCommand::View(ViewAction::Forward)),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Plus), UserCommand::View(ViewAction::ZoomBy(1.25))),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Equals), UserCommand::View(ViewAction::ZoomBy(1.25))),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Minus), UserCommand::View(ViewAction::ZoomBy(0.8))),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Num0), UserCommand::View(ViewAction::Zoom(Zoom::FitWidth))),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::F), UserCommand::FocusFind),
];

impl Window {
    /// Takes the keys that mean something and notes what they mean.
    pub(super) fn shortcuts(&self, ctx: &egui::Context, commands: &mut Vec<UserCommand>) {
        let is_writing = ctx.memory(|memory| memory.focused().is_some());
        ctx.input_mut(|input| {
            take(input, &EVERYWHERE, commands);
            if self.palette.is_open {
                return;
            }
            if self.screen != Screen::Report {
                if input.key_pressed(Key::Escape) && self.tabs.len() > 0 {
                    commands.push(UserCommand::Show(Screen::Report));
                }
                return;
            }
            take(input, &OF_REPORT, commands);
            if input.consume_key(Modifiers::COMMAND, Key::W) && self.tabs.len() > 0 {
                commands.push(UserCommand::CloseTab(self.tabs.front_index()));
            }
            commands.extend(self.answer_keys(input));
            commands.extend(self.page_keys(input, is_writing).map(UserCommand::View));
            if input.key_pressed(Key::Escape) {
                let state = self.tabs.front().map(|tab| &tab.state);
                commands.push(match state {
                    Some(state) if state.work.is_some() => UserCommand::Cancel,
                    Some(state) if state.editing.is_some() => UserCommand::Turn(TurnCommand::StopEditing),
                    _ => UserCommand::View(ViewAction::Unmark),
                });
            }
        });
    }

    /// Keys for the last question and its answer.
    fn answer_keys(&self, input: &mut egui::InputState) -> Option<UserCommand> {
        let state = &self.tabs.front()?.state;
        if input.consume_key(SHIFTED, Key::C) {
            return state.turns.iter().rposition(|turn| !turn.answer.is_empty()).map(UserCommand::CopyAnswer);
        }
        let last = state.turns.len().checked_sub(1).filter(|_| state.work.is_none())?;
        let regenerates = input.consume_key(Modifiers::COMMAND, Key::R);
        regenerates.then_some(UserCommand::Turn(TurnCommand::Regenerate(last)))
    }

    /// Keys that turn pages; those that also move in a text only while none is written.
    fn page_keys(&self, input: &mut egui::InputState, is_writing: bool) -> Option<ViewAction> {
        let view = &self.tabs.front()?.view;
        let Remote::Ready(info) = &view.info else { return None };
        let (current, last) = (view.current, info.sizes_pt.len() as u32);
        let (before, after) = (current.saturating_sub(1).max(1), (current + 1).min(last));
        let keys = [
            (Key::PageDown, after, true),
            (Key::PageUp, before, true),
            (Key::ArrowRight, after, false),
            (Key::ArrowLeft, before, false),
            (Key::Home, 1, false),
            (Key::End, last, false),
        ];
        let mut pressed = keys.into_iter().filter(|(_, _, always)| *always || !is_writing);
        let (_, page, _) = pressed.find(|(key, _, _)| input.consume_key(Modifiers::NONE, *key))?;
        Some(ViewAction::GoTo(page))
    }
}

fn take(input: &mut egui::InputState, keys: &[(KeyboardShortcut, UserCommand)], commands: &mut Vec<UserCommand>) {
    for (shortcut, command) in keys {
        if input.consume_shortcut(shortcut) {
            commands.push(command.clone());
        }
    }
}
