//! The search in the open report, and its hits.

use engine::viewer::Hit;

/// Places held at most; beyond, only their number would be of use.
const MOST_HITS: usize = 5000;

/// A search. The text of the field is [`SavedView::query`](crate::window::pages::SavedView::query).
#[derive(Debug, Default)]
pub(crate) struct Find {
    /// The words that the viewer was asked to find.
    query: String,
    /// Hits, each with its page, counted from 1.
    pub hits: Vec<(u32, Hit)>,
    /// Whether all pages were searched.
    pub is_done: bool,
    /// The current hit.
    pub at: Option<usize>,
}

impl Find {
    /// Whether there is anything to find.
    fn is_on(&self) -> bool {
        !self.query.trim().is_empty()
    }

    /// Starts a search if the text of the field has changed; returns the query for the viewer.
    pub(super) fn take_query(&mut self, query: &str) -> Option<String> {
        if self.query == query {
            return None;
        }
        query.clone_into(&mut self.query);
        self.hits.clear();
        self.at = None;
        self.is_done = !self.is_on();
        Some(self.query.clone())
    }

    /// Adds the hits of a page; those of an earlier search are ignored.
    pub(crate) fn apply(&mut self, query: &str, page: u32, hits: Vec<Hit>, is_last: bool) {
        if query != self.query || !self.is_on() {
            return;
        }
        let room = MOST_HITS.saturating_sub(self.hits.len());
        self.hits.extend(hits.into_iter().take(room).map(|hit| (page, hit)));
        self.is_done = is_last;
    }

    /// The place after the one that is looked at, or before it; round and round. The first time it is the first one on page
    /// `current` or behind it.
    pub(crate) fn step(&mut self, forward: bool, current: u32) -> Option<&(u32, Hit)> {
        let count = self.hits.len();
        if count == 0 {
            return None;
        }
        let next = match (self.at, forward) {
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
            (None, true) => self.hits.iter().position(|(page, _)| *page >= current).unwrap_or(0),
            (None, false) => self.hits.iter().rposition(|(page, _)| *page <= current).unwrap_or(count - 1),
        };
        self.at = Some(next);
        self.hits.get(next)
    }

    /// "12 matches", "Not found", "3 of 12".
    pub(crate) fn words(&self) -> String {
        let going = if self.is_done { "" } else { "…" };
        match (self.hits.len(), self.at) {
            (0, _) if self.is_done => "Not found".to_owned(),
            (0, _) => "Searching…".to_owned(),
            (count, Some(at)) => format!("{} of {count}{going}", at + 1),
            (1, None) => format!("1 match{going}"),
            (count, None) => format!("{count} matches{going}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::document::geometry::Rect;

    use super::*;

    fn hit() -> Hit {
        Hit { text: "net receipts".into(), found: 4..12, bbox: Rect::new(1.0, 1.0, 2.0, 2.0) }
    }

    #[test]
    fn one_goes_from_place_to_place_round_and_round() {
        let mut find = Find::default();
        assert_eq!(find.take_query("receipts").as_deref(), Some("receipts"));
        assert_eq!(find.take_query("receipts"), None);
        assert_eq!(find.words(), "Searching…");
        for page in [2, 2, 5, 9] {
            find.apply("receipts", page, vec![hit()], page == 9);
        }
        find.apply("deficit", 3, vec![hit()], true);
        assert_eq!(find.words(), "4 matches");
        for (forward, expected) in [(true, 2), (true, 3), (true, 0), (false, 3), (false, 2)] {
            find.step(forward, 4);
            assert_eq!(find.at, Some(expected));
        }
        assert_eq!(find.words(), "3 of 4");
        assert!(find.take_query(" ").is_some() && !find.is_on() && find.hits.is_empty());
        assert!(find.step(true, 1).is_none());
    }

    #[test]
    fn a_word_on_every_line_of_a_long_report_is_held_in_part() {
        let mut find = Find::default();
        find.take_query("e");
        for page in 1..=600 {
            find.apply("e", page, vec![hit(); 10], page == 600);
        }
        assert_eq!((find.hits.len(), find.is_done), (MOST_HITS, true));
    }
}
