//! Splits documents into windows of tokens, each encoded on its own.
//!
//! Text comes first: whole pages in order, in windows between half full and full. Then each figure (each part, for a
//! scan) gets a window of its own, with its caption and the text around it. A pure function: the same documents give
//! the same windows, and documents that differ in a page differ in few windows.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::document::figures::tiles;
use crate::document::page::{Document, Page};

use super::error::PromptError;
use super::figure_window::figure_window;
use super::page_text::{document_marker, page_marker, write_page};
use super::tokenizer::Tokenizer;
use super::traced::{Source, Span, TracedText, TracedTokens};

/// Room that every window needs for the marker and some text, in tokens.
pub(super) const LEAST_TEXT_TOKENS: usize = 256;

/// Layout options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowOptions {
    /// Most tokens of a window, `<bos>` included.
    pub window_tokens: usize,
    /// Whether figures get windows.
    pub figures: bool,
    /// Positions of an image (`mm_tokens_per_image`).
    pub image_tokens: usize,
}

/// A figure of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FigureRef {
    /// Index of the document, from 0.
    pub document: u32,
    /// Number of the page, from 1.
    pub page: u32,
    /// Index into the page's figures.
    pub figure: u32,
    /// Index of the part, if the figure is cut into parts ([`tiles`]).
    pub tile: u32,
}

/// The input of one pass of the encoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Token ids, `<bos>` first.
    pub ids: Vec<u32>,
    /// Where the tokens come from; every token is in exactly one span.
    pub spans: Vec<Span>,
    /// The figures whose pixels fill the image positions, in order.
    pub images: Vec<FigureRef>,
}

impl Window {
    pub(super) fn new(tokens: TracedTokens, images: Vec<FigureRef>) -> Self {
        Self { spans: tokens.spans(), ids: tokens.ids, images }
    }

    /// Documents and pages that the window contains a part of, ascending.
    pub fn pages(&self) -> Vec<(u32, u32)> {
        let mut pages: Vec<_> = self.spans.iter().filter_map(|span| span.source.page()).collect();
        pages.sort_unstable();
        pages.dedup();
        pages
    }

    /// Whether it contains the picture of one of these figures.
    pub fn shows_one_of(&self, sources: &BTreeSet<Source>) -> bool {
        self.images.iter().any(|image| {
            let (document, page, figure) = (image.document, image.page, image.figure);
            sources.contains(&Source::Figure { document, page, figure })
        })
    }
}

/// Lays out documents: the text of all of them, then the figures of all of them. Each document is laid out as if it
/// were alone, so that its encodings can be reused in any combination; several documents each start with a small window
/// that names them.
///
/// # Errors
/// [`PromptError::WindowTooSmall`] for windows that cannot hold a marker or a figure, [`PromptError::MissingToken`]
/// if figures are requested and the vocabulary has no image tokens, [`PromptError::Encode`] from the tokenizer.
pub fn plan_windows(
    documents: &[&Document],
    tokenizer: &Tokenizer,
    options: &WindowOptions,
) -> Result<Vec<Window>, PromptError> {
    check_size(options)?;
    let mut windows = Vec::new();
    for (index, document) in (0..).zip(documents) {
        if documents.len() > 1 {
            windows.extend(name_window(index, document, tokenizer)?);
        }
        text_windows(&mut windows, index, &document.pages, tokenizer, options.window_tokens)?;
    }
    for (index, document) in (0..).zip(documents) {
        for page in &document.pages {
            figure_windows(&mut windows, index, page, tokenizer, options)?;
        }
    }
    Ok(windows)
}

/// Rejects windows too small for what every window holds.
pub(super) fn check_size(options: &WindowOptions) -> Result<(), PromptError> {
    let least = LEAST_TEXT_TOKENS + if options.figures { options.image_tokens } else { 0 };
    if options.window_tokens < least {
        return Err(PromptError::WindowTooSmall { given: options.window_tokens, least });
    }
    Ok(())
}

/// The window that names a document; `None` for a document without pages.
pub(super) fn name_window(
    index: u32,
    document: &Document,
    tokenizer: &Tokenizer,
) -> Result<Option<Window>, PromptError> {
    let Some(page) = document.pages.first() else { return Ok(None) };
    let mut name = TracedText::default();
    name.push(&document_marker(document), Source::Marker { document: index, page: page.number });
    let mut tokens = begun(tokenizer);
    tokens.append_all(&name.encode(tokenizer)?);
    Ok(Some(Window::new(tokens, Vec::new())))
}

/// A window for each figure of a page, or for each part of it.
pub(super) fn figure_windows(
    windows: &mut Vec<Window>,
    index: u32,
    page: &Page,
    tokenizer: &Tokenizer,
    options: &WindowOptions,
) -> Result<(), PromptError> {
    if !options.figures {
        return Ok(());
    }
    for (at, figure) in (0..).zip(&page.figures) {
        for (tile, _) in (0..).zip(tiles((page.width_pt, page.height_pt), figure)) {
            let place = FigureRef { document: index, page: page.number, figure: at, tile };
            windows.push(figure_window(place, page, tokenizer, options)?);
        }
    }
    Ok(())
}

