//! What the library's screen shows, as plain data.

use std::collections::BTreeMap;

use super::librarian::{LibraryHit, ReportStanding};

/// Places listed at most.
const MOST_HITS: usize = 300;

/// All reports, and looking for words in them.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
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
    pub standings: BTreeMap<String, ReportStanding>,
    /// The report of which the user was asked whether it is to be removed.
    pub to_remove: Option<String>,
}

impl Shelf {
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
    pub(crate) fn stands(&mut self, standings: Vec<ReportStanding>) {
        for standing in standings {
            self.standings.insert(standing.hash.clone(), standing);
        }
    }

    /// Forgets a report.
    pub(crate) fn forget(&mut self, hash: &str) {
        self.standings.remove(hash);
        self.hits.retain(|hit| hit.hash != hash);
        self.to_remove = None;
    }
}

#[cfg(test)]
mod tests {
    use engine::store::library::Passage;

    use super::super::librarian::HitPlace;
    use super::*;

    fn hits(count: usize) -> Vec<LibraryHit> {
        let hit = |number| LibraryHit {
            hash: "6d16".into(),
            place: HitPlace::Page(number as u32),
            passage: Passage { text: "net receipts".into(), found: Vec::new() },
        };
        (0..count).map(hit).collect()
    }

    #[test]
    fn what_an_older_search_finds_is_not_listed_and_there_is_an_end() {
        let mut shelf = Shelf { query: " receipts ".into(), ..Shelf::default() };
        assert!(shelf.search() && !shelf.search());
        shelf.found("outlays", hits(3), true);
        assert!(shelf.hits.is_empty() && shelf.is_searching);
        shelf.found("receipts", hits(200), false);
        shelf.found("receipts", hits(200), true);
        assert_eq!((shelf.hits.len(), shelf.has_more, shelf.is_searching), (MOST_HITS, true, false));
        shelf.query.clear();
        assert!(shelf.search() && shelf.hits.is_empty() && !shelf.is_searching);
    }
}
