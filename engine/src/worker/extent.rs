//! How much of documents has been read, counted from the windows that are done.

use std::collections::BTreeMap;

use super::encodings::Encodings;
use crate::document::page::Document;
use crate::prompt::{Source, Window};
use crate::protocol::ReadSoFar;

/// How much has been read of what these windows hold. A page is read when all windows with text of it are done; one
/// without text when all windows with pictures of it are.
pub(super) fn extent(encodings: &Encodings) -> ReadSoFar {
    let is_finished = |at: usize| encodings.is_finished(at);
    let mut pages: BTreeMap<(u32, u32), PageParts> = BTreeMap::new();
    for (at, window) in encodings.windows.iter().enumerate() {
        for (place, is_text) in places(window) {
            let page = pages.entry(place).or_default();
            let part = if is_text { &mut page.text } else { &mut page.pictures };
            *part = Some(part.unwrap_or(true) && is_finished(at));
        }
    }
    let waiting: Vec<(u32, u32)> = pages.iter().filter(|(_, page)| !page.is_read()).map(|(place, _)| *place).collect();
    let figures = |finished_only: bool| -> usize {
        let windows = encodings.windows.iter().enumerate();
        windows.filter(|(at, _)| !finished_only || is_finished(*at)).map(|(_, window)| window.images.len()).sum()
    };
    let finished = (0..encodings.windows.len()).filter(|at| is_finished(*at)).count();
    ReadSoFar {
        windows: (finished as u32, encodings.windows.len() as u32),
        pages: ((pages.len() - waiting.len()) as u32, pages.len() as u32),
        figures: (figures(true) as u32, figures(false) as u32),
        waiting,
    }
}

/// The extent of documents that are read without an encoder: all of their pages.
pub(super) fn all_pages(documents: &[Document]) -> ReadSoFar {
    let pages = documents.iter().map(|document| document.pages.len() as u32).sum();
    ReadSoFar { pages: (pages, pages), ..ReadSoFar::default() }
}

/// Whether the windows with a page's text, and those with its pictures, are done; `None` where there are none.
#[derive(Clone, Copy, Default)]
struct PageParts {
    text: Option<bool>,
    pictures: Option<bool>,
}

impl PageParts {
    fn is_read(self) -> bool {
        self.text.or(self.pictures).unwrap_or(true)
    }
}

/// Pages that a window holds text (`true`) or pictures (`false`) of. The lines around a figure are no text of their own:
/// they stand in a window of text as well.
fn places(window: &Window) -> impl Iterator<Item = ((u32, u32), bool)> + '_ {
    let shows_figures = !window.images.is_empty();
    window.spans.iter().filter_map(move |span| match span.source {
        Source::Line { document, page, .. } if !shows_figures => Some(((document, page), true)),
        Source::Figure { document, page, .. } => Some(((document, page), false)),
        _ => None,
    })
}
