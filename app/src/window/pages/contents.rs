//! The table of contents of a file: which sections are folded, and which one the reader is in.

use std::collections::BTreeSet;

use engine::document::page::OutlineItem;

/// Longer tables of contents are folded at first.
const MOST_UNFOLDED: usize = 60;

/// Folding of a table of contents.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Contents {
    /// Sections whose subsections are hidden.
    folded: BTreeSet<usize>,
    /// Visible sections.
    rows: Vec<usize>,
}

impl Contents {
    /// The folding at first.
    pub(crate) fn new(items: &[OutlineItem]) -> Self {
        let folds = items.len() > MOST_UNFOLDED;
        let folded = (0..items.len()).filter(|item| folds && has_parts(items, *item)).collect();
        let mut contents = Self { folded, ..Self::default() };
        contents.lay_out(items);
        contents
    }

    /// Visible sections, from top to bottom.
    pub(crate) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Whether a section's subsections are hidden.
    pub(crate) fn is_folded(&self, item: usize) -> bool {
        self.folded.contains(&item)
    }

    /// Folds or unfolds a section.
    pub(crate) fn fold(&mut self, items: &[OutlineItem], item: usize, is_folded: bool) {
        if is_folded {
            self.folded.insert(item);
        } else {
            self.folded.remove(&item);
        }
        self.lay_out(items);
    }

    fn lay_out(&mut self, items: &[OutlineItem]) {
        self.rows.clear();
        // Deeper sections are hidden until one comes that is not.
        let mut hidden_below = u16::MAX;
        for (item, section) in items.iter().enumerate() {
            if section.depth > hidden_below {
                continue;
            }
            self.rows.push(item);
            hidden_below = if self.is_folded(item) { section.depth } else { u16::MAX };
        }
    }

    /// The row of the section that a page belongs to; if it is hidden, of the visible section around it.
    pub(crate) fn row_of_page(&self, items: &[OutlineItem], page: u32) -> Option<usize> {
        let item = section_of_page(items, page)?;
        // Rows are sorted, and a hidden section comes after the one that hides it.
        self.rows.partition_point(|row| *row <= item).checked_sub(1)
    }
}

/// Whether a section has subsections.
pub(crate) fn has_parts(items: &[OutlineItem], item: usize) -> bool {
    let depth = |item: usize| items.get(item).map(|section| section.depth);
    depth(item + 1) > depth(item)
}

/// The section that a page belongs to: the first on it, else the last before it.
fn section_of_page(items: &[OutlineItem], page: u32) -> Option<usize> {
    let mut best: Option<(u32, usize)> = None;
    for (item, section) in items.iter().enumerate() {
        let Some(begins) = section.page.filter(|begins| *begins <= page) else { continue };
        let is_better = best.is_none_or(|(other, _)| begins > other || (begins == other && begins < page));
        if is_better {
            best = Some((begins, item));
        }
    }
    best.map(|(_, item)| item)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(sections: &[(u16, Option<u32>)]) -> Vec<OutlineItem> {
        let item =
            |&(depth, page): &(u16, Option<u32>)| OutlineItem { title: format!("{depth} on {page:?}"), page, depth };
        sections.iter().map(item).collect()
    }

    /// A part with two chapters, one of which has two sections on the same page, and an appendix.
    fn book() -> Vec<OutlineItem> {
        items(&[(0, Some(3)), (1, Some(3)), (2, Some(5)), (2, Some(5)), (1, Some(9)), (0, None), (0, Some(20))])
    }

    #[test]
    fn sections_are_folded_and_shown_again() {
        let book = book();
        let mut contents = Contents::new(&book);
        assert_eq!(contents.rows(), [0, 1, 2, 3, 4, 5, 6]);
        for (item, is_folded, expected) in [
            (1, true, &[0, 1, 4, 5, 6][..]),
            (0, true, &[0, 5, 6]),
            // What was folded inside stays so.
            (0, false, &[0, 1, 4, 5, 6]),
            (1, false, &[0, 1, 2, 3, 4, 5, 6]),
        ] {
            contents.fold(&book, item, is_folded);
            assert_eq!(contents.rows(), expected, "{item} {is_folded}");
        }
        assert_eq!((0..7).filter(|item| has_parts(&book, *item)).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn a_page_belongs_to_a_section() {
        let book = book();
        let mut contents = Contents::new(&book);
        for (page, expected) in
            [(1, None), (3, Some(0)), (4, Some(1)), (5, Some(2)), (6, Some(3)), (9, Some(4)), (25, Some(6))]
        {
            assert_eq!(contents.row_of_page(&book, page), expected, "page {page}");
        }
        contents.fold(&book, 0, true);
        assert_eq!(contents.row_of_page(&book, 6), Some(0), "the part around a hidden section");
        assert_eq!(contents.row_of_page(&book, 25), Some(2));
    }

    #[test]
    fn a_long_one_is_folded_at_first() {
        let long: Vec<(u16, Option<u32>)> = (0..100).map(|at| (u16::from(at % 10 != 0), Some(at))).collect();
        assert_eq!(Contents::new(&items(&long)).rows().len(), 10);
        assert!(Contents::new(&[]).rows().is_empty());
    }
}
