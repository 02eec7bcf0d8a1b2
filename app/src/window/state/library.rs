//! State of the library screen.

use std::collections::BTreeMap;

use crate::services::library::{LibraryHit, ReportStatus};

/// Maximum number of hits listed.
const MAX_HITS: usize = 300;

/// The library search, and the status of all reports.
#[derive(Debug, Default)]
pub(crate) struct LibraryState {
    /// Text in the search field.
    pub query: String,
    /// The words searched for.
    pub searched: String,
    /// Hits so far.
    pub hits: Vec<LibraryHit>,
    /// Whether there are more hits than listed.
    pub has_more: bool,
    /// Whether the search is running.
    pub is_searching: bool,
    /// Status of reports, as far as known, by hash.
    pub statuses: BTreeMap<String, ReportStatus>,
    /// The report whose removal awaits confirmation.
    pub to_remove: Option<String>,
}

impl LibraryState {
    /// Starts a search for the text in the field; `false` if it has not changed.
    pub(crate) fn search(&mut self) -> bool {
        let query = self.query.trim();
        if query == self.searched {
            return false;
        }
        query.clone_into(&mut self.searched);
        self.hits.clear();
        self.has_more = false;
        self.is_searching = !self.searched.is_empty();
        true
    }

    /// Adds hits of the current search.
    pub(crate) fn found(&mut self, query: &str, hits: Vec<LibraryHit>, is_last: bool) {
        if query != self.searched {
            return;
        }
        let room = MAX_HITS.saturating_sub(self.hits.len());
        self.has_more |= hits.len() > room;
        self.hits.extend(hits.into_iter().take(room));
        self.is_searching &= !is_last;
    }

    /// Updates the status of reports.
    pub(crate) fn set_statuses(&mut self, statuses: Vec<ReportStatus>) {
        for status in statuses {
            self.statuses.insert(status.hash.clone(), status);
        }
    }

    /// Drops a removed report.
    pub(crate) fn forget(&mut self, hash: &str) {
        self.statuses.remove(hash);
        self.hits.retain(|hit| hit.hash != hash);
        self.to_remove = None;
    }
}

#[cfg(test)]
mod tests {
    use engine::store::library::Passage;

    use super::*;
    use crate::services::library::HitLocation;

    fn hits(count: usize) -> Vec<LibraryHit> {
        let hit = |number| LibraryHit {
            hash: "6d16".into(),
            place: HitLocation::Page(number as u32),
            passage: Passage { text: "net receipts".into(), found: Vec::new() },
        };
        (0..count).map(hit).collect()
    }

    #[test]
    fn hits_of_an_earlier_search_are_dropped_and_the_list_is_limited() {
        let mut library = LibraryState { query: " receipts ".into(), ..LibraryState::default() };
        assert!(library.search() && !library.search());
        library.found("outlays", hits(3), true);
        assert!(library.hits.is_empty() && library.is_searching);
        library.found("receipts", hits(200), false);
        library.found("receipts", hits(200), true);
        assert_eq!((library.hits.len(), library.has_more, library.is_searching), (MAX_HITS, true, false));
        library.query.clear();
        assert!(library.search() && library.hits.is_empty() && !library.is_searching);
    }
}
