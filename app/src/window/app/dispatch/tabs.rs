//! Opening, showing and closing reports.

use std::path::PathBuf;

use crate::services::library::HitLocation;
use crate::window::app::{Services, Window};
use crate::window::pages::{Marks, ViewAction};
use crate::window::state::scope::file_name;
use crate::window::state::screen::Screen;
use crate::window::tabs::{Restore, Tab, Then};

impl Window {
    /// Opens files in new tabs and brings the first to the front. A file that is open already keeps its tab.
    pub(crate) fn open_files(&mut self, paths: Vec<PathBuf>) {
        let mut front = None;
        for path in paths {
            let name = file_name(&path);
            let index = self.tabs.position(&path).unwrap_or_else(|| self.tabs.add(path, name));
            front = front.or(Some(index));
        }
        if let Some(front) = front {
            self.show_tab(front);
        }
    }

    /// Brings a tab to the front, counted from 0.
    pub(crate) fn show_tab(&mut self, index: usize) {
        self.screen = Screen::Report;
        self.error = None;
        for tab in self.tabs.iter_mut() {
            tab.state.compute = self.settings.compute();
        }
        let Services { engine, viewer, .. } = &mut self.services;
        self.tabs.bring_to_front(index, engine.as_mut(), viewer.as_mut());
    }

    /// Brings the tab `by` positions to the right to the front, wrapping around.
    pub(super) fn step_tab(&mut self, by: isize) {
        let count = self.tabs.len().max(1) as isize;
        self.show_tab((self.tabs.front_index() as isize + by).rem_euclid(count) as usize);
    }

    /// Closes a tab, counted from 0.
    pub(crate) fn close_tab(&mut self, index: usize) {
        self.note_places();
        let news = self.tabs.iter_mut().nth(index).and_then(Tab::news);
        if let Some((hash, conversation)) = news {
            self.save_conversation(hash, &conversation);
        }
        let Services { engine, viewer, .. } = &mut self.services;
        self.tabs.close(index, engine.as_mut(), viewer.as_mut());
        if self.tabs.len() == 0 {
            self.show(Screen::Library);
        }
    }

    /// Brings a report to the front and marks parts of it.
    pub(super) fn show_in_report(&mut self, path: PathBuf, marks: Marks) {
        self.open_files(vec![path]);
        if let Some(tab) = self.tabs.front_mut() {
            tab.then = Some(Then::Marks(marks));
        }
    }

    /// Opens the report of a search result in the library, and shows the place.
    pub(super) fn open_hit(&mut self, at: usize) {
        let Some(hit) = self.library.hits.get(at) else { return };
        let Some(path) = self.session.report(&hit.hash).map(|report| report.path.clone()) else { return };
        let then = match hit.place {
            HitLocation::Page(page) => Then::Page(page, self.library.searched.clone()),
            HitLocation::Turn(turn) => Then::Turn(turn),
        };
        self.open_files(vec![path]);
        if let Some(tab) = self.tabs.front_mut() {
            tab.then = Some(then);
        }
    }

    /// Goes to the target of the report in front, once it is open.
    pub(crate) fn show_target(&mut self) {
        let Some(tab) = self.tabs.front_mut().filter(|tab| tab.restored == Restore::Done) else {
            return;
        };
        match tab.then.take() {
            Some(Then::Page(page, words)) => {
                tab.view.saved.query = words;
                tab.view.dispatch(ViewAction::GoTo(page));
            }
            Some(Then::Marks(marks)) => tab.view.dispatch(ViewAction::Show(marks)),
            Some(Then::Turn(turn)) => tab.state.point_out(turn),
            None => {}
        }
    }
}
