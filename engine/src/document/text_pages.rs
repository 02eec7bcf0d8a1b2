//! Finds the pages of a text, character by character, and the rows of each page.
//!
//! Long lines are wrapped, and a form feed starts a new page. Table rows, whose cells are separated by bars or tabs,
//! stay whole, in narrower letters. Knows nothing of files and of positions on a page.

use super::page::LineRole;
use super::text_encoding::Encoding;

/// Lines on a page.
pub(super) const LINES_PER_PAGE: usize = 60;

/// Most pages of a text, and so most lines: 1,200,000. Further pages are counted and left out.
pub(super) const MAX_PAGES: usize = 20_000;

/// Characters on a line.
pub(super) const COLUMNS: usize = 100;

/// Characters of a table row; longer ones are wrapped like any line.
const ROW_COLUMNS: usize = 8 * COLUMNS;

/// Where a page is in its file, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageSpan {
    pub(super) from: u64,
    pub(super) to: u64,
    /// Whether its first row continues a line of the page before.
    continues: bool,
    /// Whether its last row is continued on the next page.
    continued: bool,
}

/// A line as set on a page.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) text: &'a str,
    pub(super) role: LineRole,
}

/// The rows of a page, whose `text` is that of its span with line feeds as line ends.
pub(super) fn rows_of(text: &str, span: PageSpan) -> Vec<Row<'_>> {
    let last = text.split('\n').count() - 1;
    let mut rows = Vec::new();
    for (position, mut line) in text.split('\n').enumerate() {
        let is_part = position == 0 && span.continues || position == last && span.continued;
        if !is_part && is_row(line) {
            rows.push(Row { text: line, role: LineRole::TableRow });
            continue;
        }
        let mut push = |text| {
            let role = if str::starts_with(text, '#') { LineRole::Heading } else { LineRole::Body };
            rows.push(Row { text, role });
        };
        while let Some(at) = wrap_at(line) {
            let (part, rest) = line.split_at(at);
            push(part);
            line = rest;
        }
        push(line);
    }
    rows.truncate(LINES_PER_PAGE);
    rows
}

/// Where to break a line of more than [`COLUMNS`] characters: after its last blank within them if there is any.
fn wrap_at(line: &str) -> Option<usize> {
    let (limit, _) = line.char_indices().nth(COLUMNS)?;
    Some(line[..limit].rfind(' ').map_or(limit, |blank| blank + 1))
}

/// Whether a line is a table row: cells separated by tabs, or by bars next to a blank as in Markdown.
fn is_row(line: &str) -> bool {
    let inner = line.trim().trim_matches('|');
    let is_parted = inner.contains(" |") || inner.contains("| ") || inner.contains('\t');
    is_parted && line.chars().nth(ROW_COLUMNS).is_none()
}

/// Finds the pages of a text in one pass, with at most one row of it in memory.
#[derive(Debug)]
pub(super) struct Index {
    encoding: Encoding,
    /// Offset of the next character.
    at: u64,
    /// The line so far, or what is left of it after the rows that were wrapped; where it begins, and its length.
    line: String,
    line_at: u64,
    chars: usize,
    /// Whether the line is too long for a table row, and whether rows were wrapped off it.
    is_long: bool,
    is_wrapped: bool,
    after_return: bool,
    pages: Vec<PageSpan>,
    /// Pages so far, stored or not; those up to the last with any text, in all and at the start of this sheet.
    count: u64,
    filled: u64,
    sheet_start: u64,
    /// Rows of the current page; [`LINES_PER_PAGE`] if the next row begins a page.
    rows: usize,
}

impl Index {
    /// Begins at the offset `start` of the file.
    pub(super) fn new(encoding: Encoding, start: u64) -> Self {
        Self {
            encoding,
            at: start,
            line: String::new(),
            line_at: start,
            chars: 0,
            is_long: false,
            is_wrapped: false,
            after_return: false,
            pages: Vec::new(),
            count: 0,
            filled: 0,
            sheet_start: 0,
            rows: LINES_PER_PAGE,
        }
    }

    /// Takes the next character.
    pub(super) fn take(&mut self, c: char) {
        self.at += self.encoding.width(c);
        let after_return = std::mem::replace(&mut self.after_return, c == '\r');
        match c {
            '\n' if after_return => self.line_at = self.at,
            '\n' | '\r' | '\u{b}' => self.end_line(),
            '\u{c}' => {
                self.end_line();
                self.end_sheet();
            }
            c => {
                self.line.push(c);
                self.chars += 1;
                self.is_long |= self.chars > ROW_COLUMNS;
                if self.is_long && self.chars > COLUMNS {
                    self.wrap();
                }
            }
        }
    }

    /// The stored pages, and how many there are in all.
    pub(super) fn finish(mut self) -> (Vec<PageSpan>, u64) {
        self.end_line();
        self.end_sheet();
        // Blank pages at the end of a text are none.
        self.keep(self.filled.max(1));
        (self.pages, self.count)
    }

    /// Breaks rows off a line until what is left fits into one.
    fn wrap(&mut self) {
        while let Some(at) = wrap_at(&self.line) {
            let end = self.line_at + self.encoding.bytes_of(&self.line[..at]);
            self.row(end, true);
            self.chars -= self.line[..at].chars().count();
            self.line.drain(..at);
            self.line_at = end;
            self.is_wrapped = true;
        }
    }

    fn end_line(&mut self) {
        if self.is_long || !is_row(&self.line) {
            self.wrap();
        }
        let end = self.line_at + self.encoding.bytes_of(&self.line);
        self.row(end, false);
        self.line.clear();
        self.line_at = self.at;
        self.chars = 0;
        self.is_long = false;
        self.is_wrapped = false;
    }

    /// Takes a row that begins where the line does and reaches up to `end`.
    fn row(&mut self, end: u64, continued: bool) {
        if self.rows == LINES_PER_PAGE {
            self.rows = 0;
            self.count += 1;
            if self.pages.len() < MAX_PAGES {
                let (from, continues) = (self.line_at, self.is_wrapped);
                self.pages.push(PageSpan { from, to: from, continues, continued: false });
            }
        }
        self.rows += 1;
        if end > self.line_at {
            self.filled = self.count;
            if self.pages.len() as u64 == self.count
                && let Some(page) = self.pages.last_mut()
            {
                page.to = end;
                page.continued = continued;
            }
        }
    }

    /// A form feed: blank lines before it make no pages, but there is always one.
    fn end_sheet(&mut self) {
        self.keep(self.filled.max(self.sheet_start + 1));
        self.sheet_start = self.count;
        self.rows = LINES_PER_PAGE;
    }

    fn keep(&mut self, count: u64) {
        self.count = self.count.min(count);
        self.pages.truncate(usize::try_from(self.count).unwrap_or(usize::MAX));
    }
}
