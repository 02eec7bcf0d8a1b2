//! The parts of documents that a question is about: pages and regions, without figures that were left out.
//!
//! The model does not see what is outside. To reuse encodings of whole documents, a window that lies inside completely
//! is taken as it is; only pages at the edges are laid out again, in windows of their own ([`plan_scope`]). Pages and
//! lines keep their numbers, so that evidence points to the same places.

use std::collections::BTreeSet;

use crate::document::geometry::Rect;
use crate::document::page::{Document, DocumentKind, Figure, FigureKind, Page};
use crate::protocol::{Part, Place};

use super::error::PromptError;
use super::tokenizer::Tokenizer;
use super::traced::Source;
use super::windows::{Window, WindowOptions, check_size, figure_windows, name_window, text_windows};

/// Share of a line or figure that must lie in a region for it to count as inside.
const MOSTLY: f32 = 0.5;

/// How much of a page a question is about.
#[derive(Clone, Debug, PartialEq)]
enum Inside {
    Whole,
    Regions(Vec<Rect>),
    Nothing,
}

fn inside(scope: &[Part], document: u32, page: u32) -> Inside {
    let mut regions = Vec::new();
    for part in scope {
        match *part {
            Part::Pages { document: of, first, last } if of == document && (first..=last).contains(&page) => {
                return Inside::Whole;
            }
            Part::Region(place) if (place.document, place.page) == (document, page) => regions.push(place.bbox),
            Part::Pages { .. } | Part::Region(_) => {}
        }
    }
    if regions.is_empty() { Inside::Nothing } else { Inside::Regions(regions) }
}

/// Removes what a question is not about from documents: pages are dropped, lines outside a region lose their text. With
/// `pictured` a region becomes a figure of its own, unless it was drawn around an existing one.
pub fn narrow(documents: &mut [Document], scope: &[Part], pictured: bool) {
    for (index, document) in (0..).zip(documents) {
        // A text file has no page image.
        let pictured = pictured && document.kind != DocumentKind::Text;
        document.pages.retain_mut(|page| match inside(scope, index, page.number) {
            Inside::Whole => true,
            Inside::Regions(regions) => {
                narrow_page(page, &regions, pictured);
                true
            }
            Inside::Nothing => false,
        });
    }
}

fn narrow_page(page: &mut Page, regions: &[Rect], pictured: bool) {
    let is_inside = |bbox: &Rect| regions.iter().any(|region| lies_in(bbox, region));
    for line in page.lines.iter_mut().filter(|line| !is_inside(&line.bbox)) {
        line.text.clear();
    }
    page.figures.retain(|figure| is_inside(&figure.bbox));
    if !pictured {
        return;
    }
    let sheet = Rect::new(0.0, 0.0, page.width_pt, page.height_pt);
    for region in regions {
        let bbox = region.intersection(&sheet);
        let is_there = |figure: &Figure| figure.bbox.is_about(&bbox);
        if bbox.area() > 0.0 && !page.figures.iter().any(is_there) {
            page.figures.push(Figure { bbox, kind: FigureKind::Raster, caption: None, lines: Vec::new() });
        }
    }
}

fn lies_in(bbox: &Rect, region: &Rect) -> bool {
    let area = bbox.area();
    if area > 0.0 { region.intersection(bbox).area() >= MOSTLY * area } else { region.holds_center_of(bbox) }
}

/// Those of the left-out places that stay left out for a question on `scope`: a region drawn around such a figure asks
/// for it.
pub fn still_left_out(places: &[Place], scope: &[Part]) -> Vec<Place> {
    let is_meant = |place: &Place| {
        scope.iter().any(|part| match part {
            Part::Region(region) => {
                (region.document, region.page) == (place.document, place.page) && region.bbox.is_about(&place.bbox)
            }
            Part::Pages { .. } => false,
        })
    };
    places.iter().filter(|place| !is_meant(place)).copied().collect()
}

