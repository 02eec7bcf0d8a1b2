//! What the library's screen shows, as plain data.

use std::collections::BTreeMap;

use crate::services::library::{LibraryHit, ReportStatus};

/// Places listed at most.
const MOST_HITS: usize = 300;

/// All reports, and looking for words in them.
#[derive(Debug, Default)]
pub(crate) struct LibraryState {
    /// What stands in the field.
    pub query: String,
    /// What is looked for.
    pub searched: String,
    /// Where it was found.
    pub hits: Vec<LibraryHit>,
    /// Whether there are more than are listed.
    pub has_more: bool,
    /// Whether the search goes on.
    pub is_searching: bool,
    /// How things stand with reports, as far as that is known.
    pub statuses: BTreeMap<String, ReportStatus>,
    /// The report of which the user was asked whether it is to be removed.
    pub to_remove: Option<String>,
}

impl LibraryState {
    /// Begins to look for what stands in the field; whether that is anything new.
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

    /// Takes in what was found.
    pub(crate) fn found(&mut self, query: &str, hits: Vec<LibraryHit>, is_last: bool) {
        if query != self.searched {
            return;
        }
        let room = MOST_HITS.saturating_sub(self.hits.len());
        self.has_more |= hits.len() > room;
        self.hits.extend(hits.into_iter().take(room));
        self.is_searching &= !is_last;
    }

    /// Takes in how things stand.
    pub(crate) fn stands(&mut self, statuses: Vec<ReportStatus>) {
        for standing in statuses {
            self.statuses.insert(standing.hash.clone(), standing);
        }
    }

    /// Forgets a report.
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
    fn what_an_older_search_finds_is_not_listed_and_there_is_an_end() {
        let mut library = LibraryState { query: " receipts ".into(), ..LibraryState::default() };
        assert!(library.search() && !library.search());
        library.found("outlays", hits(3), true);
        assert!(library.hits.is_empty() && library.is_searching);
        library.found("receipts", hits(200), false);
        library.found("receipts", hits(200), true);
        assert_eq!((library.hits.len(), library.has_more, library.is_searching), (MOST_HITS, true, false));
        library.query.clear();
        assert!(library.search() && library.hits.is_empty() && !library.is_searching);
    }
}
