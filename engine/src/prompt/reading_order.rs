//! The order in which windows are read: text before figures, and what a question needs first.

use std::collections::HashMap;

use crate::document::page::Document;

use super::passages::fitting_places;
use super::traced::Source;
use super::windows::Window;

/// What to read before the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Priorities {
    /// The question waiting for an answer.
    pub question: Option<String>,
    /// Documents and pages that the user wants read before everything else, most wanted first.
    pub pages: Vec<(u32, u32)>,
}

/// Indices of `windows` in the order in which to read them.
///
/// Text comes before figures, which take far longer and whose captions are part of the text. With a question, a text
/// window ranks as its best passage, and a figure window as the best passage of the figure's page; what does not match
/// the question follows in document order. This order is only for reading: memory is always assembled in document
/// order. Pages that the user wants come before all others, with their text and figures.
pub fn reading_order(documents: &[&Document], windows: &[Window], priorities: &Priorities) -> Vec<usize> {
    let question = priorities.question.as_deref();
    let places = question.map(|question| fitting_places(documents, question)).unwrap_or_default();
    let mut of_lines: HashMap<(u32, u32, u32), f32> = HashMap::new();
    let mut of_pages: HashMap<(u32, u32), f32> = HashMap::new();
    for place in &places {
        let best = of_pages.entry((place.document, place.page)).or_default();
        *best = best.max(place.score);
        for &line in &place.lines {
            let best = of_lines.entry((place.document, place.page, line)).or_default();
            *best = best.max(place.score);
        }
    }
    let fit = |window: &Window| {
        let of_span = |source: Source| match source {
            Source::Line { document, page, line } => of_lines.get(&(document, page, line)),
            Source::Figure { document, page, .. } => of_pages.get(&(document, page)),
            Source::Marker { .. } | Source::Template => None,
        };
        window.spans.iter().filter_map(|span| of_span(span.source)).copied().fold(0.0, f32::max)
    };
    let fits: Vec<f32> = windows.iter().map(fit).collect();
    let wish = |window: &Window| {
        let of_page = |place: &(u32, u32)| priorities.pages.iter().position(|wanted| wanted == place);
        window.pages().iter().filter_map(of_page).min().unwrap_or(usize::MAX)
    };
    let wishes: Vec<usize> = windows.iter().map(wish).collect();
    let mut order: Vec<usize> = (0..windows.len()).collect();
    let shows_figures = |at: usize| !windows[at].images.is_empty();
    // The sort is stable: equals stay in document order.
    order.sort_by(|&a, &b| {
        let by_wish = wishes[a].cmp(&wishes[b]);
        by_wish.then(shows_figures(a).cmp(&shows_figures(b))).then(fits[b].total_cmp(&fits[a]))
    });
    order
}