/// The figures at these places, and the lines inside them.
pub fn left_out(documents: &[Document], places: &[Place]) -> BTreeSet<Source> {
    let mut out = BTreeSet::new();
    for place in places {
        let document = documents.get(place.document as usize);
        let page = document.and_then(|document| document.pages.iter().find(|page| page.number == place.page));
        for (at, figure) in (0..).zip(page.map_or(&[][..], |page| &page.figures)) {
            if figure.bbox.is_about(&place.bbox) {
                let (document, page) = (place.document, place.page);
                out.insert(Source::Figure { document, page, figure: at });
                out.extend(figure.lines.iter().map(|&line| Source::Line { document, page, line }));
            }
        }
    }
    out
}

/// Clears the text of lines that were left out.
pub fn silence(documents: &mut [Document], left_out: &BTreeSet<Source>) {
    for (document, page, line) in left_out.iter().filter_map(|source| match *source {
        Source::Line { document, page, line } => Some((document, page, line)),
        _ => None,
    }) {
        let of_document = documents.get_mut(document as usize);
        let page = of_document.and_then(|document| document.pages.iter_mut().find(|of| of.number == page));
        if let Some(line) = page.and_then(|page| page.lines.get_mut(line as usize)) {
            line.text.clear();
        }
    }
}

/// Lays out what a question is about, and removes the rest from `documents` ([`narrow`]). A window of the whole
/// documents that lies inside completely stays as it is; pages that are only partly inside, and those that share a
/// window with pages outside, get windows of their own.
///
/// # Errors
/// As [`plan_windows`](super::plan_windows).
pub fn plan_scope(
    documents: &mut [Document],
    tokenizer: &Tokenizer,
    options: &WindowOptions,
    scope: &[Part],
) -> Result<Vec<Window>, PromptError> {
    check_size(options)?;
    let mut whole = Vec::new();
    for (index, document) in (0..).zip(documents.iter()) {
        text_windows(&mut whole, index, &document.pages, tokenizer, options.window_tokens)?;
    }
    narrow(documents, scope, options.figures);
    let apart = apart(&whole, scope);
    let several = documents.iter().filter(|document| !document.pages.is_empty()).count() > 1;
    let mut windows = Vec::new();
    for (index, document) in (0..).zip(documents.iter()) {
        if several {
            windows.extend(name_window(index, document, tokenizer)?);
        }
        let mut done = BTreeSet::new();
        for window in whole.iter().filter(|window| window.pages().first().is_some_and(|(of, _)| *of == index)) {
            let pages = window.pages();
            if pages.iter().all(|place| is_whole(scope, *place) && !apart.contains(place)) {
                windows.push(window.clone());
                continue;
            }
            let is_next = |page: &&Page| {
                let place = (index, page.number);
                apart.contains(&place) && pages.contains(&place) && done.insert(place)
            };
            let next: Vec<&Page> = document.pages.iter().filter(is_next).collect();
            text_windows(&mut windows, index, next, tokenizer, options.window_tokens)?;
        }
    }
    for (index, document) in (0..).zip(documents.iter()) {
        for page in &document.pages {
            figure_windows(&mut windows, index, page, tokenizer, options)?;
        }
    }
    Ok(windows)
}

fn is_whole(scope: &[Part], (document, page): (u32, u32)) -> bool {
    inside(scope, document, page) == Inside::Whole
}

/// Pages inside that get windows of their own: those only partly inside, and those that share a window with a page that
/// is not completely inside. A page may be in several windows, so the search repeats until nothing changes.
fn apart(windows: &[Window], scope: &[Part]) -> BTreeSet<(u32, u32)> {
    let mut apart = BTreeSet::new();
    loop {
        let before = apart.len();
        for window in windows {
            let pages = window.pages();
            if pages.iter().any(|place| !is_whole(scope, *place) || apart.contains(place)) {
                apart.extend(pages.into_iter().filter(|&(of, page)| inside(scope, of, page) != Inside::Nothing));
            }
        }
        if apart.len() == before {
            return apart;
        }
    }
}
