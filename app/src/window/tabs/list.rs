//! The open reports, from left to right; one is in front.

use std::path::{Path, PathBuf};

use engine::protocol::{Place, RequestId};
use engine::viewer::DocumentId;

use crate::services::{EngineClient, ViewerClient};
use crate::window::state::engine_events;
use crate::window::tabs::tab::Tab;

/// Open reports.
#[derive(Debug, Default)]
pub(crate) struct Tabs {
    list: Vec<Tab>,
    front: usize,
    numbered: u64,
}

impl Tabs {
    /// The report in front.
    pub(crate) fn front(&self) -> Option<&Tab> {
        self.list.get(self.front)
    }

    /// The report in front, mutably.
    pub(crate) fn front_mut(&mut self) -> Option<&mut Tab> {
        self.list.get_mut(self.front)
    }

    /// Index of the report in front.
    pub(crate) fn front_index(&self) -> usize {
        self.front
    }

    /// The reports, from left to right.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tab> {
        self.list.iter()
    }

    /// The reports, from left to right, mutably.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Tab> {
        self.list.iter_mut()
    }

    /// Number of open reports.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The report that a request belongs to.
    pub(crate) fn owner(&mut self, request: RequestId) -> Option<&mut Tab> {
        self.list.iter_mut().find(|tab| tab.owns(request))
    }

    /// The report with this viewer id.
    pub(crate) fn shown_as(&mut self, document: DocumentId) -> Option<&mut Tab> {
        self.list.iter_mut().find(|tab| tab.view.file.document == Some(document))
    }

    /// Index of an open file.
    pub(crate) fn position(&self, path: &Path) -> Option<usize> {
        self.list.iter().position(|tab| tab.path == path)
    }

    /// Two tabs of the same report: the one to keep, and the other. A file that is open is kept rather than one that is not,
    /// else the left one.
    pub(crate) fn duplicate(&self) -> Option<(usize, usize)> {
        let is_same = |left: usize, right: usize| {
            let hash = |index: usize| self.list.get(index).and_then(Tab::hash);
            hash(left).is_some() && hash(left) == hash(right)
        };
        let is_open = |index: usize| self.list.get(index).is_some_and(|tab| tab.view.file.is_ready());
        let pairs = (0..self.list.len()).flat_map(|right| (0..right).map(move |left| (left, right)));
        let (left, right) = pairs.into_iter().find(|&(left, right)| is_same(left, right))?;
        Some(if is_open(right) && !is_open(left) { (right, left) } else { (left, right) })
    }

    /// Adds an unopened report on the right; returns its index.
    pub(crate) fn add(&mut self, path: PathBuf, name: String) -> usize {
        self.numbered += 1;
        self.list.push(Tab::resting(self.numbered, path, name));
        self.list.len() - 1
    }

    /// Brings a report to the front and opens it if necessary.
    pub(crate) fn bring_to_front(
        &mut self,
        index: usize,
        engine: &mut dyn EngineClient,
        viewer: &mut dyn ViewerClient,
    ) {
        if index >= self.list.len() {
            return;
        }
        if let Some(before) = self.list.get_mut(self.front).filter(|_| index != self.front) {
            before.view.rest(&mut before.frame);
        }
        self.front = index;
        if self.front().is_some_and(|tab| !tab.is_awake()) {
            self.hold_readings(engine);
            if let Some(tab) = self.list.get_mut(index) {
                tab.wake(engine, viewer);
            }
        }
    }

    /// Closes a report; its right neighbour, else its left one, comes to the front.
    pub(crate) fn close(&mut self, index: usize, engine: &mut dyn EngineClient, viewer: &mut dyn ViewerClient) {
        if index >= self.list.len() {
            return;
        }
        self.list.remove(index).close(engine, viewer);
        let front = if index < self.front { self.front - 1 } else { self.front };
        self.front = front.min(self.list.len().saturating_sub(1));
        self.bring_to_front(self.front, engine, viewer);
    }

    /// Interrupts all background readings for urgent work.
    pub(crate) fn hold_readings(&mut self, engine: &mut dyn EngineClient) {
        for tab in &mut self.list {
            tab.interrupt_reading(engine);
        }
    }

    /// Interrupts the background readings of all reports except the front one.
    pub(crate) fn hold_other_readings(&mut self, engine: &mut dyn EngineClient) {
        for (index, tab) in self.list.iter_mut().enumerate() {
            if index != self.front {
                tab.interrupt_reading(engine);
            }
        }
    }

    /// Excluded figures of these reports, numbered after the front one in a question.
    pub(crate) fn left_out_of(&self, others: &[PathBuf]) -> Vec<Place> {
        let mut all = Vec::new();
        for (document, other) in (1..).zip(others) {
            let tab = self.list.iter().find(|tab| tab.path == *other);
            let of_tab = tab.map_or(&[][..], |tab| &tab.state.left_out);
            all.extend(of_tab.iter().map(|place| Place { document, ..*place }));
        }
        all
    }

    /// Keeps one report being read in the background: the front one first, then the others from the left.
    pub(crate) fn read_in_background(&mut self, engine: &mut dyn EngineClient) {
        for tab in &mut self.list {
            tab.restart_if_stale(engine);
        }
        let front_wants = self.front().is_some_and(Tab::wants_reading);
        if front_wants {
            self.hold_other_readings(engine);
        }
        let is_busy = |tab: &Tab| tab.is_being_read() || (tab.is_awake() && tab.state.is_opening());
        if self.list.iter().any(is_busy) {
            return;
        }
        let next = if front_wants { Some(self.front) } else { self.list.iter().position(Tab::wants_reading) };
        if let Some(tab) = next.and_then(|next| self.list.get_mut(next)) {
            engine_events::read_in_background(&mut tab.state, engine);
        }
    }
}
