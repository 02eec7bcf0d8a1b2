//! Builds table rows from rows of text: assigns cells to columns, joins multi-line headings and wrapped labels.

use super::cells::RowCell;
use super::columns::Columns;
use super::glyphs::Glyph;
use super::rows::Row;
use super::tables::{CellRow, TableCell, TableRow};
use super::words::Piece;
use crate::document::geometry::Rect;

/// Distance of baselines within a heading or a wrapped label, in font sizes.
const WRAP_PITCH_EM: f32 = 1.5;

/// Longest heading, in rows.
const MAX_HEADING_ROWS: usize = 16;

/// How many of a run's first rows are not part of the table: titles and running headers above its heading, recognised
/// by their size or by spanning the labels and most columns.
pub(super) fn titles_before(table: &[CellRow], columns: &Columns) -> usize {
    let Some(first_body) = table.iter().position(CellRow::has_number) else { return 0 };
    let em = table[first_body].row.em;
    let is_title = |r: &CellRow| {
        let size = r.row.em > 1.15 * em || r.row.em < 0.87 * em;
        r.cells.len() == 1 && (size || r.cells[0].words > 8) && columns.is_spanned_by(&r.row.rect)
    };
    table[..first_body].iter().rposition(is_title).map_or(0, |i| i + 1)
}

/// How many of the last rows of text above a table belong to it: heading lines above its columns, or the upper part of
/// its first label.
pub(super) fn rows_above(text: &[Row], table: &[CellRow], columns: &Columns) -> usize {
    const MAX_ROWS: usize = 8;
    const MAX_WORDS: usize = 8;
    let Some(first) = table.first() else { return 0 };
    let (mut below, mut count) = (&first.row, 0);
    let heading_rows = if first.has_number() { 0 } else { MAX_ROWS };
    for row in text.iter().rev().take(heading_rows) {
        let near = below.base - row.base < 1.6 * below.em.max(row.em) && row.em < 1.12 * first.row.em;
        let over_columns =
            columns.first_right().is_some_and(|right| row.rect.left > right) && row.pieces.len() <= MAX_WORDS;
        if !near || !over_columns {
            break;
        }
        below = row;
        count += 1;
    }
    if count > 0 || !first.has_number() {
        return count;
    }
    // A label that begins further left than its lower part, next to which the numbers are.
    usize::from(text.last().is_some_and(|row| {
        let near = first.row.base - row.base < WRAP_PITCH_EM * first.row.em;
        let alike = row.em < 1.05 * first.row.em && row.em > 0.95 * first.row.em;
        let hanging = row.rect.left < first.row.rect.left - 0.5 * row.em;
        let clear = first.cells.last().is_some_and(|c| row.rect.right < c.rect.left);
        near && alike && hanging && clear && row.pieces.len() > 3
    }))
}

/// A row under construction.
struct Draft {
    cells: Vec<TableCell>,
    base: f32,
    em: f32,
}

/// The rows of a table.
pub(super) fn build(rows: Vec<CellRow>, columns: &Columns, glyphs: &[Glyph]) -> Vec<TableRow> {
    let is_body = |r: &CellRow| r.has_number() && !r.cells.iter().all(|c| is_counter(c, glyphs));
    let body = rows.iter().position(is_body).unwrap_or(0);
    let body = if rows[..body].iter().all(could_head) && body <= MAX_HEADING_ROWS { body } else { 0 };
    // The upper part of a wrapped label is not a heading.
    let body = if body == 1 && rows[0].cells.len() == 1 { 0 } else { body };
    let mut head: Vec<Draft> = rows.into_iter().enumerate().map(|(i, r)| draft(r, i < body, columns, glyphs)).collect();
    let tail = head.split_off(body);
    let mut out = heading(head);
    out.extend(wrapped(tail, glyphs));
    out.into_iter().filter(|d| !d.cells.is_empty()).map(|d| TableRow { cells: d.cells }).collect()
}

fn draft(row: CellRow, heading: bool, columns: &Columns, glyphs: &[Glyph]) -> Draft {
    let (base, em) = (row.row.base, row.row.em);
    let mut cells: Vec<TableCell> = Vec::new();
    for cell in row.cells.into_iter().flat_map(|c| split_at_columns(c, heading, columns, glyphs)) {
        let column = columns.of(&cell.rect);
        match cells.last_mut() {
            Some(last)
                if last.column == column
                    && !last.spans
                    && !(last.number && cell.number)
                    && cell.rect.left - last.rect.right < 1.5 * em =>
            {
                last.rect = last.rect.union(&cell.rect);
                last.number |= cell.number;
                last.led_to |= cell.led_to;
                if let Some(line) = last.lines.last_mut() {
                    line.extend(cell.pieces);
                }
            }
            _ => cells.push(TableCell {
                column,
                spans: columns.is_spanned_by(&cell.rect),
                rect: cell.rect,
                number: cell.number,
                led_to: cell.led_to,
                lines: vec![cell.pieces],
            }),
        }
    }
    Draft { cells, base, em }
}

/// Whether all cells of a row are short enough for a heading.
fn could_head(row: &CellRow) -> bool {
    row.cells.iter().all(|c| c.words <= 8)
}

