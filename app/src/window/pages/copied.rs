//! Selected text for the clipboard: hyphenated words joined, paragraphs separated, tables with tabs for spreadsheets.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use engine::document::page::{Line, LineRole, Page};

use crate::window::pages::selection::Selection;

/// Hyphens at the end of a line.
const HYPHENS: [char; 4] = ['-', '\u{ad}', '\u{2010}', '\u{2}'];

/// The selected text of these pages.
pub(crate) fn copied(selection: &Selection, pages: &BTreeMap<u32, Arc<Page>>) -> String {
    let mut text = String::new();
    let mut before: Option<(u32, &Line)> = None;
    for number in selection.pages() {
        let Some(page) = pages.get(&number) else { continue };
        for (at, line) in page.lines.iter().enumerate() {
            let Some(part) = selection.part_of(number, at, &line.text) else { continue };
            let piece = piece(line, &part);
            if let Some((page, last)) = before {
                let is_one_block = page == number && last.block == line.block;
                join(&mut text, (last, line), is_one_block);
            }
            text.push_str(&piece);
            before = Some((number, line));
        }
    }
    text
}

/// Appends the separator between two lines of running text.
fn join(text: &mut String, (last, next): (&Line, &Line), is_one_block: bool) {
    let both = |role| last.role == role && next.role == role;
    if both(LineRole::FigureText) || (is_one_block && both(LineRole::TableRow)) {
        text.push('\n');
    } else if !is_one_block {
        text.push_str("\n\n");
    } else if last.hyphenated && text.ends_with(HYPHENS) {
        text.pop();
    } else {
        let is_spaced = |letter: Option<char>| letter.is_none_or(|letter| !is_written_without_blanks(letter));
        if is_spaced(text.chars().next_back()) || is_spaced(next.text.chars().next()) {
            text.push(' ');
        }
    }
}

/// Chinese characters and kana, with their punctuation.
fn is_written_without_blanks(letter: char) -> bool {
    matches!(letter, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
}

/// Part of a line; cells of a table are separated so that they align in a spreadsheet.
fn piece(line: &Line, part: &Range<usize>) -> String {
    let of = |start: usize, end: usize| line.text.get(part.start.max(start)..part.end.min(end)).unwrap_or_default();
    if line.cells.is_empty() {
        return of(0, line.text.len()).to_owned();
    }
    let mut text = String::new();
    // A row selected from its start keeps its leading empty cells.
    let mut column = (part.start == 0).then_some(0);
    for cell in &line.cells {
        if (cell.end as usize) <= part.start || cell.start as usize >= part.end {
            continue;
        }
        let tabs = cell.column.saturating_sub(column.unwrap_or(cell.column));
        text.extend(std::iter::repeat_n('\t', tabs.into()));
        text.push_str(of(cell.start as usize, cell.end as usize).trim());
        column = Some(cell.column);
    }
    text
}

#[cfg(test)]
mod tests {
    use engine::document::geometry::Rect;
    use engine::document::page::{Cell, PageContent};

    use super::*;

    fn line(text: &str, block: u32, role: LineRole) -> Line {
        let bbox = Rect::new(0.0, 0.0, 100.0, 10.0);
        let hyphenated = text.ends_with('-');
        Line { text: text.into(), bbox, block, role, hyphenated, words: Vec::new(), cells: Vec::new() }
    }

    /// A row with cells in these columns.
    fn row(cells: &[(u16, &str)]) -> Line {
        let texts: Vec<&str> = cells.iter().map(|(_, text)| *text).collect();
        let mut row = line(&texts.join(" | "), 7, LineRole::TableRow);
        let mut start = 0;
        for (column, text) in cells {
            let end = start + text.len() as u32;
            row.cells.push(Cell { start, end, column: *column, bbox: row.bbox });
            start = end + 3;
        }
        row
    }

    fn page(number: u32, lines: Vec<Line>) -> Page {
        Page {
            number,
            label: None,
            width_pt: 612.0,
            height_pt: 792.0,
            content: PageContent::Text,
            lines,
            figures: Vec::new(),
            links: Vec::new(),
        }
    }

    fn copy_all(lines: Vec<Line>) -> String {
        let page = page(3, lines);
        let selection = Selection::of_page(&page).unwrap();
        copied(&selection, &BTreeMap::from([(3, Arc::new(page))]))
    }

    #[test]
    fn lines_become_text_as_one_would_write_it() {
        let body = LineRole::Body;
        for (lines, expected) in [
            (vec![line("Net receipts", 0, body), line("fell.", 0, body)], "Net receipts fell."),
            (vec![line("inter-", 0, body), line("national", 0, body)], "international"),
            (vec![line("One.", 0, body), line("Two.", 1, body)], "One.\n\nTwo."),
            (vec![line("報告", 0, body), line("書です", 0, body)], "報告書です"),
            (vec![line("Q1", 0, LineRole::FigureText), line("Q2", 1, LineRole::FigureText)], "Q1\nQ2"),
            (
                vec![row(&[(1, "2024"), (2, "2025")]), row(&[(0, "Receipts"), (2, "4.9")])],
                "\t2024\t2025\nReceipts\t\t4.9",
            ),
            (vec![line("Table 1", 6, body), row(&[(0, "a"), (1, "b")])], "Table 1\n\na\tb"),
            (Vec::from([line("", 0, body), line("x", 0, body)]), "x"),
        ] {
            assert_eq!(copy_all(lines), expected);
        }
    }
}
