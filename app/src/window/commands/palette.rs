//! Every command by its name: what the list shows, and which of them the written words mean.

use std::path::PathBuf;

use crate::window::commands::{Screen, TurnCommand, UserCommand};
use crate::window::export::Form;
use crate::window::pages::{PageView, Paging, Tool, ViewAction, Zoom};
use crate::window::saved::settings::{Mode, Settings};
use crate::window::state::report::State;
use crate::window::state::scope::Scope;
use crate::window::state::tabs::Tabs;

/// A command as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// What it does.
    pub name: String,
    /// The keys that do the same.
    pub keys: &'static str,
    /// The command.
    pub command: UserCommand,
}

/// The list, while it is shown.
#[derive(Debug, Default)]
pub(crate) struct Palette {
    /// Whether it is shown.
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
    /// Shows the list, or takes it away.
    pub(crate) fn toggle(&mut self) {
        *self = Self { is_open: !self.is_open, ..Self::default() };
    }
}

/// All commands that make sense now.
pub(crate) fn entries(tabs: &Tabs, settings: &Settings) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |name: &str, keys, command| entries.push(Entry { name: name.into(), keys, command });
    if let Some(tab) = tabs.front() {
        add("Write a question", "Ctrl+L", UserCommand::FocusQuestion);
        add("Search in this report", "Ctrl+F", UserCommand::FocusFind);
        for (name, keys, command) in answer_entries(&tab.state) {
            add(name, keys, command);
        }
        if tab.view.saved.is_finding() {
            let next = UserCommand::Turn(TurnCommand::NextFound { is_forward: true });
            add("Find the words in the conversation", "", next);
        }
        add_of_view(&tab.view, &mut add);
        match &tab.state.background {
            Some(background) if background.is_running && !background.is_paused => {
                add("Pause reading", "", UserCommand::PauseReading);
                add("Stop reading", "", UserCommand::StopReading);
            }
            Some(background) if background.is_paused => add("Go on reading", "", UserCommand::GoOnReading),
            _ if tab.state.rests_on_battery => add("Read on battery this time", "", UserCommand::ReadOnBattery),
            _ => {}
        }
        if !tab.state.warnings.is_empty() {
            add("Dismiss the report's warnings", "", UserCommand::DismissWarnings);
        }
        add("Read this page first", "", UserCommand::ReadFirst(tab.view.nav.current));
        let shows_figures = tab.shows_figures;
        let name = if shows_figures { "Show pages instead of figures" } else { "Show the figures that were found" };
        add(name, "", UserCommand::ShowFigures(!shows_figures));
        for (name, command) in scope_entries(tabs) {
            add(name, "", command);
        }
        if tab.state.work.is_some() {
            add("Stop", "Esc", UserCommand::Cancel);
        }
        if !tab.state.turns.is_empty() {
            add("Export the conversation as a web page…", "", UserCommand::ChooseExport(Form::WebPage));
            add("Export the conversation as Markdown…", "", UserCommand::ChooseExport(Form::Markdown));
        }
        add("Close this report", "Ctrl+W", UserCommand::CloseTab(tabs.front_index()));
    }
    add("Open a report…", "Ctrl+O", UserCommand::ChooseFile);
    add("Show the library", "Ctrl+Shift+L", UserCommand::Show(Screen::Library));
    add("Show models and settings", "Ctrl+,", UserCommand::Show(Screen::Settings));
    for (name, theme) in
        [("Light theme", Mode::Light), ("Dark theme", Mode::Dark), ("Theme of the system", Mode::System)]
    {
        if settings.theme != theme {
            add(name, "", UserCommand::Set(Settings { theme, ..settings.clone() }));
        }
    }
    let pauses_on_battery = !settings.pauses_on_battery;
    let name = if pauses_on_battery { "Pause reading on battery" } else { "Read on battery too" };
    add(name, "", UserCommand::Set(Settings { pauses_on_battery, ..settings.clone() }));
    let larger = |by: f32| Settings { text_size: (settings.text_size + by).clamp(0.8, 1.6), ..settings.clone() };
    add("Larger text", "", UserCommand::Set(larger(0.1)));
    add("Smaller text", "", UserCommand::Set(larger(-0.1)));
    add("Quit", "Ctrl+Q", UserCommand::Quit);
    for (index, tab) in tabs.iter().enumerate().filter(|(index, _)| *index != tabs.front_index()) {
        let name = format!("Show {}", tab.name);
        entries.push(Entry { name, keys: "", command: UserCommand::ShowTab(index) });
    }
    entries
}

