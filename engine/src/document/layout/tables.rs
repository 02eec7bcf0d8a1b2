//! Tables: runs of rows whose cells line up.
//!
//! A run of at least three rows with two or more cells each is a table if most cells share an edge or a centre with a
//! cell of another row, and if numbers, three or more columns, or dot leaders support it. Its columns
//! ([`super::columns`]) are derived from all rows together.

use super::cells::{self, RowCell};
use super::columns::Columns;
use super::glyphs::Glyph;
use super::rows::Row;
use super::table_rows;
use super::words::Piece;
use crate::document::geometry::Rect;
use crate::document::page_clock::PageClock;

/// A part of a region.
#[derive(Debug)]
pub(super) enum Part {
    /// Rows of running text.
    Text(Vec<Row>),
    /// Rows of a table.
    Table(Vec<TableRow>),
}

/// A table row, made of one or several rows of text.
#[derive(Clone, Debug)]
pub(super) struct TableRow {
    pub(super) cells: Vec<TableCell>,
}

/// A table cell.
#[derive(Clone, Debug)]
pub(super) struct TableCell {
    pub(super) column: u16,
    /// Spans several columns.
    pub(super) spans: bool,
    /// Its lines, each from left to right.
    pub(super) lines: Vec<Vec<Piece>>,
    pub(super) rect: Rect,
    pub(super) number: bool,
    pub(super) led_to: bool,
}

/// A row with its cells, for table detection.
pub(super) struct CellRow {
    pub(super) row: Row,
    pub(super) cells: Vec<RowCell>,
}

impl CellRow {
    fn is_candidate(&self) -> bool {
        self.cells.len() >= 2
    }

    fn has_leader(&self) -> bool {
        self.cells.iter().any(|c| c.led_to)
    }

    pub(super) fn has_number(&self) -> bool {
        self.cells.iter().skip(1).any(|c| c.number || c.led_to)
    }

    fn words(&self) -> usize {
        self.cells.iter().map(|c| c.words).sum()
    }
}

