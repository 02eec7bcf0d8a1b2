//! Paragraphs and headings: which rows of running text belong together.

use super::bidi;
use super::glyphs::Glyph;
use super::reading_order;
use super::rows::Row;
use super::scripts;

/// Rows of one paragraph or heading.
#[derive(Debug)]
pub(super) struct TextBlock {
    pub(super) rows: Vec<Row>,
    pub(super) heading: bool,
    /// Usual font size.
    pub(super) em: f32,
}

/// How body text looks on this page.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyStyle {
    pub(super) em: f32,
    pub(super) bold: bool,
}

/// The typographic properties of a row.
struct Look {
    em: f32,
    bold: bool,
}

fn look(row: &Row) -> Look {
    let shown = || row.pieces.iter().filter(|p| !p.leader);
    let all: usize = shown().map(|p| p.glyphs.len()).sum();
    let bold: usize = shown().filter(|p| p.bold).map(|p| p.glyphs.len()).sum();
    Look { em: reading_order::usual_em(shown()), bold: bold * 10 >= all * 8 && all > 0 }
}

/// Splits rows of running text, from top to bottom, into blocks.
pub(super) fn blocks(rows: Vec<Row>, body: BodyStyle, glyphs: &[Glyph]) -> Vec<TextBlock> {
    let looks: Vec<Look> = rows.iter().map(look).collect();
    let pitch = usual_pitch(&rows);
    let Some(bounds) = rows.iter().map(|r| r.rect).reduce(|a, b| a.union(&b)) else { return Vec::new() };
    let starts: Vec<bool> = (0..rows.len())
        .map(|i| {
            i == 0 || {
                let (above, row, below) = (&rows[i - 1], &rows[i], rows.get(i + 1));
                changes_look(&looks[i - 1], &looks[i])
                    || row.base - above.base > 1.25 * pitch.max(1.05 * row.em.max(above.em))
                    || opens_paragraph(above, row, below)
                    || ends_paragraph(above, bounds.right, bounds.width(), glyphs)
                    || opens_item(row, glyphs)
            }
        })
        .collect();
    let mut out: Vec<TextBlock> = Vec::new();
    for ((row, look), starts) in rows.into_iter().zip(looks).zip(starts) {
        match out.last_mut() {
            Some(block) if !starts => block.rows.push(row),
            _ => out.push(TextBlock { heading: looks_like_heading(&look, body), em: look.em, rows: vec![row] }),
        }
    }
    for block in &mut out {
        block.heading = is_heading(block, body, glyphs);
    }
    out
}

/// Usual distance of baselines: the lower median, because paragraph spacing only adds to it.
fn usual_pitch(rows: &[Row]) -> f32 {
    let mut pitches: Vec<f32> = rows
        .windows(2)
        .map(|w| (w[1].base - w[0].base, w[1].em.max(w[0].em)))
        .filter(|(pitch, em)| *pitch > 0.7 * em && *pitch < 2.6 * em)
        .map(|(pitch, _)| pitch)
        .collect();
    pitches.sort_by(f32::total_cmp);
    pitches.get(pitches.len() * 2 / 5).copied().unwrap_or(0.0)
}

fn changes_look(a: &Look, b: &Look) -> bool {
    a.bold != b.bold || (a.em - b.em).abs() > 0.12 * a.em.max(b.em)
}

fn opens_paragraph(above: &Row, row: &Row, below: Option<&Row>) -> bool {
    let inset = row.rect.left - above.rect.left;
    let returns = below.is_none_or(|b| b.rect.left < row.rect.left - 0.5 * row.em);
    inset > 0.8 * row.em && inset < 5.0 * row.em && returns && above.rect.right > row.rect.left + 5.0 * row.em
}

fn ends_paragraph(above: &Row, right: f32, width: f32, glyphs: &[Glyph]) -> bool {
    let short = above.rect.right < right - 0.25 * width;
    let last = above.pieces.last().and_then(|p| p.glyphs.last()).map(|i| glyphs[*i as usize].ch);
    short && last.is_some_and(|c| matches!(c, '.' | ':' | '!' | '?' | '\u{3002}'))
}

fn opens_item(row: &Row, glyphs: &[Glyph]) -> bool {
    row.pieces.len() > 1
        && row.pieces.first().is_some_and(|p| scripts::is_list_mark(&bidi::word_text(&p.glyphs, glyphs)))
}

fn looks_like_heading(look: &Look, body: BodyStyle) -> bool {
    look.em >= 1.15 * body.em || (look.bold && !body.bold && look.em >= 0.9 * body.em)
}

fn is_heading(block: &TextBlock, body: BodyStyle, glyphs: &[Glyph]) -> bool {
    const MAX_ROWS: usize = 4;
    const MAX_WORDS: usize = 30;
    let words: usize = block.rows.iter().map(|r| r.pieces.len()).sum();
    if block.rows.len() > MAX_ROWS || words > MAX_WORDS {
        return false;
    }
    let last = block.rows.last().and_then(|r| r.pieces.last()).and_then(|p| p.glyphs.last());
    let sentence = words > 6 && last.is_some_and(|i| glyphs[*i as usize].ch == '.');
    let letters: Vec<char> = block
        .rows
        .iter()
        .flat_map(|r| &r.pieces)
        .flat_map(|p| &p.glyphs)
        .map(|i| glyphs[*i as usize].ch)
        .filter(|c| c.is_alphabetic())
        .collect();
    let capitals = letters.len() >= 4 && letters.iter().all(|c| !c.is_lowercase()) && letters[0].is_uppercase();
    !sentence && letters.len() >= 2 && (block.heading || (capitals && words <= 12 && block.em >= 0.9 * body.em))
}