/// "(1)", "(2)", … next to each other number the columns: they are heading, not values.
fn is_counter(cell: &RowCell, glyphs: &[Glyph]) -> bool {
    let text: String = cell.pieces.iter().flat_map(|p| &p.glyphs).map(|i| glyphs[*i as usize].ch).collect();
    text.len() <= 4 && text.starts_with('(') && text.ends_with(')')
}

/// Splits a cell whose words are in different columns, however close together.
fn split_at_columns(cell: RowCell, heading: bool, columns: &Columns, glyphs: &[Glyph]) -> Vec<RowCell> {
    if cell.pieces.len() < 2 || !(cell.number || heading) {
        return vec![cell];
    }
    let mut groups: Vec<Vec<Piece>> = Vec::new();
    for piece in cell.pieces {
        let apart = groups.last().and_then(|g| g.last()).is_none_or(|before| {
            let gap = if heading { 0.34 } else { 0.3 };
            columns.of(&before.rect) != columns.of(&piece.rect) && piece.rect.left - before.rect.right > gap * piece.em
        });
        match groups.last_mut() {
            Some(group) if !apart => group.push(piece),
            _ => groups.push(vec![piece]),
        }
    }
    let led = cell.led_to;
    groups.into_iter().enumerate().filter_map(|(i, g)| RowCell::new(g, led && i == 0, glyphs)).collect()
}

/// Rows above the first values: what is above one column is joined downwards into one row; what spans several columns
/// keeps a row of its own, before it.
fn heading(rows: Vec<Draft>) -> Vec<Draft> {
    let mut out: Vec<Draft> = Vec::new();
    let mut group: Option<Draft> = None;
    for row in rows {
        let (spanning, single): (Vec<_>, Vec<_>) = row.cells.into_iter().partition(|c| c.spans);
        if group.as_ref().is_some_and(|g| row.base - g.base > WRAP_PITCH_EM * g.em.max(row.em) * 1.3) {
            out.extend(group.take());
        }
        if !spanning.is_empty() {
            out.push(Draft { cells: spanning, base: row.base, em: row.em });
        }
        match &mut group {
            Some(g) => {
                g.base = row.base;
                for cell in single {
                    add_below(&mut g.cells, cell);
                }
            }
            None if single.is_empty() => {}
            None => group = Some(Draft { cells: single, base: row.base, em: row.em }),
        }
    }
    out.extend(group);
    out
}

/// Adds a cell below the one of its column, or at its position among the others.
fn add_below(cells: &mut Vec<TableCell>, cell: TableCell) {
    if let Some(own) = cells.iter_mut().find(|c| c.column == cell.column) {
        own.rect = own.rect.union(&cell.rect);
        own.lines.extend(cell.lines);
        return;
    }
    let at = cells.partition_point(|c| c.column < cell.column);
    cells.insert(at, cell);
}

/// Joins a label of two lines with the row whose values are next to its last line.
fn wrapped(rows: Vec<Draft>, glyphs: &[Glyph]) -> Vec<Draft> {
    let label_right = rows
        .iter()
        .filter_map(|d| d.cells.first().filter(|c| c.column == 0 && d.cells.len() > 1))
        .map(|c| c.rect.right)
        .fold(f32::MIN, f32::max);
    let mut out: Vec<Draft> = Vec::new();
    for mut row in rows {
        if let Some(before) = out.last()
            && is_upper_part(before, &row, label_right, glyphs)
            && let Some(mut upper) = out.pop().and_then(|d| d.cells.into_iter().next())
            && let Some(label) = row.cells.first_mut()
        {
            upper.rect = upper.rect.union(&label.rect);
            upper.lines.append(&mut label.lines);
            *label = upper;
        }
        out.push(row);
    }
    out
}

fn is_upper_part(before: &Draft, row: &Draft, label_right: f32, glyphs: &[Glyph]) -> bool {
    let ([upper], [lower, _, ..]) = (before.cells.as_slice(), row.cells.as_slice()) else { return false };
    if upper.column != 0 || lower.column != 0 || row.base - before.base > WRAP_PITCH_EM * row.em {
        return false;
    }
    let ends_open = end_char(upper, glyphs).is_some_and(|c| !matches!(c, ':' | '.'));
    let lower_case = start_char(lower, glyphs).is_some_and(char::is_lowercase);
    let indented = lower.rect.left > upper.rect.left + 0.5 * row.em;
    let full = upper.rect.width() > 0.6 * (label_right - upper.rect.left);
    ends_open && !upper.number && (lower_case || (indented && full))
}

fn start_char(cell: &TableCell, glyphs: &[Glyph]) -> Option<char> {
    cell.lines.first()?.first()?.glyphs.first().map(|i| glyphs[*i as usize].ch)
}

fn end_char(cell: &TableCell, glyphs: &[Glyph]) -> Option<char> {
    cell.lines.last()?.last()?.glyphs.last().map(|i| glyphs[*i as usize].ch)
}

/// The box around a row.
pub(super) fn rect(row: &TableRow) -> Rect {
    row.cells.iter().map(|c| c.rect).reduce(|a, b| a.union(&b)).unwrap_or_default()
}
