//! The reading map: one cell for each page, as plain data.

/// The state of a page. Where one cell stands for several pages, the greatest is shown: what the user should know of
/// comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cell {
    /// The page is blank.
    Blank,
    /// Its text was read.
    Text,
    /// It is a scan, and was read as an image.
    Scan,
    /// Its text and figures were read.
    Figures,
    /// It is waiting to be read.
    Waiting,
    /// It is a scan, and the model has no vision.
    Unreadable,
    /// It could not be opened.
    Failed,
    /// It is being read now.
    Reading,
}

impl Cell {
    /// The state in words, to follow "Page 5, ".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Text => "read",
            Self::Scan => "a picture that was looked at",
            Self::Figures => "read, with figures",
            Self::Waiting => "waiting to be read",
            Self::Unreadable => "not readable",
            Self::Failed => "could not be opened",
            Self::Reading => "being read now",
        }
    }

    /// Whether a question can use the page.
    pub(crate) fn is_read(self) -> bool {
        matches!(self, Self::Blank | Self::Text | Self::Scan | Self::Figures)
    }
}

/// The reading map: one cell for each page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ReadingMap {
    cells: Vec<Cell>,
}

impl ReadingMap {
    /// A map of these cells, one for each page.
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self { cells }
    }

    /// The state of a page, counted from 1.
    pub(crate) fn page(&self, number: u32) -> Cell {
        self.cells.get((number as usize).wrapping_sub(1)).copied().unwrap_or(Cell::Waiting)
    }

    /// The cell to show for `count` pages from index `first`.
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
    fn of_several_pages_what_one_should_know_is_shown() {
        let map = ReadingMap { cells: vec![Cell::Text, Cell::Failed, Cell::Waiting, Cell::Text] };
        assert_eq!(map.together(0, 1), Some(Cell::Text));
        assert_eq!(map.together(0, 4), Some(Cell::Failed));
        assert_eq!(map.together(2, 2), Some(Cell::Waiting));
        assert_eq!(map.together(4, 2), None);
        assert_eq!(map.words(), "2 of 4 pages read, 1 not readable");
    }
}
