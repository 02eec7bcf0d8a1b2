//! Columns and reading order.
//!
//! Plain XY-cut (Nagy and Seth 1984) cuts at any white stripe and so splits tables and fails on titles. Here the page
//! is only cut along *gutters*: the tall empty rectangles of Breuel's "Two Geometric Algorithms for Layout Analysis"
//! (2002). The best gutter that separates text (not the columns of a table) splits its surroundings into the parts
//! above, left, right and below, and each part is examined again; so full-width titles and tables between columns, side
//! bars and three columns need no rules of their own. The order in the file's text stream is evidence, never the order
//! itself.

use super::gutters::{self, Gutter};
use super::scripts;
use super::words::Piece;
use crate::document::geometry::Rect;
use crate::document::page_clock::PageClock;

/// Deepest nesting of columns; real pages need four or five.
const MAX_DEPTH: usize = 14;

/// Parts of the page without columns, in reading order.
pub(super) fn regions(
    pieces: Vec<Piece>,
    glyphs_are: impl Fn(&Piece) -> Contents,
    clock: &PageClock,
) -> Vec<Vec<Piece>> {
    let mut texts: Vec<(Piece, Contents)> = pieces
        .into_iter()
        .map(|p| {
            let c = glyphs_are(&p);
            (p, c)
        })
        .collect();
    texts.sort_by(|a, b| a.0.base.total_cmp(&b.0.base));
    let (pieces, contents): (Vec<_>, Vec<_>) = texts.into_iter().unzip();
    let mut out = Vec::new();
    split((0..pieces.len()).collect(), &Words { pieces: &pieces, contents: &contents, clock }, 0, &mut out);
    let mut pieces: Vec<Option<Piece>> = pieces.into_iter().map(Some).collect();
    out.into_iter().map(|r| r.into_iter().filter_map(|i| pieces[i].take()).collect()).collect()
}

/// What matters about a word for columns.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Contents {
    /// Letters, wide ones counted twice.
    pub(super) letters: u32,
    /// Takes the place of a number.
    pub(super) number: bool,
}

/// The usual font size, weighted by the number of characters.
pub(super) fn usual_em<'a>(pieces: impl Iterator<Item = &'a Piece>) -> f32 {
    let mut sizes: Vec<(f32, usize)> = pieces.map(|p| (p.em, p.glyphs.len())).collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = sizes.iter().map(|(_, n)| n).sum::<usize>() / 2;
    let mut seen = 0;
    for (em, n) in sizes {
        seen += n;
        if seen > half {
            return em.max(0.5);
        }
    }
    10.0
}

/// The words of a page, and the time to sort them.
struct Words<'a> {
    pieces: &'a [Piece],
    contents: &'a [Contents],
    clock: &'a PageClock,
}

fn split(members: Vec<usize>, words: &Words<'_>, depth: usize, out: &mut Vec<Vec<usize>>) {
    if members.is_empty() {
        return;
    }
    let Some(cut) = best_cut(&members, words, depth) else {
        out.push(members);
        return;
    };
    for part in cut {
        split(part, words, depth + 1, out);
    }
}

/// Above, left, right and below of the best gutter; `None` if there is none.
fn best_cut(members: &[usize], words: &Words<'_>, depth: usize) -> Option<[Vec<usize>; 4]> {
    let (pieces, contents) = (words.pieces, words.contents);
    if depth >= MAX_DEPTH || members.len() < 8 || words.clock.is_over() {
        return None;
    }
    let inside: Vec<Piece> = members.iter().map(|i| pieces[*i].clone()).collect();
    let em = usual_em(inside.iter());
    gutters::find(&inside, em).into_iter().find_map(|g| {
        let parts = parts(members, pieces, &g, em)?;
        let (left, right) = (Side::new(&parts[1], pieces, contents), Side::new(&parts[2], pieces, contents));
        parts_text(&left, &right, em).then_some(parts)
    })
}

/// The four parts around a gutter, its ends moved to where the columns really begin and end.
fn parts(members: &[usize], pieces: &[Piece], gutter: &Gutter, em: f32) -> Option<[Vec<usize>; 4]> {
    let middle = gutter.rect.center_x();
    let (top, bottom) = trimmed(members, pieces, &gutter.rect, middle, em);
    let mut parts: [Vec<usize>; 4] = Default::default();
    for &i in members {
        let (r, y) = (&pieces[i].rect, pieces[i].base - 0.3 * pieces[i].em);
        let part = match () {
            () if y < top => 0,
            () if y > bottom => 3,
            () if r.center_x() < middle => 1,
            () => 2,
        };
        parts[part].push(i);
    }
    (!parts[1].is_empty() && !parts[2].is_empty()).then_some(parts)
}

