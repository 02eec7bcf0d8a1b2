//! The reading map: the state of each page, and the layout of its cells.

/// State of a page, in order of importance: a cell that covers several pages shows the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cell {
    /// An empty page.
    Blank,
    /// Text was read.
    Text,
    /// A scan, read as a picture.
    Scan,
    /// Text and figures were read.
    Figures,
    /// Waiting to be read.
    Waiting,
    /// A scan, and the model has no vision.
    Unreadable,
    /// The page could not be opened.
    Failed,
    /// Being read now.
    Reading,
}

impl Cell {
    /// In words, after "Page 5, ".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Text => "read",
            Self::Scan => "scan, read as a picture",
            Self::Figures => "read, with figures",
            Self::Waiting => "waiting to be read",
            Self::Unreadable => "scan, text not readable",
            Self::Failed => "could not be opened",
            Self::Reading => "being read now",
        }
    }

    /// Whether its content is available to questions.
    pub(crate) fn is_read(self) -> bool {
        matches!(self, Self::Blank | Self::Text | Self::Scan | Self::Figures)
    }
}

/// The reading map: one cell per page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ReadingMap {
    cells: Vec<Cell>,
}

impl ReadingMap {
    /// A map of these cells, one for each page.
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self { cells }
    }

    /// State of a page, counted from 1.
    pub(crate) fn page(&self, number: u32) -> Cell {
        self.cells.get((number as usize).wrapping_sub(1)).copied().unwrap_or(Cell::Waiting)
    }

    /// The most important state of `count` pages from index `first`.
    pub(crate) fn together(&self, first: usize, count: usize) -> Option<Cell> {
        self.cells.iter().skip(first).take(count).copied().max()
    }

    /// Number of pages.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// "60 of 82 pages read, 4 with figures, 2 not readable".
    pub(crate) fn words(&self) -> String {
        let count = |is: fn(Cell) -> bool| self.cells.iter().filter(|cell| is(**cell)).count();
        let read = format!("{} of {} pages read", count(Cell::is_read), self.cells.len());
        let more = [
            (count(|cell| cell == Cell::Figures), "with figures"),
            (count(|cell| cell == Cell::Reading), "being read now"),
            (count(|cell| matches!(cell, Cell::Unreadable | Cell::Failed)), "not readable"),
        ];
        let more = more.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}"));
        std::iter::once(read).chain(more).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_shows_the_most_important_of_its_pages() {
        let map = ReadingMap { cells: vec![Cell::Text, Cell::Failed, Cell::Waiting, Cell::Text] };
        assert_eq!(map.together(0, 1), Some(Cell::Text));
        assert_eq!(map.together(0, 4), Some(Cell::Failed));
        assert_eq!(map.together(2, 2), Some(Cell::Waiting));
        assert_eq!(map.together(4, 2), None);
        assert_eq!(map.words(), "2 of 4 pages read, 1 not readable");
    }
}
