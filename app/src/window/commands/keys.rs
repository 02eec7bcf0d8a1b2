//! Keys that trigger commands, and how they are displayed.

use eframe::egui::{Context, Key, KeyboardShortcut, Modifiers};

/// Where a shortcut applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KeyContext {
    /// On every screen.
    Anywhere,
    /// While a report is shown.
    Report,
    /// While a report is shown and no field has the focus.
    Pages,
    /// The same, and no text outside the pages is selected.
    PageText,
    /// In the question field while it is empty; the field handles these.
    EmptyQuestion,
    /// While the engine works for the user. Escape ends what was started last: work, an edit, or else marks.
    Working,
    /// While a question is being edited.
    Editing,
    /// While something is marked.
    Marks,
}

/// Keys that trigger a command in a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Keys {
    /// Where.
    pub context: KeyContext,
    /// The keys.
    pub shortcut: KeyboardShortcut,
}

impl Keys {
    /// These keys in this context.
    pub(crate) const fn new(context: KeyContext, modifiers: Modifiers, key: Key) -> Self {
        Self { context, shortcut: KeyboardShortcut::new(modifiers, key) }
    }

    /// Display text for this system: "⌘O" on a Mac, "Ctrl+O" elsewhere.
    pub(crate) fn text(self, ctx: &Context) -> String {
        let text = ctx.format_shortcut(&self.shortcut);
        let key = self.shortcut.logical_key;
        let is_arrow = matches!(key, Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp);
        // "Ctrl+[" is easier to find on a keyboard than "Ctrl+OpenBracket".
        match text.strip_suffix(key.name()) {
            Some(modifiers) if !is_arrow => format!("{modifiers}{}", key.symbol_or_name()),
            _ => text,
        }
    }

    /// Number of modifiers, for trying the longest combination of a key first.
    pub(crate) fn num_modifiers(self) -> usize {
        let held = self.shortcut.modifiers;
        [held.alt, held.shift, held.ctrl || held.command || held.mac_cmd].into_iter().filter(|is_held| *is_held).count()
    }
}
