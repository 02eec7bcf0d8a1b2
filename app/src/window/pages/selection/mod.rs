//! Selected text: a range between two text positions in reading order, across lines and pages.

use std::ops::{Range, RangeInclusive};

use eframe::egui::Pos2;
use engine::document::geometry::Rect;
use engine::document::page::{Line, Page, Word};

/// A text position, between two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Caret {
    /// Counted from 1.
    pub page: u32,
    /// Index of the line on the page.
    pub line: usize,
    /// Byte offset in the text of the line.
    pub byte: usize,
}

/// A range of positions.
type Between = (Caret, Caret);

/// A selection, from its anchor to its end, in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The anchor: a position, a word or a line, which stays selected.
    began: Between,
    /// The end.
    drawn_to: Between,
}

/// The unit that a selection grows by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A letter.
    Letter,
    /// A word.
    Word,
    /// A line.
    Line,
}

impl Selection {
    /// Selects the unit at a point of a page (in points); `None` without text.
    pub(crate) fn at(page: &Page, at: Pos2, unit: Unit) -> Option<Self> {
        let between = between_at(page, at, unit)?;
        Some(Self { began: between, drawn_to: between })
    }

    /// Selects all text of a page; `None` without text.
    pub(crate) fn of_page(page: &Page) -> Option<Self> {
        let last = page.lines.len().checked_sub(1)?;
        let began = Caret { page: page.number, line: 0, byte: 0 };
        let end = Caret { page: page.number, line: last, byte: page.lines.get(last)?.text.len() };
        Some(Self { began: (began, began), drawn_to: (end, end) })
    }

    /// The same selection with another end.
    pub(crate) fn drawn_to(&self, page: &Page, at: Pos2, unit: Unit) -> Option<Self> {
        Some(Self { began: self.began, drawn_to: between_at(page, at, unit)? })
    }

    fn start(&self) -> Caret {
        self.began.0.min(self.drawn_to.0)
    }

    fn end(&self) -> Caret {
        self.began.1.max(self.drawn_to.1)
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.start() == self.end()
    }

    /// The pages it touches, counted from 1.
    pub(crate) fn pages(&self) -> RangeInclusive<u32> {
        self.start().page..=self.end().page
    }

    /// Whether it touches a page.
    pub(crate) fn covers(&self, page: u32) -> bool {
        self.pages().contains(&page)
    }

    /// The selected byte range of a line; `None` if nothing of it is selected.
    pub(crate) fn part_of(&self, page: u32, line: usize, text: &str) -> Option<Range<usize>> {
        let (start, end) = (self.start(), self.end());
        let at = (page, line);
        if at < (start.page, start.line) || at > (end.page, end.line) {
            return None;
        }
        let from = if at == (start.page, start.line) { start.byte } else { 0 };
        let to = if at == (end.page, end.line) { end.byte } else { text.len() };
        (from < to).then_some(from..to)
    }

    /// Boxes over the selected words of a page.
    pub(crate) fn boxes(&self, page: &Page) -> Vec<Rect> {
        if !self.covers(page.number) {
            return Vec::new();
        }
        let mut boxes = Vec::new();
        for (at, line) in page.lines.iter().enumerate() {
            if let Some(part) = self.part_of(page.number, at, &line.text) {
                boxes.extend(boxes_of(line, &part));
            }
        }
        boxes
    }
}

/// Whether a point of a page (in points) is on text.
pub(crate) fn is_on_text(page: &Page, at: Pos2) -> bool {
    page.lines.iter().any(|line| distance(&line.bbox, at) <= 0.0)
}

/// Whether a drag from a point selects text; a drag over a picture does not.
pub(crate) fn can_begin(page: &Page, at: Pos2) -> bool {
    let is_picture = page.figures.iter().any(|figure| distance(&figure.bbox, at) <= 0.0);
    !is_picture || is_on_text(page, at)
}

fn between_at(page: &Page, at: Pos2, unit: Unit) -> Option<Between> {
    let index = nearest(page.lines.iter().map(|line| &line.bbox), at)?;
    let line = page.lines.get(index)?;
    let caret = |byte| Caret { page: page.number, line: index, byte };
    let place = nearest(line.words.iter().map(|word| &word.bbox), at).and_then(|word| line.words.get(word));
    let Some(word) = place else { return Some((caret(0), caret(line.text.len()))) };
    let range = match unit {
        Unit::Letter => {
            let byte = letter_at(line, word, at);
            byte..byte
        }
        Unit::Word => core_of(line, word),
        Unit::Line => 0..line.text.len(),
    };
    Some((caret(range.start), caret(range.end)))
}

