//! Groups characters into words, along the text stream.
//!
//! The stream's order inside a word is kept (it knows about ligatures, accents and scripts, which geometry alone would
//! misjudge); the position of words in the line is decided by geometry alone, in [`super::rows`].

use super::glyphs::{Gap, Glyph};
use super::scripts;
use crate::document::geometry::Rect;

/// Distance, in font sizes, from which two characters with nothing between them in the stream belong to two words.
const WORD_GAP_EM: f32 = 0.17;
/// The same if PDFium guessed a blank.
const GUESSED_GAP_EM: f32 = 0.09;
/// The same between characters of scripts without spaces, which are spread to fill a line.
const WIDE_GAP_EM: f32 = 0.6;
/// Height of capitals and depth of descenders, in font sizes: the part of a line that text really covers.
const ASCENT_EM: f32 = 0.76;
const DESCENT_EM: f32 = 0.22;

/// A word, or a dot leader, in its frame.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Positions in the frame's glyphs, in reading order unless it is right to left.
    pub(super) glyphs: Vec<u32>,
    pub(super) rect: Rect,
    /// Baseline and size of its largest characters.
    pub(super) base: f32,
    pub(super) em: f32,
    pub(super) bold: bool,
    /// Position of its first character in the stream.
    pub(super) order: u32,
    /// A dot leader; has no text.
    pub(super) leader: bool,
    /// What the stream has before and after it.
    pub(super) before: Gap,
    pub(super) after: Gap,
}

impl Piece {
    fn new(index: u32, g: &Glyph) -> Self {
        Self {
            glyphs: vec![index],
            rect: glyph_rect(g),
            base: g.base,
            em: g.em,
            bold: g.bold,
            order: g.order,
            leader: g.leader,
            before: g.gap,
            after: Gap::None,
        }
    }

    fn push(&mut self, index: u32, g: &Glyph) {
        self.glyphs.push(index);
        self.rect = self.rect.union(&glyph_rect(g));
        if g.em > self.em * 1.02 {
            self.base = g.base;
            self.em = g.em;
            self.bold = g.bold;
        }
    }

    /// Appends a piece that follows on the line without a blank.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.glyphs.extend_from_slice(&other.glyphs);
        self.rect = self.rect.union(&other.rect);
        self.order = self.order.min(other.order);
        self.after = other.after;
        if other.em > self.em * 1.02 {
            (self.base, self.em, self.bold) = (other.base, other.em, other.bold);
        }
    }

    /// Whether `next`, the piece to the right, belongs to the same word.
    pub(super) fn runs_into(&self, next: &Self, glyphs: &[Glyph]) -> bool {
        // Right to left, the word on the right comes first in the stream.
        let (first, second) = if self.order <= next.order { (self, next) } else { (next, self) };
        let between = first.after.max(second.before);
        if self.leader || next.leader || between == Gap::Blank {
            return false;
        }
        let gap = next.rect.left - self.rect.right;
        let em = self.em.max(next.em);
        gap > -0.5 * em && gap < word_gap(self.last(glyphs), next.first(glyphs), between) * em
    }

    fn first(&self, glyphs: &[Glyph]) -> char {
        self.glyphs.first().map_or(' ', |i| glyphs[*i as usize].ch)
    }

    fn last(&self, glyphs: &[Glyph]) -> char {
        self.glyphs.last().map_or(' ', |i| glyphs[*i as usize].ch)
    }
}

fn glyph_rect(g: &Glyph) -> Rect {
    Rect { left: g.x0, top: g.base - ASCENT_EM * g.em, right: g.x1, bottom: g.base + DESCENT_EM * g.em }
}

fn word_gap(before: char, after: char, between: Gap) -> f32 {
    match between {
        _ if scripts::is_wide(before) || scripts::is_wide(after) => WIDE_GAP_EM,
        Gap::Guessed => GUESSED_GAP_EM,
        _ => WORD_GAP_EM,
    }
}

/// The words of a frame in the order of the stream.
pub(super) fn pieces(glyphs: &[Glyph]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    // Marks may be anywhere on their letter, so the next character is compared with the letter.
    let mut before: Option<&Glyph> = None;
    for (index, g) in glyphs.iter().enumerate() {
        let continues = before.zip(pieces.last()).is_some_and(|(b, piece)| continues(piece, b, g));
        match pieces.last_mut() {
            Some(piece) if continues => piece.push(index as u32, g),
            last => {
                if let Some(piece) = last {
                    piece.after = g.gap;
                }
                pieces.push(Piece::new(index as u32, g));
            }
        }
        if !scripts::is_combining(g.ch) || !continues {
            before = Some(g);
        }
    }
    pieces
}

/// Whether `g` continues the word that ends with `before`.
fn continues(piece: &Piece, before: &Glyph, g: &Glyph) -> bool {
    if g.leader != before.leader {
        return false;
    }
    let em = before.em.max(g.em);
    if g.leader {
        return (g.base - before.base).abs() < 0.3 * em && g.x0 >= before.x0 && g.x0 - before.x1 < 2.0 * em;
    }
    if g.gap == Gap::Blank {
        return false;
    }
    if scripts::is_combining(g.ch) {
        let reach = piece.rect.grown(0.5 * em);
        return reach.touches(&glyph_rect(g));
    }
    if (g.base - before.base).abs() > 0.55 * em || (g.base - piece.base).abs() > 0.6 * piece.em.max(g.em) {
        return false;
    }
    let limit = word_gap(before.ch, g.ch, g.gap);
    let ahead = g.x0 - before.x1;
    let forward = ahead < limit * em && (ahead > -0.35 * em || g.x0 >= before.x0 - 0.02 * em);
    let rtl = scripts::is_rtl(g.ch) || scripts::is_rtl(before.ch);
    let behind = before.x0 - g.x1;
    forward || (rtl && behind < limit * em && behind > -0.35 * em)
}
