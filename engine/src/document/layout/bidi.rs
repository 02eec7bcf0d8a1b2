//! Right-to-left text: from the visual order on the page to reading order.
//!
//! PDFs store Arabic and Hebrew in either order, so only the order on the page can be trusted. Reading order follows
//! from it by the reversals of the Unicode Bidirectional Algorithm (UAX 9, rule L2) applied backwards, with two levels:
//! left-to-right runs of letters and digits keep their order inside right-to-left text.

use super::glyphs::Glyph;
use super::scripts;

/// The word's text in reading order.
pub(super) fn word_text(positions: &[u32], glyphs: &[Glyph]) -> String {
    let members = || positions.iter().filter_map(|i| glyphs.get(*i as usize));
    if !members().any(|g| scripts::is_rtl(g.ch)) {
        return members().map(|g| g.ch).collect();
    }
    let clusters = clusters(members());
    let left_to_right = |i: usize| clusters[i].1.first().is_some_and(|c| scripts::is_ltr(*c));
    let joins = |i: usize| clusters[i].1.first().is_some_and(|c| matches!(c, '.' | ',' | '/' | ':' | '-'));
    logical_order(clusters.len(), true, left_to_right, joins)
        .into_iter()
        .flat_map(|i| clusters[i].1.iter().copied())
        .collect()
}

/// Letters with the marks on them, from left to right.
fn clusters<'a>(members: impl Iterator<Item = &'a Glyph>) -> Vec<(f32, Vec<char>)> {
    let (marks, mut letters): (Vec<&Glyph>, Vec<&Glyph>) = members.partition(|g| scripts::is_combining(g.ch));
    letters.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    let mut clusters: Vec<(f32, Vec<char>)> = letters.iter().map(|g| (f32::midpoint(g.x0, g.x1), vec![g.ch])).collect();
    for mark in marks {
        let middle = f32::midpoint(mark.x0, mark.x1);
        let at = clusters.partition_point(|c| c.0 < middle);
        let left = at
            .checked_sub(1)
            .filter(|l| clusters.get(at).is_none_or(|right| middle - clusters[*l].0 < right.0 - middle));
        match clusters.get_mut(left.unwrap_or(at)) {
            Some(cluster) => cluster.1.push(mark.ch),
            None => clusters.push((middle, vec![mark.ch])),
        }
    }
    clusters
}

/// The direction of a word's letters; `None` if it has no letter with a direction.
pub(super) fn direction(word: &str) -> Option<Direction> {
    let mut found = None;
    for c in word.chars() {
        if scripts::is_rtl(c) {
            return Some(Direction::RightToLeft);
        }
        if c.is_alphabetic() {
            found = Some(Direction::LeftToRight);
        } else if c.is_numeric() && found.is_none() {
            found = Some(Direction::Number);
        }
    }
    found
}

/// Direction of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Latin, Greek, Chinese and most others.
    LeftToRight,
    /// Arabic, Hebrew and their like.
    RightToLeft,
    /// Digits: left to right, but they do not set the direction of a line.
    Number,
}

/// The words of a line, given from left to right, in reading order: positions into `words`.
pub(super) fn line_order<S: AsRef<str>>(words: &[S]) -> Vec<usize> {
    let directions: Vec<_> = words.iter().map(|w| direction(w.as_ref())).collect();
    let count = |d| directions.iter().filter(|x| **x == Some(d)).count();
    let rtl = count(Direction::RightToLeft);
    if rtl == 0 {
        return (0..words.len()).collect();
    }
    if rtl >= count(Direction::LeftToRight) {
        let ltr = |i: usize| matches!(directions[i], Some(Direction::LeftToRight | Direction::Number));
        logical_order(words.len(), true, ltr, |_| false)
    } else {
        logical_order(
            words.len(),
            false,
            |i| directions[i] == Some(Direction::RightToLeft),
            |i| directions[i].is_none(),
        )
    }
}

/// Turns positions from left to right into reading order. `inner` items run against the base direction; a `neutral` one
/// belongs to them if it is between two of them.
fn logical_order(
    len: usize,
    base_rtl: bool,
    inner: impl Fn(usize) -> bool,
    neutral: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    if base_rtl {
        order.reverse();
    }
    let mut start = 0;
    while start < len {
        if !inner(order[start]) {
            start += 1;
            continue;
        }
        let mut end = start + 1;
        let mut probe = end;
        while probe < len && (inner(order[probe]) || neutral(order[probe])) {
            probe += 1;
            if inner(order[probe - 1]) {
                end = probe;
            }
        }
        order[start..end].reverse();
        start = end;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_reading_order() {
        for (visual, expected) in [
            (vec!["one", "two"], "one two"),
            (vec!["ג", "ב", "א"], "א ב ג"),
            (vec!["ג", "2015", "ב", "א"], "א ב 2015 ג"),
            (vec!["ב", "word", "two", "א", "ד"], "ד א word two ב"),
            (vec!["see", "ב", "א", "there", "again"], "see א ב there again"),
        ] {
            let read: Vec<_> = line_order(&visual).into_iter().map(|i| visual[i]).collect();
            assert_eq!(read.join(" "), expected);
        }
    }
}