/// Splits the rows of a region into text and tables. `rulings` are vertical lines, sorted by x.
pub(super) fn parts(rows: Vec<Row>, rulings: &[Rect], glyphs: &[Glyph], clock: &PageClock) -> Vec<Part> {
    let width = rows.iter().map(|r| r.rect).reduce(|a, b| a.union(&b)).map_or(0.0, |r| r.width());
    let mut rows: Vec<Option<CellRow>> =
        rows.into_iter().map(|row| Some(CellRow { cells: cells::cells(&row, rulings, glyphs), row })).collect();
    let mut parts = Vec::new();
    let mut text = Vec::new();
    let mut start = 0;
    while start < rows.len() && !clock.is_over() {
        let end = run_end(&rows, start, width);
        if end > start && is_table(&rows[start..end]) {
            let end = start + first_table_len(&rows[start..end]);
            let mut table: Vec<CellRow> = rows[start..end].iter_mut().filter_map(Option::take).collect();
            let columns = Columns::find(&table);
            let titles = table_rows::titles_before(&table, &columns);
            text.extend(table.drain(..titles).map(|r| r.row));
            let above = table_rows::rows_above(&text, &table, &columns);
            let head = text.split_off(text.len() - above);
            let head = head.into_iter().map(|row| CellRow { cells: cells::cells(&row, rulings, glyphs), row });
            table.splice(0..0, head);
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(Part::Table(table_rows::build(table, &columns, glyphs)));
            start = end;
        } else {
            // A run that is no table may hide one that begins further down; in long runs not every row is tried.
            let next = start + 1 + end.saturating_sub(start) / 8;
            text.extend(rows[start..next].iter_mut().filter_map(Option::take).map(|r| r.row));
            start = next;
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

/// The end of the run of table-like rows that begins at `start`.
fn run_end(rows: &[Option<CellRow>], start: usize, width: f32) -> usize {
    /// Most consecutive rows of one cell (subheads, wrapped labels) in a table.
    const MAX_SINGLE: usize = 3;
    /// Longest run; longer tables are split, which keeps the work linear.
    const MAX_RUN: usize = 400;
    let candidate = |i: usize| rows.get(i).and_then(Option::as_ref).filter(|r| r.is_candidate());
    let Some(mut last) = candidate(start) else { return start };
    let (mut end, mut single) = (start + 1, 0);
    let mut numbered_left = last.cells.last().filter(|_| last.has_number()).map(|c| c.rect.left);
    for (i, next) in rows.iter().enumerate().skip(start + 1).take(MAX_RUN) {
        let Some(next) = next else { break };
        let em = last.row.em.max(next.row.em);
        if next.row.rect.top - last.row.rect.bottom > 3.5 * em {
            break;
        }
        single = if next.is_candidate() { 0 } else { single + 1 };
        // Prose continues below the last column; a long label does not reach it.
        let under = numbered_left.is_none_or(|left| next.row.rect.right > left);
        let prose = !next.is_candidate() && next.row.rect.width() > 0.65 * width && next.words() >= 8 && under;
        if single > MAX_SINGLE || prose {
            break;
        }
        if next.has_number() {
            numbered_left = next.cells.last().map(|c| c.rect.left);
        }
        last = next;
        if single == 0 {
            end = i + 1;
        }
    }
    end
}

/// The end of the first table of a run: before the heading of another one, and without the notes below it.
fn first_table_len(rows: &[Option<CellRow>]) -> usize {
    let number = |r: &Option<CellRow>| r.as_ref().is_some_and(CellRow::has_number);
    let multi = |r: &Option<CellRow>| r.as_ref().is_some_and(CellRow::is_candidate);
    let Some(first) = rows.iter().position(number) else { return rows.len() };
    let mut end = rows.len();
    let mut i = first;
    while i < rows.len() {
        let plain = rows[i..].iter().take_while(|r| !number(r)).count();
        if plain >= 3 && i + plain < rows.len() && rows[i..i + plain].iter().filter(|r| multi(r)).count() >= 2 {
            end = i;
            break;
        }
        i += plain + 1;
    }
    rows[..end].iter().rposition(number).map_or(end, |last| last + 1)
}

fn is_table(rows: &[Option<CellRow>]) -> bool {
    let multi: Vec<&CellRow> = rows.iter().flatten().filter(|r| r.is_candidate()).collect();
    if multi.iter().any(|r| r.has_leader()) {
        return true;
    }
    let cells: Vec<&RowCell> = multi.iter().flat_map(|r| r.cells.iter().skip(1)).collect();
    let Some(em) = multi.first().map(|r| r.row.em) else { return false };
    if multi.len() < 3 {
        return false;
    }
    let aligned = aligned_share(&cells, 0.4 * em);
    let numbers = multi.iter().filter(|r| r.has_number()).count();
    let many = cells.len() as f32 / multi.len() as f32 >= 1.8;
    let counted = numbers >= 3 && numbers as f32 >= 0.4 * multi.len() as f32;
    let lefts = shared_share(cells.iter().map(|c| c.rect.left), 0.3 * em);
    // Single cells between the rows are evidence against a table: then the wide gaps are chance.
    let dense = multi.len() * 2 >= rows.len();
    dense && ((counted && aligned >= 0.5) || (many && aligned >= 0.6) || (multi.len() >= 4 && lefts >= 0.8))
}

/// Share of cells whose left edge, right edge or centre lines up with another cell.
fn aligned_share(cells: &[&RowCell], tolerance: f32) -> f32 {
    let places: [fn(&RowCell) -> f32; 3] = [|c| c.rect.left, |c| c.rect.right, |c| c.rect.center_x()];
    let sorted: Vec<Vec<f32>> = places
        .iter()
        .map(|place| {
            let mut v: Vec<f32> = cells.iter().map(|c| place(c)).collect();
            v.sort_by(f32::total_cmp);
            v
        })
        .collect();
    let shared = cells
        .iter()
        .filter(|c| places.iter().zip(&sorted).any(|(place, all)| count_near(all, place(c), tolerance) >= 2))
        .count();
    shared as f32 / cells.len().max(1) as f32
}

/// Share of values with at least two others nearby.
fn shared_share(values: impl Iterator<Item = f32>, tolerance: f32) -> f32 {
    let mut all: Vec<f32> = values.collect();
    all.sort_by(f32::total_cmp);
    all.iter().filter(|v| count_near(&all, **v, tolerance) >= 3).count() as f32 / all.len().max(1) as f32
}

fn count_near(sorted: &[f32], value: f32, tolerance: f32) -> usize {
    let from = sorted.partition_point(|v| *v < value - tolerance);
    sorted[from..].iter().take(3).take_while(|v| **v <= value + tolerance).count()
}
