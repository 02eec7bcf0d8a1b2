//! What keys do, wherever the focus is.

use eframe::egui::text_selection::LabelSelectionState;
use eframe::egui::{self, Key, KeyboardShortcut, Modifiers};

use crate::window::app::Window;
use crate::window::commands::{Screen, TurnCommand, UserCommand};
use crate::window::pages::{PageView, Paging, Stretch, Tool, ViewAction, Zoom};
use crate::window::state::report::{Remote, State};
use crate::window::state::tab::Tab;

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

/// How far an arrow key scrolls, in screen points.
const LINE: f32 = 60.0;

/// Keys for the report in front; those with more modifiers come first.
const OF_REPORT: [(KeyboardShortcut, UserCommand); 14] = [
    (KeyboardShortcut::new(SHIFTED, Key::A), UserCommand::View(ViewAction::Take(Tool::Region))),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::OpenBracket), UserCommand::View(ViewAction::Rotate(-1))),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::CloseBracket), UserCommand::View(ViewAction::Rotate(1))),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Num1), UserCommand::View(ViewAction::Page(Paging::Single))),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Num2), UserCommand::View(ViewAction::Page(Paging::Continuous))),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Num9), UserCommand::View(ViewAction::Zoom(Zoom::FitPage))),
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
    pub(crate) fn shortcuts(&self, ctx: &egui::Context, commands: &mut Vec<UserCommand>) {
        let is_writing = ctx.memory(|memory| memory.focused().is_some());
        // Labels copy what is selected in them by themselves.
        let has_selected_labels = ctx.plugin::<LabelSelectionState>().lock().has_selection();
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
            let Some(tab) = self.tabs.front() else { return };
            commands.extend(answer_keys(&tab.state, input));
            commands.extend(page_keys(&tab.view, input, is_writing).map(UserCommand::View));
            if !is_writing && !has_selected_labels {
                commands.extend(selection_keys(&tab.view, input).map(UserCommand::View));
            }
            if tab.view.file.has_contents() && input.consume_key(Modifiers::COMMAND, Key::B) {
                commands.push(UserCommand::View(ViewAction::ShowContents(!tab.view.saved.shows_contents)));
            }
            if input.key_pressed(Key::Escape) {
                commands.push(what_ends(tab));
            }
        });
    }
}

/// Keys for the last question and its answer.
fn answer_keys(state: &State, input: &mut egui::InputState) -> Option<UserCommand> {
    if input.consume_key(SHIFTED, Key::C) {
        return state.turns.iter().rposition(|turn| !turn.answer.is_empty()).map(UserCommand::CopyAnswer);
    }
    let last = state.turns.len().checked_sub(1).filter(|_| state.work.is_none())?;
    let regenerates = input.consume_key(Modifiers::COMMAND, Key::R);
    regenerates.then_some(UserCommand::Turn(TurnCommand::Regenerate(last)))
}

/// What Escape ends: what was begun last. A report that opens goes on doing so: the key was pressed in a field, or for what lies
/// above the pages, and without the report nothing could be asked any more.
fn what_ends(tab: &Tab) -> UserCommand {
    let view = &tab.view;
    if view.nav.tool == Tool::Region {
        UserCommand::View(ViewAction::Take(Tool::Select))
    } else if view.nav.selection.is_some() {
        UserCommand::View(ViewAction::Select(None))
    } else if tab.state.work.is_some() && !tab.state.is_opening() {
        UserCommand::Cancel
    } else if tab.state.editing.is_some() {
        UserCommand::Turn(TurnCommand::StopEditing)
    } else {
        UserCommand::View(ViewAction::Unmark)
    }
}

/// Keys for text on pages.
fn selection_keys(view: &PageView, input: &mut egui::InputState) -> Option<ViewAction> {
    if input.consume_key(Modifiers::COMMAND, Key::A) {
        return Some(ViewAction::SelectPage);
    }
    let copies = view.nav.selection.is_some() && input.events.contains(&egui::Event::Copy);
    copies.then(|| {
        input.events.retain(|event| *event != egui::Event::Copy);
        ViewAction::Copy
    })
}

/// Keys that move in the report; those that also move in a text only while none is written.
fn page_keys(view: &PageView, input: &mut egui::InputState, is_writing: bool) -> Option<ViewAction> {
    let Remote::Ready(info) = &view.file.info else { return None };
    let screens = |by| ViewAction::Scroll(Stretch::Screens(by));
    let lines = |by| ViewAction::Scroll(Stretch::Points(by * LINE));
    let keys = [
        (Modifiers::NONE, Key::PageDown, screens(1.0), true),
        (Modifiers::NONE, Key::PageUp, screens(-1.0), true),
        (Modifiers::SHIFT, Key::Space, screens(-1.0), false),
        (Modifiers::NONE, Key::Space, screens(1.0), false),
        (Modifiers::NONE, Key::ArrowDown, lines(1.0), false),
        (Modifiers::NONE, Key::ArrowUp, lines(-1.0), false),
        (Modifiers::NONE, Key::ArrowRight, ViewAction::Step(1), false),
        (Modifiers::NONE, Key::ArrowLeft, ViewAction::Step(-1), false),
        (Modifiers::NONE, Key::Home, ViewAction::GoTo(1), false),
        (Modifiers::NONE, Key::End, ViewAction::GoTo(info.sizes_pt.len() as u32), false),
    ];
    let mut pressed = keys.into_iter().filter(|(.., always)| *always || !is_writing);
    pressed.find(|(modifiers, key, ..)| input.consume_key(*modifiers, *key)).map(|(_, _, action, _)| action)
}

fn take(input: &mut egui::InputState, keys: &[(KeyboardShortcut, UserCommand)], commands: &mut Vec<UserCommand>) {
    for (shortcut, command) in keys {
        if input.consume_shortcut(shortcut) {
            commands.push(command.clone());
        }
    }
}
