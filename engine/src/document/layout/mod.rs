//! Turns the characters of a page into lines in reading order: pure functions that never fail.
//!
//! The steps, each in a file of its own and each knowing only those before it:
//!
//! 1. [`glyphs`]: characters cleaned and put into the frame they are written in ([`frame`]);
//! 2. [`words`]: characters into words, along the text stream;
//! 3. [`reading_order`]: the page cut along its gutters ([`gutters`]) into regions without columns, in reading order;
//! 4. [`rows`]: words on one baseline;
//! 5. [`tables`]: rows whose [`cells`] line up in [`columns`] ([`table_rows`]);
//! 6. [`blocks`]: paragraphs and headings from the other rows;
//! 7. [`compose`]: lines with text, words and boxes on the page, right-to-left text in reading order ([`bidi`]);
//! 8. [`hyphen`]: words broken at a line's end; [`footnotes`] moved after the text;
//! 9. [`furniture`]: running headers and footers, found by comparing pages.
//!
//! Nothing here knows of PDFium, figures or tokens. All work is linear in the number of characters, except for sorting
//! and a grid of bounded size. Characters beyond the page's edge are ignored; all others come out exactly once, except
//! for overprinted duplicates and dot leaders.

mod bidi;
mod blocks;
mod cells;
mod columns;
mod compose;
mod footnotes;
mod frame;
mod furniture;
mod glyphs;
mod gutters;
mod hyphen;
mod reading_order;
mod rows;
mod scripts;
mod table_rows;
mod tables;
mod words;

pub use furniture::mark_furniture;

use super::geometry::Rect;
use super::page::{Line, LineRole};
use super::page_clock::{PageClock, Stopped};
use super::raw::{RawObjectKind, RawPage};
use blocks::BodyStyle;
use compose::Composer;
use footnotes::Block;
use frame::Frame;
use glyphs::FrameGlyphs;
use tables::Part;

/// The lines of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageLayout {
    /// Lines in reading order, blocks numbered from 0.
    pub lines: Vec<Line>,
}

/// Lays out one page. Boxes lie inside the page, word and cell ranges on the text of their line.
///
/// Roles are [`LineRole::Body`], [`LineRole::Heading`] and [`LineRole::TableRow`]; headers and footers need several
/// pages ([`mark_furniture`]), figures and captions are found elsewhere.
pub fn layout_page(raw: &RawPage) -> PageLayout {
    // A clock that never runs out stops nothing.
    layout_page_within(raw, &PageClock::unlimited()).unwrap_or_default()
}

/// The same under a time limit.
///
/// # Errors
/// Fails if the clock ran out.
pub fn layout_page_within(raw: &RawPage, clock: &PageClock) -> Result<PageLayout, Stopped> {
    let bounds = glyphs::page_bounds(raw);
    let frames = glyphs::collect(raw, &bounds, clock);
    let mut lines = Vec::new();
    let mut soft = Vec::new();
    for (number, block) in (0..).zip(frames.iter().flat_map(|f| frame_blocks(f, raw, bounds, clock))) {
        for (mut line, ends_soft) in block.lines {
            line.block = number;
            lines.push(line);
            soft.push(ends_soft);
        }
    }
    hyphen::mark(&mut lines, &soft);
    clock.finished(PageLayout { lines })
}

/// The blocks of the text of one direction, in reading order.
fn frame_blocks(f: &FrameGlyphs, raw: &RawPage, bounds: Rect, clock: &PageClock) -> Vec<Block> {
    let glyphs = f.glyphs.as_slice();
    let pieces = words::pieces(glyphs);
    let body = BodyStyle {
        em: reading_order::usual_em(pieces.iter()),
        bold: glyphs.iter().filter(|g| g.bold).count() * 2 > glyphs.len(),
    };
    let rulings = upright_rulings(raw, f.frame);
    let composer = Composer { glyphs, frame: f.frame, bounds };
    let contents = |p: &words::Piece| reading_order::contents(&bidi::word_text(&p.glyphs, glyphs));
    let mut out = Vec::new();
    for region in reading_order::regions(pieces, contents, clock) {
        for part in tables::parts(rows::rows(region, glyphs, clock), &rulings, glyphs, clock) {
            match part {
                Part::Table(rows) => out.extend(table_block(&rows, &composer)),
                Part::Text(rows) => {
                    out.extend(
                        blocks::blocks(rows, body, glyphs).iter().filter_map(|b| text_block(b, body, &composer)),
                    );
                }
            }
        }
    }
    footnotes::after_text(out)
}

fn table_block(rows: &[tables::TableRow], composer: &Composer<'_>) -> Option<Block> {
    let rect = rows.iter().map(table_rows::rect).reduce(|a, b| a.union(&b))?;
    let lines: Vec<_> = rows.iter().filter_map(|r| composer.table_line(r)).map(|l| (l, false)).collect();
    (!lines.is_empty()).then_some(Block { lines, rect, footnote: false })
}

fn text_block(block: &blocks::TextBlock, body: BodyStyle, composer: &Composer<'_>) -> Option<Block> {
    let rect = block.rows.iter().map(|r| r.rect).reduce(|a, b| a.union(&b))?;
    let mut lines = Vec::new();
    for row in &block.rows {
        let last = row.pieces.last().and_then(|p| p.glyphs.last());
        let soft = last.is_some_and(|i| composer.glyphs[*i as usize].soft);
        if let Some(mut line) = composer.text_line(row) {
            line.role = if block.heading { LineRole::Heading } else { LineRole::Body };
            lines.push((line, soft));
        }
    }
    let footnote = block.em <= 0.92 * body.em && lines.first().is_some_and(|(l, _)| footnotes::opens(&l.text));
    (!lines.is_empty()).then_some(Block { lines, rect, footnote })
}

/// Vertical lines (thin strokes and areas) in the frame, sorted by x.
fn upright_rulings(raw: &RawPage, frame: Frame) -> Vec<Rect> {
    const MAX_OBJECTS: usize = 20_000;
    const MAX_WIDTH_PT: f32 = 2.5;
    const MIN_HEIGHT_PT: f32 = 5.0;
    if !frame.is_upright() {
        return Vec::new();
    }
    let mut rulings: Vec<Rect> = raw
        .objects
        .iter()
        .take(MAX_OBJECTS)
        .filter(|o| matches!(o.kind, RawObjectKind::Path { .. }) && o.bbox.is_finite())
        .map(|o| frame.rect(&o.bbox))
        .filter(|r| r.width() <= MAX_WIDTH_PT && r.height() >= MIN_HEIGHT_PT)
        .collect();
    rulings.sort_by(|a, b| a.right.total_cmp(&b.right));
    rulings
}
