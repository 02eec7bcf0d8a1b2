//! Finds words on a page.

use crate::document::geometry::Rect;
use crate::document::page::{Line, Page};

/// Most characters of a line shown before and after a match.
const CONTEXT: usize = 48;

/// A match.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The line around them, or a part of it.
    pub text: String,
    /// Its position in `text`, in bytes.
    pub found: std::ops::Range<usize>,
    /// Its position on the page, in points.
    pub bbox: Rect,
}

/// All matches of `query` on a page, in reading order: within a line, ignoring case, with any whitespace equal to any
/// other.
pub fn find(page: &Page, query: &str) -> Vec<Hit> {
    let query: Vec<char> = fold(query.trim()).map(|(_, letter)| letter).collect();
    if query.is_empty() {
        return Vec::new();
    }
    page.lines.iter().flat_map(|line| in_line(line, &query)).collect()
}

fn in_line(line: &Line, query: &[char]) -> Vec<Hit> {
    let letters: Vec<(usize, char)> = fold(&line.text).collect();
    let mut hits = Vec::new();
    let mut at = 0;
    while at + query.len() <= letters.len() {
        if letters[at..at + query.len()].iter().map(|(_, letter)| letter).eq(query) {
            let start = letters[at].0;
            let end = letters.get(at + query.len()).map_or(line.text.len(), |(end, _)| *end);
            hits.push(hit(line, start..end));
            at += query.len();
        } else {
            at += 1;
        }
    }
    hits
}

/// Lower-case letters, each with its position in the text; runs of whitespace become one space.
fn fold(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut was_blank = false;
    text.char_indices().flat_map(move |(at, letter)| {
        let is_blank = letter.is_whitespace();
        let skip = is_blank && was_blank;
        was_blank = is_blank;
        let folded = if is_blank { ' ' } else { letter };
        folded.to_lowercase().map(move |small| (at, small)).filter(move |_| !skip)
    })
}

fn hit(line: &Line, found: std::ops::Range<usize>) -> Hit {
    let before = line.text[..found.start].char_indices().rev().nth(CONTEXT).map_or(0, |(at, _)| at);
    let after = line.text[found.end..].char_indices().nth(CONTEXT).map_or(line.text.len(), |(at, _)| found.end + at);
    Hit {
        text: line.text[before..after].to_owned(),
        found: found.start - before..found.end - before,
        bbox: place(line, &found),
    }
}

/// Position of a part of a line: the words it overlaps, the first and last cut in proportion to their letters.
fn place(line: &Line, part: &std::ops::Range<usize>) -> Rect {
    let mut all: Option<Rect> = None;
    for word in &line.words {
        let (start, end) = (word.start as usize, word.end as usize);
        let (from, to) = (part.start.max(start), part.end.min(end));
        if from >= to {
            continue;
        }
        let letters =
            |range: std::ops::Range<usize>| line.text.get(range).map_or(0, |text| text.chars().count()) as f32;
        let whole = letters(start..end).max(1.0);
        let across = |at: usize| word.bbox.left + word.bbox.width() * letters(start..at) / whole;
        let piece = Rect::new(across(from), word.bbox.top, across(to), word.bbox.bottom);
        all = Some(all.map_or(piece, |all| all.union(&piece)));
    }
    all.unwrap_or(line.bbox)
}
