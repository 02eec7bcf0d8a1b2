//! Splits a row into cells: where the space between words is wider than a blank, or at dot leaders or rulings.

use super::bidi;
use super::glyphs::Glyph;
use super::rows::Row;
use super::scripts;
use super::words::Piece;
use crate::document::geometry::Rect;

/// Space between two words that makes them two cells, in font sizes.
const CELL_GAP_EM: f32 = 0.9;
/// The same between two numbers, which prose never puts side by side.
const NUMBER_GAP_EM: f32 = 0.36;

/// Words of one row that belong together.
#[derive(Clone, Debug)]
pub(super) struct RowCell {
    pub(super) pieces: Vec<Piece>,
    pub(super) rect: Rect,
    /// Reads as a number.
    pub(super) number: bool,
    /// Letters and digits in it.
    pub(super) words: usize,
    /// Dot leaders run up to it.
    pub(super) led_to: bool,
}

impl RowCell {
    pub(super) fn new(pieces: Vec<Piece>, led_to: bool, glyphs: &[Glyph]) -> Option<Self> {
        let rect = pieces.iter().map(|p| p.rect).reduce(|a, b| a.union(&b))?;
        let texts: Vec<String> = pieces.iter().map(|p| bidi::word_text(&p.glyphs, glyphs)).collect();
        let numbers = texts.iter().filter(|t| scripts::is_number(t)).count();
        let letters: usize = texts.iter().map(|t| t.chars().filter(|c| c.is_alphabetic()).count()).sum();
        Some(Self { rect, number: numbers > 0 && letters < 4, words: pieces.len(), led_to, pieces })
    }

    /// The text of a cell of one word.
    fn only_word(&self, glyphs: &[Glyph]) -> Option<String> {
        match self.pieces.as_slice() {
            [only] => Some(bidi::word_text(&only.glyphs, glyphs)),
            _ => None,
        }
    }

    fn take_in(&mut self, next: Self) {
        self.rect = self.rect.union(&next.rect);
        self.number |= next.number;
        self.words += next.words;
        self.pieces.extend(next.pieces);
    }
}

/// The cells of a row from left to right. `rulings` are upright lines, sorted by x.
pub(super) fn cells(row: &Row, rulings: &[Rect], glyphs: &[Glyph]) -> Vec<RowCell> {
    let mut groups: Vec<(Vec<Piece>, bool)> = Vec::new();
    let mut leader = false;
    let mut before: Option<(Rect, bool)> = None;
    for piece in &row.pieces {
        if piece.leader {
            leader = true;
            continue;
        }
        let number = scripts::is_number(&bidi::word_text(&piece.glyphs, glyphs));
        let parted = leader
            || before.is_none_or(|(rect, was_number)| {
                let gap = piece.rect.left - rect.right;
                gap > CELL_GAP_EM * piece.em
                    || (number && was_number && gap > NUMBER_GAP_EM * piece.em)
                    || (gap > 0.15 * piece.em && ruled(rulings, rect.right, piece.rect.left, row.base - 0.3 * row.em))
            });
        match groups.last_mut() {
            Some((pieces, _)) if !parted => pieces.push(piece.clone()),
            _ => groups.push((vec![piece.clone()], leader)),
        }
        leader = false;
        before = Some((piece.rect, number));
    }
    joined(groups.into_iter().filter_map(|(pieces, led)| RowCell::new(pieces, led, glyphs)).collect(), row.em, glyphs)
}

/// Whether a vertical line crosses height `y` between two positions.
fn ruled(rulings: &[Rect], from: f32, to: f32, y: f32) -> bool {
    let start = rulings.partition_point(|r| r.right < from - 0.5);
    rulings[start..].iter().take_while(|r| r.left <= to + 0.5).take(64).any(|r| r.top <= y && y <= r.bottom)
}

/// Attaches list markers, currency signs and footnote marks to the words that they belong to.
fn joined(cells: Vec<RowCell>, em: f32, glyphs: &[Glyph]) -> Vec<RowCell> {
    let mut out: Vec<RowCell> = Vec::with_capacity(cells.len());
    for cell in cells {
        let first = out.len() == 1;
        let Some(last) = out.last_mut() else {
            out.push(cell);
            continue;
        };
        let opener = last.only_word(glyphs).is_some_and(|w| {
            let currency = matches!(w.as_str(), "$" | "\u{20ac}" | "\u{a3}" | "\u{a5}" | "(" | "$(" | "US$");
            let mark = w.chars().count() == 1 && w.chars().all(char::is_lowercase);
            let near = cell.rect.left - last.rect.right < 1.5 * em;
            (currency && cell.number) || (mark && near && cell.number) || (first && near_list_mark(&w, last, &cell, em))
        });
        let closer = cell.only_word(glyphs).is_some_and(|w| {
            let sign = matches!(w.as_str(), "%" | ")" | "r" | "p" | "e");
            sign && last.number && cell.rect.left - last.rect.right < 1.5 * em
        });
        if opener || closer {
            last.take_in(cell);
        } else {
            out.push(cell);
        }
    }
    out
}

fn near_list_mark(word: &str, mark: &RowCell, next: &RowCell, em: f32) -> bool {
    scripts::is_list_mark(word) && next.rect.left - mark.rect.right < 4.0 * em && !next.number
}
