//! Plain text and Markdown as pages of lines.
//!
//! Text has no positions of its own. Its lines are set on letter pages of [`LINES_PER_PAGE`] lines so that citations
//! can point at them. Long lines are wrapped, and a form feed starts a new page. Table rows, whose cells are separated
//! by bars or tabs, stay whole, in narrower letters.

use super::geometry::Rect;
use super::page::{Line, LineRole, Page, PageContent, Word};

/// Lines on a page.
const LINES_PER_PAGE: usize = 60;

/// A letter page, and the margin around its text, in points.
const WIDTH_PT: f32 = 612.0;
const HEIGHT_PT: f32 = 792.0;
const MARGIN_PT: f32 = 36.0;

/// Characters on a line.
const COLUMNS: usize = 100;

/// Characters of a table row; longer ones are wrapped like any line.
const ROW_COLUMNS: usize = 8 * COLUMNS;

/// Line height and character width, in points.
const LEADING_PT: f32 = (HEIGHT_PT - 2.0 * MARGIN_PT) / LINES_PER_PAGE as f32;
const ADVANCE_PT: f32 = (WIDTH_PT - 2.0 * MARGIN_PT) / COLUMNS as f32;

/// Text may contain one control character in this many.
const CONTROL_ONE_IN: usize = 200;

/// Whether bytes are text: in a known encoding, and almost free of control characters.
pub(super) fn looks_like_text(bytes: &[u8]) -> bool {
    if is_utf16(bytes) {
        return true;
    }
    let control = bytes.iter().filter(|&&byte| is_control(byte)).count();
    !bytes.contains(&0) && control * CONTROL_ONE_IN <= bytes.len()
}

fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

/// Control characters that do not occur in text (unlike tab, line ends, form feed and escape).
fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1b)
}

/// Decodes text: UTF-8 or UTF-16 with a byte order mark, UTF-8 without one, otherwise Latin-1. Says whether it had to
/// guess.
pub(super) fn decode(bytes: &[u8]) -> (String, bool) {
    let utf16 = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        (String::from_utf16_lossy(&units), false)
    };
    match bytes {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) => (text.to_owned(), false),
                Err(_) => (bytes.iter().map(|&byte| char::from(byte)).collect(), true),
            }
        }
    }
}

/// Sets a text on pages.
pub(super) fn set_pages(text: &str) -> Vec<Page> {
    let mut pages = Vec::new();
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{b}'], "\n");
    for sheet in text.trim_end_matches(['\n', '\u{c}']).split('\u{c}') {
        let rows: Vec<Row> = sheet.trim_end_matches('\n').split('\n').flat_map(broken).collect();
        for rows in rows.chunks(LINES_PER_PAGE) {
            pages.push(set_page(pages.len() as u32 + 1, rows));
        }
    }
    pages
}

/// A line as set on a page.
#[derive(Clone, Copy)]
struct Row<'a> {
    text: &'a str,
    role: LineRole,
}

/// Splits a line into parts of at most [`COLUMNS`] characters, after blanks if there are any.
fn broken(mut line: &str) -> Vec<Row<'_>> {
    if is_row(line) {
        return vec![Row { text: line, role: LineRole::TableRow }];
    }
    let mut parts = Vec::new();
    let mut push = |text| {
        let role = if str::starts_with(text, '#') { LineRole::Heading } else { LineRole::Body };
        parts.push(Row { text, role });
    };
    while let Some((limit, _)) = line.char_indices().nth(COLUMNS) {
        let (fitting, _) = line.split_at(limit);
        let at = fitting.rfind(' ').map_or(limit, |blank| blank + 1);
        let (part, rest) = line.split_at(at);
        push(part);
        line = rest;
    }
    push(line);
    parts
}

/// Whether a line is a table row: cells separated by tabs, or by bars next to a blank as in Markdown.
fn is_row(line: &str) -> bool {
    let inner = line.trim().trim_matches('|');
    let is_parted = inner.contains(" |") || inner.contains("| ") || inner.contains('\t');
    is_parted && line.chars().nth(ROW_COLUMNS).is_none()
}

