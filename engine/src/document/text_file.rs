//! Plain text and Markdown as pages of lines.
//!
//! Text has no positions of its own. Its lines are set on letter pages of [`LINES_PER_PAGE`] lines so that citations
//! can point at them. The file is read once to find where each page begins; a page is read again, and set, whenever it
//! is wanted, so that of a long text only the pages in use are in memory.

use std::io::{self, Read, Seek, SeekFrom};

use super::geometry::Rect;
use super::page::{Line, LineRole, Page, PageContent, Word};
use super::text_encoding::{Decoder, Encoding, decode, each_block, survey};
use super::text_pages::{COLUMNS, Index, LINES_PER_PAGE, MAX_PAGES, PageSpan, Row, rows_of};
use crate::cancel::CancelToken;
use crate::diagnostic::Diagnostic;

/// A letter page, and the margin around its text, in points.
pub(super) const WIDTH_PT: f32 = 612.0;
pub(super) const HEIGHT_PT: f32 = 792.0;
const MARGIN_PT: f32 = 36.0;

/// Line height and character width, in points.
const LEADING_PT: f32 = (HEIGHT_PT - 2.0 * MARGIN_PT) / LINES_PER_PAGE as f32;
const ADVANCE_PT: f32 = (WIDTH_PT - 2.0 * MARGIN_PT) / COLUMNS as f32;

/// An open text file: where its pages are. The text itself stays in the file.
#[derive(Debug)]
pub(super) struct TextFile<F> {
    file: F,
    encoding: Encoding,
    pages: Vec<PageSpan>,
}

impl<F: Read + Seek> TextFile<F> {
    /// Finds the pages of a text; `None` if it is not text.
    ///
    /// # Errors
    /// Fails if the file cannot be read, and with [`crate::cancel::Cancelled`] inside the error once `cancel` was set.
    pub(super) fn open(mut file: F, cancel: &CancelToken) -> io::Result<Option<(Self, Vec<Diagnostic>)>> {
        let survey = survey(&mut file, cancel)?;
        if !survey.is_text {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(survey.start))?;
        let mut decoder = Decoder::new(survey.encoding);
        let mut index = Index::new(survey.encoding, survey.start);
        let mut text = String::new();
        each_block(&mut file, cancel, &mut |block| {
            text.clear();
            decoder.decode(block, &mut text);
            text.chars().for_each(|c| index.take(c));
            None::<()>
        })?;
        let (pages, count) = index.finish();
        let mut warnings = Vec::new();
        if survey.encoding == Encoding::Latin1 {
            warnings.push(Diagnostic::general("the text is not UTF-8 and was read as Latin-1"));
        }
        if count > pages.len() as u64 {
            let left_out = count - pages.len() as u64;
            warnings.push(Diagnostic::general(format!(
                "the text has {count} pages, only the first {MAX_PAGES} are read and {left_out} are left out"
            )));
        }
        Ok(Some((Self { file, encoding: survey.encoding, pages }, warnings)))
    }

    /// Number of pages.
    pub(super) fn page_count(&self) -> u32 {
        self.pages.len() as u32
    }

    /// Reads and sets page `number` (from 1); blank where there is none.
    ///
    /// # Errors
    /// Fails if the file cannot be read any more.
    pub(super) fn page(&mut self, number: u32) -> io::Result<Page> {
        let span = self.pages.get((number as usize).wrapping_sub(1)).copied().unwrap_or_default();
        self.file.seek(SeekFrom::Start(span.from))?;
        let mut bytes = vec![0; usize::try_from(span.to - span.from).map_err(io::Error::other)?];
        self.file.read_exact(&mut bytes)?;
        let text = decode(self.encoding, &bytes);
        let text = text.replace("\r\n", "\n").replace(['\r', '\u{b}'], "\n");
        Ok(set_page(number, &rows_of(&text, span)))
    }
}

fn set_page(number: u32, rows: &[Row<'_>]) -> Page {
    let mut lines = Vec::with_capacity(rows.len());
    let mut block = 0;
    for (row, Row { text, role }) in rows.iter().enumerate() {
        let text = text.trim_end();
        if text.chars().all(|c| c.is_whitespace() || c.is_control()) {
            block += u32::from(!lines.is_empty());
            continue;
        }
        // No longer than `text`: a control character has at least the one byte of a blank.
        let mut shown = String::with_capacity(text.len());
        shown.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
        let top = MARGIN_PT + row as f32 * LEADING_PT;
        lines.push(set_line(shown, *role, top, block));
    }
    lines.shrink_to_fit();
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
    let mut words = Vec::with_capacity(text.split_whitespace().count());
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

    fn set_pages(text: &str) -> Vec<Page> {
        let opened = TextFile::open(io::Cursor::new(text.as_bytes()), &CancelToken::default());
        let (mut file, _) = opened.expect("read").expect("text");
        (1..=file.page_count()).map(|number| file.page(number).expect("read")).collect()
    }

    #[test]
    fn sixty_lines_or_a_form_feed_end_a_page() {
        let long = "a line\n".repeat(61);
        let apart = format!("a{}b", "\n".repeat(150));
        let ended = format!("a{}\x0cb{}\x0c\n", "\n".repeat(150), "\r\n".repeat(150));
        for (text, expected) in [
            ("one", 1),
            ("one\x0ctwo\n", 2),
            (long.as_str(), 2),
            ("one\x0c", 1),
            ("a\rb\r\nc", 1),
            ("a\x0c\x0c\x0cb", 4),
            ("\x0c\x0c\x0c", 1),
            ("\n\n", 1),
            (&apart, 3),
            (&ended, 2),
        ] {
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
    fn a_long_line_over_several_pages_is_no_row_on_any() {
        // 58 lines first, so that a short beginning is on the first page and a short end on the last.
        for before in [0, 58, 59] {
            let text = format!("{}{}", "a\n".repeat(before), "70.8 | ".repeat(1000));
            let pages = set_pages(&text);
            let mut lines = pages.iter().flat_map(|page| &page.lines);
            assert!(pages.len() > 1 && lines.all(|line| line.role == LineRole::Body), "{before}");
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

    #[test]
    fn nothing_is_held_in_memory_but_where_pages_begin() {
        let text = "a line of words\n".repeat(200_000);
        let opened = TextFile::open(io::Cursor::new(text.as_bytes()), &CancelToken::default());
        let (file, _) = opened.expect("read").expect("text");
        assert_eq!(file.page_count(), 3334);
        assert!(size_of::<PageSpan>() <= 24 && file.pages.capacity() <= MAX_PAGES);
    }

    #[test]
    fn a_text_of_too_many_pages_says_how_many_are_left_out() {
        let text = format!("{}end", "\x0c".repeat(50_000));
        let opened = TextFile::open(io::Cursor::new(text.as_bytes()), &CancelToken::default());
        let (mut file, warnings) = opened.expect("read").expect("text");
        assert_eq!(file.page_count() as usize, MAX_PAGES);
        let said: Vec<&str> = warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(said, ["the text has 50001 pages, only the first 20000 are read and 30001 are left out"]);
        assert_eq!(file.page(MAX_PAGES as u32).expect("read").content, PageContent::Blank);
    }

    #[test]
    fn the_work_stops_when_it_is_cancelled() {
        let cancel = CancelToken::default();
        cancel.cancel();
        let error = TextFile::open(io::Cursor::new(b"text"), &cancel).expect_err("cancelled");
        assert!(
            error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<crate::cancel::Cancelled>),
            "{error}"
        );
    }
}
