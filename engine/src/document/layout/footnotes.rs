//! Footnotes of a column are read after the neighbouring columns, not before.

use crate::document::geometry::Rect;
use crate::document::page::Line;

/// A block of lines in a frame, before it is placed on the page.
pub(super) struct Block {
    /// Lines, and whether each ends in a hyphen that can only break a word.
    pub(super) lines: Vec<(Line, bool)>,
    /// Its position in its frame.
    pub(super) rect: Rect,
    /// Set smaller than the body and starting with a mark.
    pub(super) footnote: bool,
}

/// Whether a text begins as footnotes do: a small number, a star, a dagger.
pub(super) fn opens(text: &str) -> bool {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let marked = text.starts_with(['*', '\u{2020}', '\u{2021}', '\u{a7}', '\u{b9}', '\u{b2}', '\u{b3}']);
    marked || ((1..=3).contains(&digits) && text.chars().nth(digits).is_some_and(|c| !matches!(c, '.' | ',' | '%')))
}

/// Moves footnotes that are followed by blocks higher up on the page after the last of these.
pub(super) fn after_text(blocks: Vec<Block>) -> Vec<Block> {
    // The smallest lower edge of the text from each block on. It only rises towards the end, so it can be searched.
    let mut highest: Vec<f32> = blocks.iter().map(|b| if b.footnote { f32::INFINITY } else { b.rect.bottom }).collect();
    for i in (1..highest.len()).rev() {
        highest[i - 1] = highest[i - 1].min(highest[i]);
    }
    let last_higher = |from: usize, top: f32| {
        let last = highest.partition_point(|bottom| *bottom <= top).checked_sub(1);
        last.filter(|last| *last > from)
    };
    let mut places: Vec<(usize, usize)> = Vec::with_capacity(blocks.len());
    for (i, block) in blocks.iter().enumerate() {
        let target = if block.footnote { last_higher(i, block.rect.top) } else { None };
        places.push((target.unwrap_or(i), i));
    }
    let mut slots: Vec<Option<Block>> = blocks.into_iter().map(Some).collect();
    places.sort_by_key(|(after, own)| (*after, *own != *after, *own));
    places.into_iter().filter_map(|(_, i)| slots[i].take()).collect()
}