fn set_page(number: u32, rows: &[Row<'_>]) -> Page {
    let mut lines = Vec::new();
    let mut block = 0;
    for (row, Row { text, role }) in rows.iter().enumerate() {
        let text: String = text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if text.trim().is_empty() {
            block += u32::from(!lines.is_empty());
        } else {
            let top = MARGIN_PT + row as f32 * LEADING_PT;
            lines.push(set_line(text, *role, top, block));
        }
    }
    let content = if lines.is_empty() { PageContent::Blank } else { PageContent::Text };
    Page {
        number,
        label: None,
        width_pt: WIDTH_PT,
        height_pt: HEIGHT_PT,
        content,
        lines,
        figures: Vec::new(),
        links: Vec::new(),
    }
}

fn set_line(text: String, role: LineRole, top: f32, block: u32) -> Line {
    let columns = text.chars().count().max(COLUMNS);
    let x = |column: usize| MARGIN_PT + column as f32 * ADVANCE_PT * COLUMNS as f32 / columns as f32;
    let place = |from: usize, to: usize| Rect::new(x(from), top, x(to), top + LEADING_PT);
    let mut words = Vec::new();
    let mut start: Option<(usize, usize)> = None;
    let ends = text.char_indices().chain(std::iter::once((text.len(), ' '))).enumerate();
    for (column, (byte, c)) in ends {
        match start {
            None if !c.is_whitespace() => start = Some((byte, column)),
            Some((from_byte, from_column)) if c.is_whitespace() => {
                words.push(Word { start: from_byte as u32, end: byte as u32, bbox: place(from_column, column) });
                start = None;
            }
            _ => {}
        }
    }
    let bbox = words
        .iter()
        .skip(1)
        .fold(words.first().map_or_else(Rect::default, |word| word.bbox), |bounds, word| bounds.union(&word.bbox));
    Line { text, bbox, block, role, hyphenated: false, words, cells: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        for (bytes, expected, guessed) in [
            (&b"plain"[..], "plain", false),
            (b"\xef\xbb\xbfmark", "mark", false),
            ("Gr\u{fc}\u{df}e".as_bytes(), "Gr\u{fc}\u{df}e", false),
            (b"Gr\xfc\xdfe", "Gr\u{fc}\u{df}e", true),
            (b"\xff\xfea\0b\0", "ab", false),
            (b"\xfe\xff\0a\0b", "ab", false),
            (b"\xff\xfe\xff", "", false),
        ] {
            assert_eq!(decode(bytes), (expected.to_owned(), guessed), "{bytes:?}");
        }
    }

    #[test]
    fn sixty_lines_or_a_form_feed_end_a_page() {
        let long = "a line\n".repeat(61);
        for (text, expected) in [("one", 1), ("one\x0ctwo\n", 2), (long.as_str(), 2), ("one\x0c", 1), ("a\rb\r\nc", 1)]
        {
            assert_eq!(set_pages(text).len(), expected, "{text:?}");
        }
    }

    #[test]
    fn rows_of_tables_stay_whole() {
        let wide = format!("| Customs |{}", " 70.8 |".repeat(60));
        for (text, expected) in [
            ("Customs | 70.8 | 68.6", true),
            ("| :--- | ---: |", true),
            ("Customs\t70.8", true),
            (&wide, true),
            ("Customs rose to 70.8", false),
            ("a||b in a condition", false),
            (&"70.8 | ".repeat(1000), false),
        ] {
            let pages = set_pages(text);
            let lines = &pages[0].lines;
            assert_eq!(lines[0].role == LineRole::TableRow, expected, "{text}");
            assert!(!expected || lines.len() == 1 && lines[0].bbox.right <= WIDTH_PT - MARGIN_PT + 0.01, "{text}");
        }
    }

    #[test]
    fn words_point_into_their_line() {
        let pages = set_pages("Der  Gr\u{fc}ne Punkt");
        let line = &pages[0].lines[0];
        let words: Vec<&str> =
            line.words.iter().map(|word| &line.text[word.start as usize..word.end as usize]).collect();
        assert_eq!(words, ["Der", "Gr\u{fc}ne", "Punkt"]);
        assert!(line.words.windows(2).all(|pair| pair[0].bbox.right < pair[1].bbox.left));
    }

    #[test]
    fn long_lines_are_broken_and_lose_nothing() {
        for text in ["word ".repeat(10_000), "\u{fc}".repeat(10_000)] {
            let pages = set_pages(&text);
            let lines: Vec<&Line> = pages.iter().flat_map(|page| &page.lines).collect();
            assert!(lines.iter().all(|line| line.bbox.right <= WIDTH_PT - MARGIN_PT + 0.01));
            let joined: String = lines.iter().map(|line| line.text.replace(' ', "")).collect();
            assert_eq!(joined, text.replace(' ', ""));
        }
    }
}
