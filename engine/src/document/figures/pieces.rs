//! The text of a page in pieces, as drawings meet it: what may be a label, and what stands on a drawing object.

use super::super::geometry::Rect;
use super::super::page::Line;
use super::captions::opens_caption;

/// Cells of the grid along each side of the page.
const SIDE: usize = 64;
/// A piece over more cells than this is in a list of its own, which keeps the grid small.
const MAX_CELLS: usize = 256;
/// Share of a piece that an object has to cover to have it on it.
const ON_IT: f32 = 0.2;

/// A run of words close to each other: table rows and axes are split into their labels.
pub(super) struct Piece {
    pub(super) bbox: Rect,
    label: Label,
}

/// Whether a piece may be an axis label or a legend entry of a drawing rather than running text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Never,
    Always,
    /// Numbers, like the labels of an axis on one line: if they are no wider than the drawing.
    IfNarrow,
}

impl Piece {
    fn new(bbox: Rect, text: &str) -> Self {
        let turned = bbox.height() > 2.0 * bbox.width();
        let label = if opens_caption(text) {
            Label::Never
        } else if turned {
            Label::Always
        } else if is_numbers(text) {
            Label::IfNarrow
        } else if text.split_whitespace().take(7).count() <= 6 && text.chars().take(41).count() <= 40 {
            Label::Always
        } else {
            Label::Never
        };
        Self { bbox, label }
    }

    /// Whether it may be a label of the drawing `drawn`.
    pub(super) fn is_label_of(&self, drawn: &Rect) -> bool {
        match self.label {
            Label::Never => false,
            Label::Always => true,
            Label::IfNarrow => self.bbox.width() <= 1.1 * drawn.width(),
        }
    }
}

/// Mostly digits.
fn is_numbers(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    2 * digits > text.chars().filter(|c| !c.is_whitespace()).count()
}

/// The pieces of a line, split where the gap is wider than the letters are tall.
pub(super) fn pieces(line: &Line) -> Vec<Piece> {
    let mut out: Vec<(Rect, String)> = Vec::new();
    for word in &line.words {
        let text = line.text.get(word.start as usize..word.end as usize).unwrap_or_default();
        match out.last_mut() {
            Some((bbox, before)) if word.bbox.left - bbox.right < line.bbox.height() => {
                *bbox = bbox.union(&word.bbox);
                before.push(' ');
                before.push_str(text);
            }
            _ => out.push((word.bbox, text.to_owned())),
        }
    }
    if out.is_empty() {
        out.push((line.bbox, line.text.clone()));
    }
    out.iter().filter(|(bbox, _)| bbox.is_finite()).map(|(bbox, text)| Piece::new(*bbox, text)).collect()
}

/// The boxes of pieces by place, so that an object is compared only with those near it.
pub(super) struct TextGrid {
    cell_w: f32,
    cell_h: f32,
    /// Boxes with their areas per cell, the smallest first.
    cells: Vec<Vec<(f32, Rect)>>,
    /// The same for boxes over many cells.
    large: Vec<(f32, Rect)>,
    /// Number of boxes in the cells above and left of each corner.
    counts: Vec<u32>,
}

impl TextGrid {
    pub(super) fn new(pieces: &[Piece], page: &Rect) -> Self {
        let side = |extent: f32| (extent / SIDE as f32).max(f32::MIN_POSITIVE);
        let mut grid = Self {
            cell_w: side(page.width()),
            cell_h: side(page.height()),
            cells: vec![Vec::new(); SIDE * SIDE],
            large: Vec::new(),
            counts: vec![0; (SIDE + 1) * (SIDE + 1)],
        };
        for bbox in pieces.iter().map(|piece| piece.bbox) {
            let area = bbox.area();
            let (left, top, right, bottom) = grid.cells_of(&bbox);
            if (right - left + 1) * (bottom - top + 1) > MAX_CELLS {
                grid.large.push((area, bbox));
                continue;
            }
            for y in top..=bottom {
                for x in left..=right {
                    grid.cells[y * SIDE + x].push((area, bbox));
                }
            }
        }
        for boxes in grid.cells.iter_mut().chain([&mut grid.large]) {
            boxes.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        for y in 0..SIDE {
            let mut row = 0;
            for x in 0..SIDE {
                row += grid.cells[y * SIDE + x].len() as u32;
                grid.counts[(y + 1) * (SIDE + 1) + x + 1] = grid.counts[y * (SIDE + 1) + x + 1] + row;
            }
        }
        grid
    }

    /// Whether text stands on the object with this box: more than [`ON_IT`] of some piece.
    pub(super) fn is_on(&self, bbox: &Rect) -> bool {
        let area = bbox.area();
        let is_on = |boxes: &[(f32, Rect)]| {
            // An object smaller than that share of a piece cannot cover it.
            let coverable = boxes.iter().take_while(|(of_piece, _)| ON_IT * of_piece < area);
            coverable.into_iter().any(|(of_piece, piece)| bbox.intersection(piece).area() > ON_IT * of_piece)
        };
        let (left, top, right, bottom) = self.cells_of(bbox);
        let count = |x: usize, y: usize| self.counts[y * (SIDE + 1) + x];
        let inside = count(right + 1, bottom + 1) + count(left, top) - count(left, bottom + 1) - count(right + 1, top);
        inside > 0 && (top..=bottom).any(|y| (left..=right).any(|x| is_on(&self.cells[y * SIDE + x])))
            || is_on(&self.large)
    }

    /// First and last cell in both directions. Boxes that overlap share a cell, even beyond the page's edges.
    fn cells_of(&self, bbox: &Rect) -> (usize, usize, usize, usize) {
        let at = |value: f32, cell: f32| ((value / cell).max(0.0) as usize).min(SIDE - 1);
        let (left, top) = (at(bbox.left, self.cell_w), at(bbox.top, self.cell_h));
        (left, top, at(bbox.right, self.cell_w).max(left), at(bbox.bottom, self.cell_h).max(top))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are always the same.
    fn numbers(mut seed: u32) -> impl FnMut(f32) -> f32 {
        move |most| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 16_777_216.0 * most
        }
    }

    #[test]
    fn the_grid_finds_what_a_search_of_all_pieces_finds() {
        let page = Rect::new(0.0, 0.0, 612.0, 792.0);
        let mut next = numbers(7);
        let mut rect = |size: f32| {
            let (x, y) = (next(700.0) - 40.0, next(900.0) - 50.0);
            Rect::new(x, y, x + next(size), y + next(size))
        };
        let pieces: Vec<Piece> = (0..400)
            .map(|i| Piece::new(rect(if i % 9 == 0 { 600.0 } else { 20.0 }), "text"))
            .chain([Piece::new(Rect::new(5.0, 5.0, 5.0, 5.0), "no area")])
            .collect();
        let grid = TextGrid::new(&pieces, &page);
        let mut found = 0;
        for i in 0..3000 {
            let bbox = rect(if i % 7 == 0 { 300.0 } else { 12.0 }).intersection(&page);
            let expected = pieces.iter().any(|p| bbox.intersection(&p.bbox).area() > 0.2 * p.bbox.area());
            assert_eq!(grid.is_on(&bbox), expected, "{bbox:?}");
            found += usize::from(expected);
        }
        assert!((300..2700).contains(&found), "{found}");
    }
}
