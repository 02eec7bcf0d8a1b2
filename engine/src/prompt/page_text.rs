//! A page as the text that a model reads.
//!
//! Lines of a paragraph are joined if the page only breaks them for lack of room; list items, table rows and headings
//! keep their line ends; blocks are separated by a blank line. Running headers and footers are left out.

use std::collections::BTreeMap;

use crate::document::page::{Document, Line, LineRole, Page};

use super::traced::{Source, TracedText};

/// Share of its block's width that a line may leave empty at its end and still count as full.
const FULL_LINE_SLACK: f32 = 0.2;
/// Longest part of a document's name that is shown to the model, in characters.
const NAME_CHARS: usize = 80;

/// The joint between two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    /// Nothing, and the first line loses its hyphen.
    Hyphen,
    /// Nothing, in scripts without spaces.
    Tight,
    Blank,
    LineBreak,
    BlankLine,
}

/// Whether the model sees a line as part of the page's text.
pub(super) fn is_shown(line: &Line) -> bool {
    !matches!(line.role, LineRole::Header | LineRole::Footer) && !line.text.trim().is_empty()
}

/// The marker at the start of a page, with its printed label in parentheses if that differs.
pub(super) fn page_marker(page: &Page) -> String {
    let number = page.number.to_string();
    match page.label.as_deref().map(str::trim) {
        Some(label) if !label.is_empty() && label != number => {
            format!("[page {number} ({})]", single_line(label, NAME_CHARS))
        }
        _ => format!("[page {number}]"),
    }
}

/// The marker before a document's first page, if there are several documents.
pub(super) fn document_marker(document: &Document) -> String {
    format!("[document {}]\n", single_line(&document.name, NAME_CHARS))
}

fn single_line(text: &str, chars: usize) -> String {
    text.chars().take(chars).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Writes a page with its marker; it always ends in a blank line, so that pages can be concatenated.
pub(super) fn write_page(text: &mut TracedText, document: u32, page: &Page) {
    let marker = Source::Marker { document, page: page.number };
    text.push(&page_marker(page), marker);
    text.extend_last("\n");
    let shown: Vec<u32> = (0..).zip(&page.lines).filter(|(_, line)| is_shown(line)).map(|(index, _)| index).collect();
    if shown.is_empty() {
        text.push("(no text)", marker);
    }
    write_lines(text, document, page, &shown);
    text.extend_last("\n\n");
}

/// Writes the given lines of a page, and nothing after the last one.
pub(super) fn write_lines(text: &mut TracedText, document: u32, page: &Page, lines: &[u32]) {
    let edges = block_edges(page);
    let line_at = |index: &u32| page.lines.get(*index as usize);
    let mut before = "";
    for (at, index) in lines.iter().enumerate() {
        let Some(line) = line_at(index) else { continue };
        let source = Source::Line { document, page: page.number, line: *index };
        let joint = lines.get(at + 1).and_then(line_at).map(|next| joint(line, next, &edges));
        let words = line.text.trim();
        let words = if joint == Some(Joint::Hyphen) { words.trim_end_matches(is_hyphen) } else { words };
        text.push(before, source);
        text.push(words, source);
        before = "";
        match joint {
            Some(Joint::Blank) => before = " ",
            Some(Joint::LineBreak) => text.extend_last("\n"),
            Some(Joint::BlankLine) => text.extend_last("\n\n"),
            Some(Joint::Hyphen | Joint::Tight) | None => {}
        }
    }
}

/// Left and right edge of each block of running text.
fn block_edges(page: &Page) -> BTreeMap<u32, (f32, f32)> {
    let mut edges = BTreeMap::new();
    for line in page.lines.iter().filter(|line| is_running(line)) {
        let (left, right) = edges.entry(line.block).or_insert((line.bbox.left, line.bbox.right));
        *left = left.min(line.bbox.left);
        *right = right.max(line.bbox.right);
    }
    edges
}

fn is_running(line: &Line) -> bool {
    matches!(line.role, LineRole::Body | LineRole::Caption)
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{ad}' | '\u{2010}')
}

fn joint(line: &Line, next: &Line, edges: &BTreeMap<u32, (f32, f32)>) -> Joint {
    let running = is_running(line) && line.role == next.role;
    if running && line.hyphenated {
        return Joint::Hyphen;
    }
    if line.role == LineRole::FigureText && next.role == LineRole::FigureText {
        return Joint::LineBreak;
    }
    if line.block != next.block {
        return Joint::BlankLine;
    }
    let (left, right) = edges.get(&line.block).copied().unwrap_or_default();
    let width = right - left;
    if !running || width <= 0.0 || line.bbox.right < right - FULL_LINE_SLACK * width {
        return Joint::LineBreak;
    }
    let tight = |c: Option<char>| c.is_some_and(writes_no_blanks);
    if tight(line.text.trim().chars().next_back()) && tight(next.text.trim().chars().next()) {
        Joint::Tight
    } else {
        Joint::Blank
    }
}

/// Characters of Chinese and Japanese, whose lines are joined without a space.
fn writes_no_blanks(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}
