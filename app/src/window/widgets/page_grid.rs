//! Geometry of the reading map: a grid of cells for the pages of a report.

use eframe::egui::{Pos2, Rect, Vec2, vec2};

/// A grid of cells in rows from the top left, each cell for one page or for several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PageGrid {
    /// Width and height of a cell with the gap beside it.
    pub pitch: f32,
    /// Cells in a row.
    pub columns: usize,
    /// Pages for each cell.
    pub pages_per_cell: usize,
    num_pages: usize,
}

/// Largest and smallest pitch of cells, in points.
const PITCH: (f32, f32) = (12.0, 5.0);

impl PageGrid {
    /// A grid with the largest cells with which all pages fit.
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

    /// Width and height of all of them.
    pub(crate) fn size(&self) -> Vec2 {
        let rows = self.len().div_ceil(self.columns);
        vec2(self.columns.min(self.len().max(1)) as f32, rows as f32) * self.pitch
    }

    /// The rectangle of a cell, without the gap.
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
            let grid = PageGrid::new(num_pages, room);
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
}
