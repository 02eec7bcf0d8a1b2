//! Groups words into rows: everything on one baseline of a region without columns.

use super::glyphs::Glyph;
use super::words::Piece;
use crate::document::geometry::Rect;
use crate::document::page_clock::PageClock;

/// Words on one baseline, from left to right.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) pieces: Vec<Piece>,
    pub(super) base: f32,
    /// Size of its largest significant text.
    pub(super) em: f32,
    pub(super) rect: Rect,
}

impl Row {
    fn new(piece: Piece) -> Self {
        Self { base: piece.base, em: piece.em, rect: piece.rect, pieces: vec![piece] }
    }

    fn push(&mut self, piece: Piece) {
        self.rect = self.rect.union(&piece.rect);
        if !piece.leader && piece.em > self.em * 1.02 {
            (self.em, self.base) = (piece.em, piece.base);
        }
        self.pieces.push(piece);
    }

    fn takes(&self, p: &Piece) -> bool {
        let tolerance = 0.3 * self.em.min(p.em);
        (p.base - self.base).abs() <= tolerance
    }

    /// Whether all of `small` can be marks (exponents, footnote numbers) on this row's words.
    fn takes_marks(&self, small: &Self) -> bool {
        let height = small.base > self.base - 0.95 * self.em && small.base < self.base + 0.45 * self.em;
        height
            && small.em <= 0.8 * self.em
            && small.pieces.iter().all(|p| {
                p.glyphs.len() <= 4
                    && self.pieces.iter().any(|own| {
                        let gap = (p.rect.left - own.rect.right).max(own.rect.left - p.rect.right);
                        gap < 0.6 * self.em && gap > -0.4 * self.em
                    })
            })
    }
}

/// The rows of a region from top to bottom.
pub(super) fn rows(mut pieces: Vec<Piece>, glyphs: &[Glyph], clock: &PageClock) -> Vec<Row> {
    pieces.sort_by(|a, b| a.base.total_cmp(&b.base).then(a.rect.left.total_cmp(&b.rect.left)));
    let mut rows: Vec<Row> = Vec::new();
    for piece in pieces {
        // Baselines differ a little within a line, so the last few rows are all checked.
        let recent = rows.len().saturating_sub(4);
        match rows[recent..].iter_mut().rev().find(|row| row.takes(&piece)) {
            Some(row) => row.push(piece),
            None => rows.push(Row::new(piece)),
        }
    }
    rows.sort_by(|a, b| a.base.total_cmp(&b.base));
    let mut rows = side_by_side(with_marks(rows, clock), clock);
    for row in &mut rows {
        row.pieces.sort_by(|a, b| a.rect.left.total_cmp(&b.rect.left).then(a.order.cmp(&b.order)));
        join_words(row, glyphs);
    }
    rows
}

/// Merges rows of nothing but small marks into the row whose words they belong to.
fn with_marks(rows: Vec<Row>, clock: &PageClock) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    let mut waiting: Option<Row> = None;
    for mut row in rows {
        if clock.is_over() {
            break;
        }
        if let Some(marks) = waiting.take() {
            if row.takes_marks(&marks) {
                marks.pieces.into_iter().for_each(|p| row.push(p));
            } else {
                out.push(marks);
            }
        }
        let short = row.pieces.len() <= 12 && row.pieces.iter().all(|p| p.glyphs.len() <= 4 && !p.leader);
        match out.last_mut() {
            Some(above) if short && above.takes_marks(&row) => row.pieces.into_iter().for_each(|p| above.push(p)),
            _ if short => waiting = Some(row),
            _ => out.push(row),
        }
    }
    out.extend(waiting);
    out
}

/// Joins neighbours next to each other but slightly higher or lower, as labels and numbers of tables often are.
fn side_by_side(rows: Vec<Row>, clock: &PageClock) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::with_capacity(rows.len());
    for mut row in rows {
        if clock.is_over() {
            break;
        }
        row.pieces.sort_by(|a, b| a.rect.left.total_cmp(&b.rect.left));
        match out.last_mut() {
            Some(above) if row.base - above.base <= 0.6 * row.em.min(above.em) && keep_clear(above, &row) => {
                row.pieces.into_iter().for_each(|p| above.push(p));
                above.pieces.sort_by(|a, b| a.rect.left.total_cmp(&b.rect.left));
            }
            _ => out.push(row),
        }
    }
    out
}

/// Whether no word of one row is above a word of the other. Both are sorted from left to right.
fn keep_clear(a: &Row, b: &Row) -> bool {
    let (mut i, mut j) = (0, 0);
    while let (Some(p), Some(q)) = (a.pieces.get(i), b.pieces.get(j)) {
        if p.rect.right <= q.rect.left {
            i += 1;
        } else if q.rect.right <= p.rect.left {
            j += 1;
        } else {
            return false;
        }
    }
    true
}

/// Joins parts of words that are separate in the stream.
fn join_words(row: &mut Row, glyphs: &[Glyph]) {
    let mut joined: Vec<Piece> = Vec::with_capacity(row.pieces.len());
    for piece in row.pieces.drain(..) {
        match joined.last_mut() {
            Some(last) if last.runs_into(&piece, glyphs) => last.absorb(&piece),
            _ => joined.push(piece),
        }
    }
    row.pieces = joined;
}
