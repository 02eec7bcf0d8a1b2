//! The window of one figure: its page's marker, its image block, its caption, and the text around it.

use crate::document::page::{Figure, LineRole, Page};

use super::error::PromptError;
use super::page_text::{is_shown, page_marker, write_lines};
use super::tokenizer::Tokenizer;
use super::traced::{Source, TracedText};
use super::windows::{FigureRef, LEAST_TEXT_TOKENS, Window, WindowOptions, begun};

/// Most lines of running text that accompany a figure.
const NEIGHBOURS: usize = 8;

/// Lays out one figure.
///
/// The image block is the one that the model was trained with: a blank line, the start token, the image positions, the
/// end token, a blank line. The page marker precedes it without a line break of its own, which would merge with the
/// block's into another token.
pub(super) fn figure_window(
    place: FigureRef,
    page: &Page,
    tokenizer: &Tokenizer,
    options: &WindowOptions,
) -> Result<Window, PromptError> {
    let special = tokenizer.special();
    let boi = special.boi.ok_or(PromptError::MissingToken("<start_of_image>"))?;
    let eoi = special.eoi.ok_or(PromptError::MissingToken("<end_of_image>"))?;
    let image = special.image.ok_or(PromptError::MissingToken("<image_soft_token>"))?;
    let blank_line = tokenizer.encode_template("\n\n")?;

    let mut tokens = begun(tokenizer);
    let mut marker = TracedText::default();
    marker.push(&page_marker(page), Source::Marker { document: place.document, page: page.number });
    tokens.append_all(&marker.encode(tokenizer)?);

    let source = Source::Figure { document: place.document, page: page.number, figure: place.figure };
    for &id in &blank_line {
        tokens.push(id, source);
    }
    tokens.push(boi, source);
    (0..options.image_tokens).for_each(|_| tokens.push(image, source));
    tokens.push(eoi, source);
    for &id in &blank_line {
        tokens.push(id, source);
    }

    let context = match page.figures.get(place.figure as usize) {
        Some(figure) => context(place, page, figure).encode(tokenizer)?,
        None => return Ok(Window::new(tokens, vec![place])),
    };
    let room = options.window_tokens.saturating_sub(tokens.len()).min(LEAST_TEXT_TOKENS);
    tokens.append(&context, 0..context.cut(0, room, tokenizer));
    Ok(Window::new(tokens, vec![place]))
}

/// Caption, the text inside the figure, and the running text nearest to it, in this order.
fn context(place: FigureRef, page: &Page, figure: &Figure) -> TracedText {
    let caption_lines = figure.caption.as_ref().map(|caption| caption.lines.as_slice()).unwrap_or_default();
    let shown = |index: &&u32| page.lines.get(**index as usize).is_some_and(is_shown);
    let of_caption: Vec<u32> = caption_lines.iter().filter(shown).copied().collect();
    let inside: Vec<u32> = figure.lines.iter().filter(shown).copied().filter(|at| !of_caption.contains(at)).collect();
    let around = neighbours(page, figure, &of_caption);

    let mut text = TracedText::default();
    if let (true, Some(caption)) = (of_caption.is_empty(), &figure.caption) {
        let source = Source::Figure { document: place.document, page: page.number, figure: place.figure };
        text.push(caption.text.trim(), source);
    }
    for part in [of_caption, inside, around] {
        if !part.is_empty() && !text.is_empty() {
            text.extend_last("\n\n");
        }
        write_lines(&mut text, place.document, page, &part);
    }
    text
}

/// The lines of running text nearest above and below, in reading order.
fn neighbours(page: &Page, figure: &Figure, caption: &[u32]) -> Vec<u32> {
    let mut nearest: Vec<(f32, u32)> = (0..)
        .zip(&page.lines)
        .filter(|(index, line)| {
            let running = matches!(line.role, LineRole::Body | LineRole::Heading) && is_shown(line);
            running && !caption.contains(index) && !figure.lines.contains(index)
        })
        .map(|(index, line)| {
            let above = figure.bbox.top - line.bbox.bottom;
            let below = line.bbox.top - figure.bbox.bottom;
            (above.max(below).max(0.0), index)
        })
        .collect();
    nearest.sort_by(|a, b| a.0.total_cmp(&b.0));
    nearest.truncate(NEIGHBOURS);
    let mut lines: Vec<u32> = nearest.into_iter().map(|(_, index)| index).collect();
    lines.sort_unstable();
    lines
}
