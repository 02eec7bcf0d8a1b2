//! What holds of every laid-out page, whatever went in: used by the property test and the fuzz target.

use std::collections::BTreeMap;

use engine::document::layout::PageLayout;
use engine::document::page::Line;
use engine::document::raw::RawPage;

/// Checks ranges, boxes, block numbers, and that no character was made up.
///
/// # Errors
/// Says what does not hold, and of which line.
pub fn check(raw: &RawPage, layout: &PageLayout) -> Result<(), String> {
    let mut block = 0;
    for (i, line) in layout.lines.iter().enumerate() {
        check_line(raw, line).map_err(|why| format!("line {i} {:?}: {why}", line.text))?;
        if line.block < block {
            return Err(format!("line {i}: block {} after block {block}", line.block));
        }
        block = line.block;
    }
    let known = counted(raw.chars.iter().flat_map(|c| shown(c.unicode)));
    let written = written(layout);
    match written.iter().find(|(c, n)| known.get(c).copied().unwrap_or(0) < **n) {
        Some((c, n)) => Err(format!("{c:?} stands {n} times in the lines, {:?} times on the page", known.get(c))),
        None => Ok(()),
    }
}

fn check_line(raw: &RawPage, line: &Line) -> Result<(), String> {
    let mut end = 0;
    for w in &line.words {
        let text = line.text.get(w.start as usize..w.end as usize).ok_or("a word's range is not on the text")?;
        if text.is_empty() || w.start < end {
            return Err(format!("word {text:?} is empty or before the one before"));
        }
        end = w.end;
        inside(raw, &w.bbox)?;
    }
    let between = line.text.replace(" | ", " ");
    if line.words.is_empty() || line.text.trim() != line.text || between.contains("  ") {
        return Err("no words, or blanks to spare".to_owned());
    }
    let mut end = 0;
    for c in &line.cells {
        let text = line.text.get(c.start as usize..c.end as usize).ok_or("a cell's range is not on the text")?;
        if text.is_empty() || c.start < end {
            return Err(format!("cell {text:?} is empty or before the one before"));
        }
        end = c.end;
        inside(raw, &c.bbox)?;
    }
    if line.hyphenated && !line.text.ends_with(['-', '\u{2010}']) {
        return Err("hyphenated, with no hyphen at its end".to_owned());
    }
    inside(raw, &line.bbox)
}

fn inside(raw: &RawPage, r: &engine::document::geometry::Rect) -> Result<(), String> {
    let side = |v: f32| if v.is_finite() && v >= 1.0 { v.min(100_000.0) } else { 1000.0 };
    let fits = r.is_finite()
        && r.left >= 0.0
        && r.top >= 0.0
        && r.right <= side(raw.width_pt)
        && r.bottom <= side(raw.height_pt)
        && r.left <= r.right
        && r.top <= r.bottom;
    if fits { Ok(()) } else { Err(format!("{r:?} is not inside the page")) }
}

/// What a character may become.
fn shown(c: char) -> Vec<char> {
    match c {
        '\u{2}' | '\u{ad}' => vec!['-'],
        '\u{fb00}' => vec!['f', 'f'],
        '\u{fb01}' => vec!['f', 'i'],
        '\u{fb02}' => vec!['f', 'l'],
        '\u{fb03}' => vec!['f', 'f', 'i'],
        '\u{fb04}' => vec!['f', 'f', 'l'],
        '\u{fb05}' | '\u{fb06}' => vec!['s', 't'],
        _ => vec![c],
    }
}

/// The text of a range; empty where there is none.
fn word(line: &Line, start: u32, end: u32) -> &str {
    line.text.get(start as usize..end as usize).unwrap_or_default()
}

/// How often each character stands in the words of a page.
pub fn counted(chars: impl Iterator<Item = char>) -> BTreeMap<char, usize> {
    let mut counts = BTreeMap::new();
    for c in chars {
        *counts.entry(c).or_default() += 1;
    }
    counts
}

/// The characters of all words of a layout.
pub fn written(layout: &PageLayout) -> BTreeMap<char, usize> {
    counted(layout.lines.iter().flat_map(|l| l.words.iter().map(|w| word(l, w.start, w.end))).flat_map(str::chars))
}
