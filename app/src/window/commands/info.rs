//! An entry of the table of commands.

use eframe::egui::{Context, Key, Modifiers};

use crate::window::commands::available::Available;
use crate::window::commands::keys::{KeyContext, Keys};
use crate::window::commands::{CommandId, UserCommand};

/// Creates the command of an entry, if it is available.
type MakeCommand = fn(Available<'_>) -> Option<UserCommand>;

/// Whether a toggle is on.
type IsOn = fn(Available<'_>) -> bool;

/// How a command is named and triggered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandInfo {
    /// Which command it is.
    pub id: CommandId,
    /// Its name in the palette.
    label: &'static str,
    /// Its name in the palette while it is on, for a toggle.
    label_on: Option<(&'static str, IsOn)>,
    /// Creates the command; `None` while it is unavailable.
    pub command: MakeCommand,
    /// Its name on a button or in a menu.
    pub button: &'static str,
    /// Its tooltip; may be empty.
    pub tooltip: &'static str,
    /// Keys that trigger it; the first are shown.
    keys: [Option<Keys>; 2],
    /// Whether the palette lists it.
    pub is_listed: bool,
}

impl CommandInfo {
    pub(super) const fn new(id: CommandId, label: &'static str, command: MakeCommand) -> Self {
        Self { id, label, command, label_on: None, button: label, tooltip: "", keys: [None, None], is_listed: true }
    }

    pub(super) const fn button(self, button: &'static str) -> Self {
        Self { button, ..self }
    }

    pub(super) const fn tooltip(self, tooltip: &'static str) -> Self {
        Self { tooltip, ..self }
    }

    pub(super) const fn keys(self, context: KeyContext, modifiers: Modifiers, key: Key) -> Self {
        Self { keys: [Some(Keys::new(context, modifiers, key)), None], ..self }
    }

    pub(super) const fn or_keys(self, context: KeyContext, modifiers: Modifiers, key: Key) -> Self {
        Self { keys: [self.keys[0], Some(Keys::new(context, modifiers, key))], ..self }
    }

    pub(super) const fn label_on(self, label: &'static str, is_on: IsOn) -> Self {
        Self { label_on: Some((label, is_on)), ..self }
    }

    pub(super) const fn unlisted(self) -> Self {
        Self { is_listed: false, ..self }
    }

    /// Its current name in the palette.
    pub(crate) fn label(&self, now: Available<'_>) -> &'static str {
        self.label_on.filter(|(_, is_on)| is_on(now)).map_or(self.label, |(label, _)| label)
    }

    /// All its names in the palette.
    #[cfg(test)]
    pub(super) fn labels(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.label).chain(self.label_on.map(|(label, _)| label))
    }

    /// All keys that trigger it.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = Keys> {
        self.keys.into_iter().flatten()
    }

    /// Display text of its first keys; empty if it has none.
    pub(crate) fn keys_text(&self, ctx: &Context) -> String {
        self.all_keys().next().map(|keys| keys.text(ctx)).unwrap_or_default()
    }

    /// Its tooltip with its keys: "All reports (Ctrl+Shift+L)".
    pub(crate) fn tooltip_with_keys(&self, ctx: &Context) -> String {
        match self.all_keys().next() {
            Some(keys) => format!("{} ({})", self.tooltip, keys.text(ctx)),
            None => self.tooltip.to_owned(),
        }
    }
}
