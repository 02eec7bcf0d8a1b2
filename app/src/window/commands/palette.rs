//! The command palette: what it lists, and how a query filters it.

use crate::window::commands::keys::Keys;
use crate::window::commands::table::COMMANDS;
use crate::window::commands::{AppCommand, Available, UserCommand};
use crate::window::saved::settings::Settings;
use crate::window::tabs::Tabs;

/// An entry of the palette.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Its name.
    pub name: String,
    /// Keys for the same command.
    pub keys: Option<Keys>,
    /// The command.
    pub command: UserCommand,
}

/// The state of the palette.
#[derive(Debug, Default)]
pub(crate) struct Palette {
    /// Whether it is open.
    pub is_open: bool,
    /// Its field.
    pub field: PaletteField,
}

/// The field above the list: its text, and the entry that the arrow keys have chosen.
#[derive(Debug, Default)]
pub(crate) struct PaletteField {
    /// The text.
    pub query: String,
    /// The entry that Enter runs, counted from 0.
    pub chosen: usize,
}

impl Palette {
    /// Opens or closes it.
    pub(crate) fn toggle(&mut self) {
        *self = Self { is_open: !self.is_open, ..Self::default() };
    }
}

/// All commands that are available.
pub(crate) fn entries(tabs: &Tabs, settings: &Settings) -> Vec<Entry> {
    let now = Available { tabs, settings };
    let listed = COMMANDS.iter().filter(|info| info.is_listed).filter_map(|info| {
        let command = (info.command)(now)?;
        Some(Entry { name: info.label(now).to_owned(), keys: info.all_keys().next(), command })
    });
    let others = tabs.iter().enumerate().filter(|(index, _)| *index != tabs.front_index());
    let others = others.map(|(index, tab)| Entry {
        name: format!("Show {}", tab.name),
        keys: None,
        command: AppCommand::ShowTab(index).into(),
    });
    listed.chain(others).collect()
}

/// The entries that match a query, best first: names or words that begin with it, then names that contain its letters
/// in order.
pub(crate) fn matching(entries: Vec<Entry>, query: &str) -> Vec<Entry> {
    let query = query.trim().to_lowercase();
    let mut ranked: Vec<(usize, Entry)> =
        entries.into_iter().filter_map(|entry| Some((rank(&entry.name.to_lowercase(), &query)?, entry))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, entry)| entry).collect()
}

fn rank(name: &str, query: &str) -> Option<usize> {
    if query.is_empty() || name.starts_with(query) {
        return Some(0);
    }
    let begins = |word: &str| name.split_whitespace().any(|of_name| of_name.starts_with(word));
    if query.split_whitespace().all(begins) {
        return Some(1);
    }
    if name.contains(query) {
        return Some(2);
    }
    let mut letters = name.chars();
    query
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .all(|letter| letters.any(|other| other == letter))
        .then_some(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_letters_find_a_command() {
        let find = |query| matching(entries(&Tabs::default(), &Settings::default()), query);
        for (query, expected) in [
            ("open", "Open a report…"),
            ("dark", "Dark theme"),
            ("lib", "Show the library"),
            ("mod set", "Show models and settings"),
        ] {
            assert_eq!(find(query).first().map(|entry| entry.name.clone()).as_deref(), Some(expected), "{query}");
        }
        assert!(find("xyzzy").is_empty());
        assert!(find("").len() > 5);
    }
}