/// Fills windows with the pages of one document; documents never share a window, so that their encodings stay their
/// own.
///
/// The end of a window depends on the pages around that place alone: among the pages that would leave it at least half
/// full, the one with the smallest fingerprint begins the next window. So a page that grows or shrinks changes its own
/// window, and those after it usually stay the same; if the choice falls on another page, the windows match the old
/// ones again one or two windows later. Filling each window completely would shift all windows that follow, and each
/// would have to be encoded again.
pub(super) fn text_windows<'a>(
    windows: &mut Vec<Window>,
    index: u32,
    of_document: impl IntoIterator<Item = &'a Page>,
    tokenizer: &Tokenizer,
    window_tokens: usize,
) -> Result<(), PromptError> {
    let mut pages = Vec::new();
    for page in of_document {
        let mut text = TracedText::default();
        write_page(&mut text, index, page);
        pages.push((page, text.encode(tokenizer)?));
    }
    let mut open = OpenWindow::new(tokenizer, window_tokens);
    let mut rest = pages.as_slice();
    while let Some((page, tokens)) = rest.first() {
        let count = open.pages_to_take(rest);
        let (taken, left) = rest.split_at(count.max(1));
        if count > 0 {
            for (_, tokens) in taken {
                open.tokens.append_all(tokens);
            }
            if !left.is_empty() {
                open.close(windows);
            }
        } else {
            open.close(windows);
            if tokens.len() < window_tokens {
                continue;
            }
            split_page(windows, &mut open, index, page, tokens)?;
        }
        rest = left;
    }
    open.close(windows);
    Ok(())
}

/// A hash of the page's tokens that is the same on every machine: FNV-1a with a final mix (as in MurmurHash3).
fn fingerprint(tokens: &TracedTokens) -> u64 {
    let bytes = tokens.ids.iter().flat_map(|id| id.to_le_bytes());
    let folded =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (folded ^ (folded >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

/// Splits a page that does not fit into a window: at line ends, and inside a line only if the line alone is too long.
/// Each further part repeats the page's marker.
fn split_page(
    windows: &mut Vec<Window>,
    open: &mut OpenWindow,
    document: u32,
    page: &Page,
    tokens: &TracedTokens,
) -> Result<(), PromptError> {
    let mut marker = TracedText::default();
    marker.push(&format!("{}\n", page_marker(page)), Source::Marker { document, page: page.number });
    let marker = marker.encode(open.tokenizer)?;
    let mut start = 0;
    while start < tokens.len() {
        if start > 0 {
            open.close(windows);
            open.tokens.append_all(&marker);
        }
        let end = tokens.cut(start, open.room(), open.tokenizer);
        open.tokens.append(tokens, start..end);
        start = end;
    }
    Ok(())
}

/// The window being filled.
struct OpenWindow<'a> {
    tokenizer: &'a Tokenizer,
    window_tokens: usize,
    tokens: TracedTokens,
}

impl<'a> OpenWindow<'a> {
    fn new(tokenizer: &'a Tokenizer, window_tokens: usize) -> Self {
        Self { tokenizer, window_tokens, tokens: begun(tokenizer) }
    }

    fn room(&self) -> usize {
        self.window_tokens.saturating_sub(self.tokens.len())
    }

    /// How many of these pages, which are all that is left, go into the window; 0 if not even the first fits.
    fn pages_to_take(&self, pages: &[(&Page, TracedTokens)]) -> usize {
        let mut filled = self.tokens.len();
        let mut best: Option<(u64, usize)> = None;
        let mut count = 0;
        for (at, (_, tokens)) in pages.iter().enumerate() {
            if at > 0 && 2 * filled >= self.window_tokens {
                let choice = (fingerprint(tokens), at);
                best = Some(best.map_or(choice, |best| best.min(choice)));
            }
            filled += tokens.len();
            if filled > self.window_tokens {
                return best.map_or(count, |(_, at)| at);
            }
            count = at + 1;
        }
        count
    }

    /// Moves the window's content to `windows`, and begins a new one.
    fn close(&mut self, windows: &mut Vec<Window>) {
        let full = std::mem::replace(&mut self.tokens, begun(self.tokenizer));
        if full.len() > 1 {
            windows.push(Window::new(full, Vec::new()));
        }
    }
}

/// `<bos>` alone.
pub(super) fn begun(tokenizer: &Tokenizer) -> TracedTokens {
    let mut tokens = TracedTokens::default();
    tokens.push(tokenizer.special().bos, Source::Template);
    tokens
}