/// Distance of a point from a box; 0 inside. Vertical distance counts more, so that a drag past the end of a short line
/// still selects that line.
fn distance(bbox: &Rect, at: Pos2) -> f32 {
    let x = (bbox.left - at.x).max(at.x - bbox.right).max(0.0);
    let y = (bbox.top - at.y).max(at.y - bbox.bottom).max(0.0);
    x.hypot(2.0 * y)
}

fn nearest<'a>(boxes: impl Iterator<Item = &'a Rect>, at: Pos2) -> Option<usize> {
    let far = boxes.map(|bbox| distance(bbox, at)).enumerate();
    far.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(index, _)| index)
}

fn text_of<'a>(line: &'a Line, word: &Word) -> &'a str {
    line.text.get(word.start as usize..word.end as usize).unwrap_or_default()
}

/// Direction of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Right,
    Left,
    Down,
    Up,
}

fn direction(line: &Line, word: &Word) -> Direction {
    /// Words taller than this, relative to their width, run along the edge of a page.
    const UPRIGHT: f32 = 1.5;
    let text = text_of(line, word);
    let is_upright = word.bbox.height() > UPRIGHT * word.bbox.width() && text.chars().nth(1).is_some();
    let ends = line.words.first().zip(line.words.last());
    match ends {
        Some((first, last)) if is_upright && first.bbox.center_y() < last.bbox.center_y() => Direction::Down,
        _ if is_upright => Direction::Up,
        _ if text.chars().any(is_written_leftwards) => Direction::Left,
        _ => Direction::Right,
    }
}

/// Right-to-left scripts: Hebrew, Arabic and related ones.
fn is_written_leftwards(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

/// The position in a word nearest to a point, assuming letters of equal width.
fn letter_at(line: &Line, word: &Word, at: Pos2) -> usize {
    let text = text_of(line, word);
    let bbox = &word.bbox;
    let (width, height) = (bbox.width().max(f32::EPSILON), bbox.height().max(f32::EPSILON));
    let along = match direction(line, word) {
        Direction::Right => (at.x - bbox.left) / width,
        Direction::Left => (bbox.right - at.x) / width,
        Direction::Down => (at.y - bbox.top) / height,
        Direction::Up => (bbox.bottom - at.y) / height,
    };
    let letters = text.chars().count();
    let before = (along.clamp(0.0, 1.0) * letters as f32).round() as usize;
    word.start as usize + text.char_indices().nth(before).map_or(text.len(), |(byte, _)| byte)
}

/// A word without surrounding punctuation: "(receipts)," is selected as "receipts". Without letters it stays whole.
fn core_of(line: &Line, word: &Word) -> Range<usize> {
    let text = text_of(line, word);
    let is_part = |letter: char| letter.is_alphanumeric() || "%‰$€£¥+-−".contains(letter);
    let start = text.find(is_part).unwrap_or(0);
    let end = text.char_indices().rfind(|(_, letter)| is_part(*letter));
    let end = end.map_or(text.len(), |(byte, letter)| byte + letter.len_utf8());
    word.start as usize + start..word.start as usize + end
}

/// Boxes over part of a line; adjacent words share one.
fn boxes_of(line: &Line, part: &Range<usize>) -> Vec<Rect> {
    let mut boxes: Vec<Rect> = Vec::new();
    for word in &line.words {
        let Some(piece) = piece_of(line, word, part) else { continue };
        // Spaces between words look selected, gaps between columns do not.
        match boxes.last_mut().filter(|last| are_beside(last, &piece)) {
            Some(last) => *last = last.union(&piece),
            None => boxes.push(piece),
        }
    }
    boxes
}

fn are_beside(one: &Rect, other: &Rect) -> bool {
    let height = one.height().max(other.height());
    let apart = (other.left - one.right).max(one.left - other.right);
    apart <= height && (one.center_y() - other.center_y()).abs() <= height / 2.0
}

/// The part of a word's box over the selected letters.
fn piece_of(line: &Line, word: &Word, part: &Range<usize>) -> Option<Rect> {
    let (start, end) = (word.start as usize, word.end as usize);
    let (from, to) = (part.start.max(start), part.end.min(end));
    if from >= to {
        return None;
    }
    let letters = |range: Range<usize>| line.text.get(range).map_or(0, |text| text.chars().count()) as f32;
    let whole = letters(start..end).max(1.0);
    let (from, to) = (letters(start..from) / whole, letters(start..to) / whole);
    let Rect { left, top, right, bottom } = word.bbox;
    let (width, height) = (word.bbox.width(), word.bbox.height());
    Some(match direction(line, word) {
        Direction::Right => Rect::new(left + from * width, top, left + to * width, bottom),
        Direction::Left => Rect::new(right - to * width, top, right - from * width, bottom),
        Direction::Down => Rect::new(left, top + from * height, right, top + to * height),
        Direction::Up => Rect::new(left, bottom - to * height, right, bottom - from * height),
    })
}

#[cfg(test)]
mod tests;
