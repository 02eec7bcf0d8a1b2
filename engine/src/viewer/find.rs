//! Finding words on a page.

use crate::document::geometry::Rect;
use crate::document::page::{Line, Page};

/// Characters of a line that are shown before and after what was found, at most.
const CONTEXT: usize = 48;

/// A place where the words that are looked for stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The line around them, or a part of it.
    pub text: String,
    /// Where they are in `text`, in bytes.
    pub found: std::ops::Range<usize>,
    /// Where they are on the page, in points.
    pub bbox: Rect,
}

/// Everywhere that `query` stands on a page, in reading order: within a line, whatever the case, any blank for any other.
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

/// Small letters, each with where it comes from in the text; several blanks are one.
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

/// Where a part of a line stands: the words it touches, the first and last cut in proportion to their letters.
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
