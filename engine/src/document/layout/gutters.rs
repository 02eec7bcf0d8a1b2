//! Gutters: tall strips of white space between columns of text.
//!
//! The page is drawn into a coarse grid, and the maximal empty rectangles of the grid are listed with the histogram
//! method for the largest rectangle in a binary matrix, in time linear in the grid. [`super::reading_order`] decides
//! whether a strip separates columns of text or of a table.

use super::words::Piece;
use crate::document::geometry::Rect;

/// Narrowest gutter, in font sizes.
const MIN_WIDTH_EM: f32 = 0.85;
/// Lowest gutter, in font sizes: about three lines.
const MIN_HEIGHT_EM: f32 = 3.2;
/// Largest grid; coarser cells are used beyond.
const MAX_COLUMNS: usize = 700;
const MAX_ROWS: usize = 600;
/// Number of candidates returned.
const MAX_CANDIDATES: usize = 8;

/// A strip of white space with text on both sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gutter {
    pub(super) rect: Rect,
    /// Height with text on both sides, weighted by width.
    score: f32,
}

/// The best gutter candidates between `pieces`, best first. `em` is their usual font size.
pub(super) fn find(pieces: &[Piece], em: f32) -> Vec<Gutter> {
    let Some(bounds) = pieces.iter().map(|p| p.rect).reduce(|a, b| a.union(&b)) else { return Vec::new() };
    if bounds.width() < 4.0 * em || bounds.height() < MIN_HEIGHT_EM * em {
        return Vec::new();
    }
    let grid = Grid::new(pieces, bounds, em);
    let mut found = grid.gutters(em);
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Gutter> = Vec::new();
    for g in found {
        // Neighbours that overlap mostly give the same cut.
        if kept.iter().all(|k| k.rect.intersection(&g.rect).area() < 0.7 * g.rect.area()) {
            kept.push(g);
        }
        if kept.len() == MAX_CANDIDATES {
            break;
        }
    }
    kept
}

struct Grid {
    bounds: Rect,
    cell_w: f32,
    cell_h: f32,
    columns: usize,
    rows: usize,
    taken: Vec<bool>,
}

impl Grid {
    fn new(pieces: &[Piece], bounds: Rect, em: f32) -> Self {
        let cell_w = (0.15 * em).max(bounds.width() / MAX_COLUMNS as f32).max(0.01);
        let cell_h = (0.25 * em).max(bounds.height() / MAX_ROWS as f32).max(0.01);
        let columns = ((bounds.width() / cell_w).ceil() as usize).clamp(1, MAX_COLUMNS + 1);
        let rows = ((bounds.height() / cell_h).ceil() as usize).clamp(1, MAX_ROWS + 1);
        let mut grid = Self { bounds, cell_w, cell_h, columns, rows, taken: vec![false; columns * rows] };
        for p in pieces {
            let (x0, x1) = (grid.column(p.rect.left), grid.column(p.rect.right));
            // Only the body of the letters, so that tightly set lines do not touch a title above.
            let (y0, y1) = (grid.row(p.base - 0.6 * p.em), grid.row(p.base));
            for y in y0..=y1 {
                grid.taken[y * columns + x0..=y * columns + x1].fill(true);
            }
        }
        grid
    }

    fn column(&self, x: f32) -> usize {
        (((x - self.bounds.left) / self.cell_w).max(0.0) as usize).min(self.columns - 1)
    }

    fn row(&self, y: f32) -> usize {
        (((y - self.bounds.top) / self.cell_h).max(0.0) as usize).min(self.rows - 1)
    }

    fn gutters(&self, em: f32) -> Vec<Gutter> {
        let extents: Vec<Option<(usize, usize)>> = self.taken.chunks(self.columns).map(extent).collect();
        let min_width = ((MIN_WIDTH_EM * em / self.cell_w).ceil() as usize).max(2);
        let min_height = ((MIN_HEIGHT_EM * em / self.cell_h).ceil() as usize).max(2);
        let mut heights = vec![0_usize; self.columns];
        let mut found = Vec::new();
        for y in 0..self.rows {
            for (x, h) in heights.iter_mut().enumerate() {
                *h = if self.taken[y * self.columns + x] { 0 } else { *h + 1 };
            }
            let next = self.taken.get((y + 1) * self.columns..(y + 2) * self.columns);
            for (x0, x1, height) in maximal(&heights) {
                let grows = next.is_some_and(|row| !row[x0..x1].contains(&true));
                if grows || x1 - x0 < min_width || height < min_height {
                    continue;
                }
                let top = y + 1 - height;
                let both = extents[top..=y].iter().flatten().filter(|(l, r)| *l < x0 && *r >= x1).count();
                if both * 3 < min_height {
                    continue;
                }
                let width = (x1 - x0) as f32 * self.cell_w / em;
                found.push(Gutter {
                    rect: Rect {
                        left: self.bounds.left + x0 as f32 * self.cell_w,
                        right: self.bounds.left + x1 as f32 * self.cell_w,
                        top: self.bounds.top + top as f32 * self.cell_h,
                        bottom: self.bounds.top + (y + 1) as f32 * self.cell_h,
                    },
                    score: both as f32 * width.min(3.0).sqrt(),
                });
            }
        }
        found
    }
}

fn extent(row: &[bool]) -> Option<(usize, usize)> {
    Some((row.iter().position(|t| *t)?, row.iter().rposition(|t| *t)?))
}

/// All rectangles under the histogram that cannot be made wider or taller: start, end, height.
fn maximal(heights: &[usize]) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    for x in 0..=heights.len() {
        let height = heights.get(x).copied().unwrap_or(0);
        let mut start = x;
        while let Some(&(s, h)) = open.last().filter(|(_, h)| *h > height) {
            open.pop();
            found.push((s, x, h));
            start = s;
        }
        if height > 0 && open.last().is_none_or(|(_, h)| *h < height) {
            open.push((start, height));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::maximal;

    #[test]
    fn maximal_rectangles_of_a_histogram() {
        let mut found = maximal(&[1, 3, 3, 0, 2]);
        found.sort_unstable();
        assert_eq!(found, [(0, 3, 1), (1, 3, 3), (4, 5, 2)]);
    }
}
