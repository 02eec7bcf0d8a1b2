//! Builds the final lines: text, words and cells with byte ranges, and boxes on the page.

use super::bidi;
use super::frame::Frame;
use super::glyphs::Glyph;
use super::rows::Row;
use super::scripts;
use super::tables::TableRow;
use super::words::Piece;
use crate::document::geometry::Rect;
use crate::document::page::{Cell, Line, LineRole, Word};

/// Separates the cells of a table row.
const CELL_MARK: &str = " | ";

/// Turns rows of one frame into lines on the page.
pub(super) struct Composer<'a> {
    pub(super) glyphs: &'a [Glyph],
    pub(super) frame: Frame,
    pub(super) bounds: Rect,
}

impl Composer<'_> {
    /// A line of running text; `None` if there is nothing but dots.
    pub(super) fn text_line(&self, row: &Row) -> Option<Line> {
        let mut line = empty_line(LineRole::Body);
        self.push_words(&mut line, &row.pieces);
        finished(line)
    }

    /// A table row; a row of one cell has no cells of its own but stays a row.
    pub(super) fn table_line(&self, row: &TableRow) -> Option<Line> {
        let mut line = empty_line(LineRole::TableRow);
        for cell in &row.cells {
            let before = line.text.len();
            if before > 0 {
                line.text.push_str(CELL_MARK);
            }
            let (start, first_word) = (line.text.len(), line.words.len());
            for pieces in &cell.lines {
                self.push_words(&mut line, pieces);
            }
            let Some(bbox) = line.words[first_word..].iter().map(|w| w.bbox).reduce(|a, b| a.union(&b)) else {
                line.text.truncate(before);
                continue;
            };
            line.cells.push(Cell { start: start as u32, end: line.text.len() as u32, column: cell.column, bbox });
        }
        finished(line)
    }

    /// Adds words, given from left to right, in reading order.
    fn push_words(&self, line: &mut Line, pieces: &[Piece]) {
        let shown: Vec<&Piece> = pieces.iter().filter(|p| !p.leader).collect();
        let texts: Vec<String> = shown.iter().map(|p| bidi::word_text(&p.glyphs, self.glyphs)).collect();
        let order = bidi::line_order(&texts);
        let last = order.last().copied();
        for i in order {
            let word = clean(&texts[i], last == Some(i));
            if word.is_empty() {
                continue;
            }
            if needs_blank(line, &word) {
                line.text.push(' ');
            }
            let start = line.text.len() as u32;
            line.text.push_str(&word);
            line.words.push(Word { start, end: line.text.len() as u32, bbox: self.page_box(&shown[i].rect) });
        }
    }

    fn page_box(&self, rect: &Rect) -> Rect {
        let r = self.frame.to_page(rect);
        let x = |v: f32| v.clamp(self.bounds.left, self.bounds.right);
        let y = |v: f32| v.clamp(self.bounds.top, self.bounds.bottom);
        Rect::new(x(r.left), y(r.top), x(r.right), y(r.bottom))
    }
}

/// The line with the box around its words; `None` if it has none.
fn finished(mut line: Line) -> Option<Line> {
    line.bbox = line.words.iter().map(|w| w.bbox).reduce(|a, b| a.union(&b))?;
    Some(line)
}

fn empty_line(role: LineRole) -> Line {
    Line {
        text: String::new(),
        bbox: Rect::default(),
        block: 0,
        role,
        hyphenated: false,
        words: Vec::new(),
        cells: Vec::new(),
    }
}

/// Whether a space belongs between the line so far and `word`: not at its start, not after a cell separator, and not
/// within text in scripts without spaces.
fn needs_blank(line: &Line, word: &str) -> bool {
    let Some(last) = line.words.last() else { return false };
    let wide = |c: Option<char>| c.is_some_and(scripts::is_wide);
    let after_mark = last.end < line.text.len() as u32;
    let within_wide = wide(line.text.chars().next_back()) && wide(word.chars().next());
    !(after_mark || within_wide)
}

/// The word with ligatures expanded and soft hyphens kept only where they break a line.
fn clean(word: &str, last: bool) -> String {
    let mut out = String::with_capacity(word.len());
    let len = word.chars().count();
    for (i, c) in word.chars().enumerate() {
        match c {
            scripts::SOFT_HYPHEN if !(last && i + 1 == len) => {}
            scripts::SOFT_HYPHEN | scripts::PDFIUM_HYPHEN => out.push('-'),
            _ => match scripts::ligature(c) {
                Some(letters) => out.push_str(letters),
                None => out.push(c),
            },
        }
    }
    out
}
