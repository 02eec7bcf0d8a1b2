//! The reading map: the state of each page, and the layout of its cells.

use eframe::egui::{Pos2, Rect, Vec2, vec2};
use engine::protocol::{PageReport, PageState};

use crate::window::state::report::{Remote, State};

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
    /// The map for the current state.
    pub(crate) fn of(state: &State) -> Self {
        let num_pages = match &state.document {
            Remote::Ready(report) => report.num_pages,
            _ => state.looked_at.1,
        } as usize;
        let has_vision = state.model.as_ref().is_some_and(|model| model.has_eyes);
        let mut cells = vec![Cell::Waiting; num_pages];
        for page in pages(state) {
            if let Some(cell) = cell_of(&mut cells, page.number) {
                *cell = read_cell(page, has_vision);
            }
        }
        let waits_for_encoder = state.model.as_ref().is_none_or(|model| model.has_encoder);
        match &state.encoded {
            Some(read) => {
                for (_, page) in read.waiting.iter().filter(|(document, _)| *document == 0) {
                    wait(&mut cells, *page);
                }
            }
            None if waits_for_encoder => (1..=num_pages as u32).for_each(|page| wait(&mut cells, page)),
            // A model without an encoder selects passages when asked.
            None => {}
        }
        if let Some((first, last)) =
            state.background.as_ref().filter(|background| background.is_running).and(state.reading_now)
        {
            for page in first..=last {
                if let Some(cell) = cell_of(&mut cells, page)
                    && !matches!(cell, Cell::Failed | Cell::Blank)
                {
                    *cell = Cell::Reading;
                }
            }
        }
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

/// The pages known so far; all of them once the report is open.
pub(crate) fn pages(state: &State) -> &[PageReport] {
    match &state.document {
        Remote::Ready(report) => &report.pages,
        _ => &state.looked_at.0,
    }
}

/// The cell of a page, counted from 1.
fn cell_of(cells: &mut [Cell], page: u32) -> Option<&mut Cell> {
    cells.get_mut((page as usize).checked_sub(1)?)
}

fn read_cell(page: &PageReport, has_vision: bool) -> Cell {
    match page.state {
        PageState::Read if has_vision && page.figures > 0 => Cell::Figures,
        PageState::Read => Cell::Text,
        PageState::Seen => Cell::Scan,
        PageState::Blank => Cell::Blank,
        PageState::Unread => Cell::Unreadable,
        PageState::Failed => Cell::Failed,
    }
}

/// Marks a page as waiting, unless it is blank or cannot be read.
fn wait(cells: &mut [Cell], page: u32) {
    if let Some(cell) = cell_of(cells, page)
        && cell.is_read()
        && *cell != Cell::Blank
    {
        *cell = Cell::Waiting;
    }
}

/// Grid of cells in rows from the top left; each cell covers one or more pages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    /// Width and height of a cell, including the gap.
    pub pitch: f32,
    /// Cells per row.
    pub columns: usize,
    /// Pages per cell.
    pub pages_per_cell: usize,
    num_pages: usize,
}

/// Largest and smallest pitch, in points.
const PITCH: (f32, f32) = (12.0, 5.0);

impl Grid {
    /// The grid with the largest cells that fit.
    pub(crate) fn new(num_pages: usize, room: Vec2) -> Self {
        let fits = |pitch: f32| {
            let columns = ((room.x / pitch) as usize).max(1);
            (columns, columns * ((room.y / pitch) as usize).max(1))
        };
        let mut pitch = PITCH.0;
        while pitch > PITCH.1 && fits(pitch).1 < num_pages {
            pitch -= 1.0;
        }
        let (columns, cells) = fits(pitch);
        Self { pitch, columns, pages_per_cell: num_pages.div_ceil(cells).max(1), num_pages }
    }

    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.num_pages.div_ceil(self.pages_per_cell)
    }

    /// Size of the grid.
    pub(crate) fn size(&self) -> Vec2 {
        let rows = self.len().div_ceil(self.columns);
        vec2(self.columns.min(self.len().max(1)) as f32, rows as f32) * self.pitch
    }

    /// Rectangle of a cell, without the gap.
    pub(crate) fn cell(&self, index: usize, origin: Pos2) -> Rect {
        let at = vec2((index % self.columns) as f32, (index / self.columns) as f32) * self.pitch;
        Rect::from_min_size(origin + at, Vec2::splat(self.pitch - 1.0))
    }

    /// First and last page, counted from 1, of the cell at a point.
    pub(crate) fn pages_at(&self, point: Pos2, origin: Pos2) -> Option<(u32, u32)> {
        let from = (point - origin) / self.pitch;
        if from.x < 0.0 || from.y < 0.0 || from.x as usize >= self.columns {
            return None;
        }
        let index = from.y as usize * self.columns + from.x as usize;
        let first = index * self.pages_per_cell;
        (first < self.num_pages).then(|| (first as u32 + 1, (first + self.pages_per_cell).min(self.num_pages) as u32))
    }

    /// Rectangle of the cell of a page.
    pub(crate) fn cell_of(&self, page: u32, origin: Pos2) -> Rect {
        self.cell((page as usize).saturating_sub(1) / self.pages_per_cell, origin)
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;

    const CORNER: Pos2 = pos2(0.0, 0.0);

    #[test]
    fn all_pages_fit_and_are_found_by_position() {
        let room = vec2(140.0, 100.0);
        for num_pages in [1, 7, 82, 300, 1000, 9000] {
            let grid = Grid::new(num_pages, room);
            let size = grid.size();
            assert!(size.x <= room.x && size.y <= room.y, "{num_pages}: {size:?}");
            assert!(grid.pitch >= PITCH.1);
            assert_eq!(grid.pages_per_cell == 1, num_pages <= 560, "{num_pages}: {grid:?}");
            for page in [1, num_pages as u32 / 2 + 1, num_pages as u32] {
                let cell = grid.cell_of(page, CORNER);
                let (first, last) = grid.pages_at(cell.center(), CORNER).unwrap();
                assert!((first..=last).contains(&page), "{page} of {num_pages}");
            }
            assert_eq!(grid.pages_at(pos2(2.0, size.y + 30.0), CORNER), None);
            assert_eq!(grid.pages_at(pos2(-1.0, 2.0), CORNER), None);
        }
    }

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