/// A running header or footer on one side only, with white space between it and the columns, does not belong to them.
fn trimmed(members: &[usize], pieces: &[Piece], gutter: &Rect, middle: f32, em: f32) -> (f32, f32) {
    let body = |i: usize| (pieces[i].base - 0.6 * pieces[i].em, pieces[i].base);
    let within: Vec<usize> =
        members.iter().copied().filter(|i| body(*i).0 >= gutter.top - em && body(*i).1 <= gutter.bottom + em).collect();
    let mut bands: Vec<(f32, f32, bool, bool)> = Vec::new();
    for i in within {
        let (top, bottom) = body(i);
        let left = pieces[i].rect.center_x() < middle;
        match bands.last_mut() {
            Some(b) if top < b.1 + 0.9 * em => {
                b.1 = b.1.max(bottom);
                b.2 |= left;
                b.3 |= !left;
            }
            _ => bands.push((top, bottom, left, !left)),
        }
    }
    let low = |b: &(f32, f32, bool, bool)| !(b.2 && b.3) && b.1 - b.0 < 3.0 * em;
    let (mut top, mut bottom) = (gutter.top, gutter.bottom);
    if let [first, second, ..] = bands.as_slice()
        && low(first)
    {
        top = f32::midpoint(first.1, second.0);
    }
    if let [.., before, last] = bands.as_slice()
        && low(last)
        && bands.len() > 1
    {
        bottom = f32::midpoint(before.1, last.0);
    }
    (top, bottom)
}

/// One side of a gutter, line by line.
struct Side {
    /// Baselines from top to bottom.
    baselines: Vec<f32>,
    /// Share of lines that are running text.
    prose: f32,
    /// Share of lines with nothing but numbers.
    numbers: f32,
    /// Stream positions, ascending.
    orders: Vec<u32>,
}

impl Side {
    fn new(members: &[usize], pieces: &[Piece], contents: &[Contents]) -> Self {
        let width = members.iter().map(|i| pieces[*i].rect).reduce(|a, b| a.union(&b)).map_or(0.0, |r| r.width());
        let mut lines: Vec<(f32, f32, u32, u32, u32)> = Vec::new();
        for &i in members {
            let (p, c) = (&pieces[i], contents[i]);
            let words = u32::from(!p.leader);
            match lines.last_mut() {
                Some(l) if (p.base - l.0).abs() < 0.45 * p.em => {
                    l.1 += p.rect.width();
                    l.2 += c.letters;
                    l.3 += u32::from(c.number);
                    l.4 += words;
                }
                _ => lines.push((p.base, p.rect.width(), c.letters, u32::from(c.number), words)),
            }
        }
        let share = |n: usize| n as f32 / lines.len().max(1) as f32;
        let prose = lines.iter().filter(|l| l.1 > 0.55 * width && l.2 >= 18 && l.3 * 3 <= l.4.max(1)).count();
        let numbers = lines.iter().filter(|l| l.3 > 0 && l.3 * 2 >= l.4 && l.2 < 12).count();
        let mut orders: Vec<u32> = members.iter().map(|i| pieces[*i].order).collect();
        orders.sort_unstable();
        Self { prose: share(prose), numbers: share(numbers), baselines: lines.iter().map(|l| l.0).collect(), orders }
    }
}

/// Whether the gutter between two sides separates columns to be read one after the other.
fn parts_text(left: &Side, right: &Side, em: f32) -> bool {
    let rows = left.baselines.len().min(right.baselines.len());
    if rows < 3 {
        return false;
    }
    let aligned = aligned(&left.baselines, &right.baselines, 0.25 * em);
    let turns = turns(&left.orders, &right.orders) as f32 / rows as f32;
    if left.prose >= 0.45 && right.prose >= 0.45 {
        return true;
    }
    if left.numbers >= 0.4 || right.numbers >= 0.4 {
        return aligned < 0.5 && turns < 0.4;
    }
    if left.prose >= 0.45 || right.prose >= 0.45 {
        return turns < 0.5 && (aligned < 0.7 || rows >= 6);
    }
    rows >= 5 && turns < 0.35
}

/// Share of the lines of the shorter side that have a line at the same height on the other side.
fn aligned(a: &[f32], b: &[f32], tolerance: f32) -> f32 {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let found = short
        .iter()
        .filter(|y| {
            let at = long.partition_point(|v| *v < **y - tolerance);
            long.get(at).is_some_and(|v| *v <= **y + tolerance)
        })
        .count();
    found as f32 / short.len().max(1) as f32
}

/// How often the text stream changes sides.
fn turns(left: &[u32], right: &[u32]) -> usize {
    let (mut l, mut r, mut turns, mut side) = (0, 0, 0, None);
    while l < left.len() || r < right.len() {
        let take_left = match (left.get(l), right.get(r)) {
            (Some(a), Some(b)) => a < b,
            (a, _) => a.is_some(),
        };
        if side.is_some_and(|s| s != take_left) {
            turns += 1;
        }
        side = Some(take_left);
        if take_left {
            l += 1;
        } else {
            r += 1;
        }
    }
    turns
}

/// Classifies `text` for these decisions.
pub(super) fn contents(text: &str) -> Contents {
    let letters = text.chars().map(|c| if scripts::is_wide(c) { 2 } else { u32::from(c.is_alphabetic()) }).sum();
    Contents { letters, number: scripts::is_number(text) }
}