/// What the next question can be about.
fn scope_entries(tabs: &Tabs) -> Vec<(&'static str, UserCommand)> {
    let others: Vec<PathBuf> = tabs
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != tabs.front_index())
        .map(|(_, tab)| tab.path.clone())
        .collect();
    let mut entries = vec![
        ("Ask about the whole report", UserCommand::SetScope(Scope::Report)),
        ("Ask about this page", UserCommand::SetScope(Scope::ThisPage)),
        ("Ask about some pages…", UserCommand::ChoosePages),
    ];
    if !others.is_empty() {
        entries.push(("Ask about all open reports", UserCommand::SetScope(Scope::Reports(others))));
    }
    entries
}

/// What can be done with the last question and its answer.
fn answer_entries(state: &State) -> Vec<(&'static str, &'static str, UserCommand)> {
    let mut entries = Vec::new();
    let mut add = |name, keys, command| entries.push((name, keys, UserCommand::Turn(command)));
    if state.turns.iter().any(|turn| !turn.evidence.is_empty()) {
        add("Show the next citation", "Ctrl+E", TurnCommand::NextCitation);
    }
    if let (Some(at), true) = (state.turns.len().checked_sub(1), state.work.is_none()) {
        add("Regenerate the last answer", "Ctrl+R", TurnCommand::Regenerate(at));
        add("Edit the last question", "Up", TurnCommand::Edit(at));
        add("Delete the last question", "", TurnCommand::Delete(at));
        if let Some(turn) = state.turns.last() {
            let show = |version| TurnCommand::ShowVersion { turn: at, version };
            if turn.shown > 0 {
                add("Show the earlier answer", "", show(turn.shown - 1));
            }
            if turn.shown + 1 < turn.versions() {
                add("Show the later answer", "", show(turn.shown + 1));
            }
        }
    }
    if state.taken_away.is_some() {
        add("Put back what was deleted", "", TurnCommand::PutBack);
    }
    if state.editing.is_some() {
        add("Leave the question as it was", "Esc", TurnCommand::StopEditing);
    }
    if let Some(at) = state.turns.iter().rposition(|turn| !turn.answer.is_empty()) {
        entries.push(("Copy the last answer", "Ctrl+Shift+C", UserCommand::CopyAnswer(at)));
    }
    entries
}

/// What can be done with the pages of the report in front.
fn add_of_view(view: &PageView, add: &mut impl FnMut(&str, &'static str, UserCommand)) {
    add("Go back", "Alt+Left", UserCommand::View(ViewAction::Back));
    add("Go forward", "Alt+Right", UserCommand::View(ViewAction::Forward));
    add("Ask about a region", "Ctrl+Shift+A", UserCommand::View(ViewAction::Take(Tool::Region)));
    if view.nav.selection.is_some() {
        add("Copy the selected text", "Ctrl+C", UserCommand::View(ViewAction::Copy));
    }
    add("Select the text of this page", "Ctrl+A", UserCommand::View(ViewAction::SelectPage));
    add("Go to the first page", "Home", UserCommand::View(ViewAction::GoTo(1)));
    add("Fit the width", "Ctrl+0", UserCommand::View(ViewAction::Zoom(Zoom::FitWidth)));
    add("Fit the page", "Ctrl+9", UserCommand::View(ViewAction::Zoom(Zoom::FitPage)));
    add("Zoom in", "Ctrl++", UserCommand::View(ViewAction::ZoomBy(1.25)));
    add("Zoom out", "Ctrl+-", UserCommand::View(ViewAction::ZoomBy(0.8)));
    let (paging, name, keys) = match view.saved.paging {
        Paging::Continuous => (Paging::Single, "Show one page at a time", "Ctrl+1"),
        Paging::Single => (Paging::Continuous, "Show pages below each other", "Ctrl+2"),
    };
    add(name, keys, UserCommand::View(ViewAction::Page(paging)));
    add("Turn pages right", "Ctrl+]", UserCommand::View(ViewAction::Rotate(1)));
    add("Turn pages left", "Ctrl+[", UserCommand::View(ViewAction::Rotate(-1)));
    if view.file.has_contents() {
        let is_shown = view.saved.shows_contents;
        let name = if is_shown { "Show small pages" } else { "Show the table of contents" };
        add(name, "Ctrl+B", UserCommand::View(ViewAction::ShowContents(!is_shown)));
    }
    add("Take marks away", "Esc", UserCommand::View(ViewAction::Unmark));
}

/// The entries that what was written means, best first: those whose words begin with the written ones, then those that
/// hold its letters in order.
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
