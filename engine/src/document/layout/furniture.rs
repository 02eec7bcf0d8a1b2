//! Running headers, footers and page numbers: text at the same position on several pages.
//!
//! Lines near the top and bottom edges are compared across all pages, by position and text. Numbers may differ between
//! pages only as page numbers do, by the distance of the pages; so "Table 1" and "Table 2" at the top of two pages are
//! not a running header.

use std::collections::BTreeMap;

use crate::document::page::{Line, LineRole, Page};

/// Share of the page's height, from either edge, that is searched for headers and footers.
const ZONE: f32 = 0.12;
/// Lines examined at either edge.
const MAX_LINES: usize = 6;
/// Lines longer than this are running text.
const MAX_CHARS: usize = 160;
/// How far a header may be from its position on other pages, in points.
const SHIFT_PT: f32 = 8.0;
/// Repetitions on pages further apart than this do not count.
const MAX_DISTANCE: u32 = 40;

/// Sets the roles [`LineRole::Header`] and [`LineRole::Footer`] on lines that pages share; moves nothing.
pub fn mark_furniture(pages: &mut [Page]) {
    let mut seen: BTreeMap<Key, Vec<Sight>> = BTreeMap::new();
    for (p, page) in pages.iter().enumerate() {
        for (l, top) in edge_lines(page) {
            let line = &page.lines[l];
            let sight = Sight { page: p, line: l, number: page.number, y: line.bbox.center_y(), top };
            for text in forms(&line.text, page.number) {
                seen.entry(Key { top, text }).or_default().push(sight);
            }
        }
    }
    let needed = if pages.len() < 6 { 2 } else { 3 };
    for sights in seen.values() {
        for sight in sights {
            if supporters(sight, sights) >= needed
                && let Some(line) = pages.get_mut(sight.page).and_then(|p| p.lines.get_mut(sight.line))
            {
                line.role = if sight.top { LineRole::Header } else { LineRole::Footer };
            }
        }
    }
    pages.iter_mut().for_each(mark_labels);
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    top: bool,
    text: String,
}

/// An occurrence of a text.
#[derive(Clone, Copy)]
struct Sight {
    page: usize,
    line: usize,
    number: u32,
    y: f32,
    top: bool,
}

/// The number of nearby pages, including its own, with the text at this height. `sights` are sorted by page.
fn supporters(own: &Sight, sights: &[Sight]) -> usize {
    let from = sights.partition_point(|s| s.page + (MAX_DISTANCE as usize) < own.page);
    let mut last = None;
    let mut count = 0;
    for s in sights[from..].iter().take(4 * MAX_DISTANCE as usize) {
        let near = s.number.abs_diff(own.number) <= MAX_DISTANCE && (s.y - own.y).abs() <= SHIFT_PT;
        if near && last != Some(s.page) {
            last = Some(s.page);
            count += 1;
        }
    }
    count
}

/// Lines near the top edge (true) and the bottom edge (false).
fn edge_lines(page: &Page) -> Vec<(usize, bool)> {
    let height = page.height_pt;
    let short = |l: &Line| !l.text.is_empty() && l.text.chars().take(MAX_CHARS + 1).count() <= MAX_CHARS;
    let mut top: Vec<usize> = Vec::new();
    let mut bottom: Vec<usize> = Vec::new();
    for (i, line) in page.lines.iter().enumerate().filter(|(_, l)| short(l)) {
        if line.bbox.bottom < ZONE * height {
            top.push(i);
        } else if line.bbox.top > (1.0 - ZONE) * height {
            bottom.push(i);
        }
    }
    let y = |i: &usize| page.lines[*i].bbox.center_y();
    top.sort_by(|a, b| y(a).total_cmp(&y(b)));
    bottom.sort_by(|a, b| y(b).total_cmp(&y(a)));
    let head = top.into_iter().take(MAX_LINES).map(|i| (i, true));
    head.chain(bottom.into_iter().take(MAX_LINES).map(|i| (i, false))).collect()
}

/// The forms in which to compare a line: its text unchanged, and with each of its numbers relative to the page.
fn forms(text: &str, page: u32) -> Vec<String> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let mut forms = vec![words.join(" ")];
    let labelled = words.first().is_some_and(|w| {
        ["table", "figure", "chart", "exhibit", "box"].iter().any(|name| w.trim_end_matches(['.', ':']) == *name)
    });
    if labelled {
        return forms;
    }
    for (i, word) in words.iter().enumerate() {
        if let Some((offset, kind)) = page_number(word, page) {
            let mut relative = words.clone();
            relative[i] = format!("<{kind}{offset}>");
            forms.push(relative.join(" "));
        }
    }
    forms
}

/// The offset of a number (arabic or roman, with signs around it or letters before it) from the page's own.
fn page_number(word: &str, page: u32) -> Option<(i64, String)> {
    let start = word
        .rfind(|c: char| !c.is_ascii_digit() && !matches!(c, ')' | ']' | '-' | '\u{2013}' | '.'))
        .map_or(0, |i| i + word[i..].chars().next().map_or(1, char::len_utf8));
    let (prefix, rest) = word.split_at(start);
    let digits = rest.trim_matches(|c: char| !c.is_ascii_digit());
    if !digits.is_empty() && digits.len() <= 5 && digits.chars().all(|c| c.is_ascii_digit()) {
        let n: i64 = digits.parse().ok()?;
        return Some((n - i64::from(page), format!("n{prefix}")));
    }
    let core = word.trim_matches(|c: char| !c.is_alphabetic());
    roman(core).map(|n| (n - i64::from(page), "r".to_owned()))
}

/// The value of a small roman numeral in lower case.
fn roman(word: &str) -> Option<i64> {
    if word.is_empty() || word.len() > 8 {
        return None;
    }
    let values: Option<Vec<i64>> = word
        .chars()
        .map(|c| match c {
            'i' => Some(1),
            'v' => Some(5),
            'x' => Some(10),
            'l' => Some(50),
            'c' => Some(100),
            _ => None,
        })
        .collect();
    let values = values?;
    let signed =
        |i: usize| if values.get(i + 1).is_some_and(|next| *next > values[i]) { -values[i] } else { values[i] };
    Some((0..values.len()).map(signed).sum())
}

/// A line at the edge that consists of the page's label is its page number, even if no other page shows one.
fn mark_labels(page: &mut Page) {
    let Some(label) = page.label.clone().filter(|l| !l.is_empty()) else { return };
    for (i, top) in edge_lines(page) {
        let line = &mut page.lines[i];
        if line.text.trim_matches(|c: char| !c.is_alphanumeric()) == label {
            line.role = if top { LineRole::Header } else { LineRole::Footer };
        }
    }
}
