//! The columns of a table, from the widths that its rows cover.

use super::tables::CellRow;
use crate::document::geometry::Rect;

/// Finest division of a table's width.
const MAX_BINS: usize = 1200;

/// Columns from left to right.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Left and right edge of each column's content.
    spans: Vec<(f32, f32)>,
}

impl Columns {
    /// A column is a stretch of the table's width that several rows cover, between stretches that hardly any row
    /// covers. Only rows with numbers count if there are enough of them, because headings span columns.
    pub(super) fn find(rows: &[CellRow]) -> Self {
        let numeric: Vec<&CellRow> = rows.iter().filter(|r| r.has_number()).collect();
        let asked = if numeric.len() >= 2 { numeric } else { rows.iter().filter(|r| r.cells.len() >= 2).collect() };
        let boxes: Vec<Rect> = asked.iter().flat_map(|r| r.cells.iter().map(|c| c.rect)).collect();
        let Some(bounds) = boxes.iter().copied().reduce(|a, b| a.union(&b)) else { return Self::default() };
        let em = asked.iter().map(|r| r.row.em).fold(f32::MAX, f32::min).max(0.5);
        let bin = (0.1 * em).max(bounds.width() / MAX_BINS as f32).max(0.01);
        let at = |x: f32| (((x - bounds.left) / bin).max(0.0) as usize).min(MAX_BINS);
        let mut edges = vec![0_i32; MAX_BINS + 2];
        for b in &boxes {
            edges[at(b.left)] += 1;
            edges[at(b.right - 0.01) + 1] -= 1;
        }
        let few = (asked.len() as f32 * 0.1).floor() as i32;
        let mut spans: Vec<(f32, f32)> = Vec::new();
        let (mut covered, mut open) = (0, None);
        for (i, change) in edges.iter().enumerate() {
            covered += change;
            let x = bounds.left + i as f32 * bin;
            if covered > few && open.is_none() {
                open = Some(x);
            } else if covered <= few
                && let Some(from) = open.take()
            {
                spans.push((from, x));
            }
        }
        Self { spans }
    }

    /// The column of a box: the one it overlaps most, else the nearest.
    pub(super) fn of(&self, rect: &Rect) -> u16 {
        let shared = |s: &(f32, f32)| rect.right.min(s.1) - rect.left.max(s.0);
        let best = self.spans.iter().enumerate().max_by(|a, b| shared(a.1).total_cmp(&shared(b.1)));
        best.map_or(0, |(i, _)| i as u16)
    }

    /// Right edge of the first column, if there is more than one.
    pub(super) fn first_right(&self) -> Option<f32> {
        self.spans.first().filter(|_| self.spans.len() > 1).map(|s| s.1)
    }

    /// Whether a box covers most of two or more columns.
    pub(super) fn is_spanned_by(&self, rect: &Rect) -> bool {
        let covers = |s: &&(f32, f32)| rect.right.min(s.1) - rect.left.max(s.0) > 0.5 * (s.1 - s.0);
        self.spans.iter().filter(covers).count() >= 2
    }
}
