//! How much of the documents has been read, counted from finished windows.

use std::collections::BTreeMap;

use super::windows::WindowEncodings;
use crate::prompt::{Source, Window};
use crate::protocol::ReadSoFar;

/// How much has been read of what these windows hold. A page counts as read once all windows with its text are finished,
/// or, if it has no text, all windows with its pictures.
pub(in crate::worker) fn coverage(encodings: &WindowEncodings) -> ReadSoFar {
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

/// Whether all windows with a page's text, and all with its pictures, are finished; `None` if there are none.
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

/// Pages of which a window holds text (`true`) or pictures (`false`). Lines around a figure do not count as text, because
/// they are also part of a text window.
fn places(window: &Window) -> impl Iterator<Item = ((u32, u32), bool)> + '_ {
    let shows_figures = !window.images.is_empty();
    window.spans.iter().filter_map(move |span| match span.source {
        Source::Line { document, page, .. } if !shows_figures => Some(((document, page), true)),
        Source::Figure { document, page, .. } => Some(((document, page), false)),
        _ => None,
    })
}
