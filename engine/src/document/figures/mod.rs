//! Finds the figures of a page: charts, diagrams, photographs and page scans, as regions with captions.
//!
//! Pure functions of PDFium's data of a page and of its lines. Sizes are relative to the page and its text, so that
//! slides and posters follow the same rules as letters. Nothing here knows of PDFium, pixels or tokens.

mod captions;
mod drawings;
mod pieces;
mod tiles;

use super::geometry::Rect;
use super::page::{Figure, FigureKind, Line, LineRole};
use super::page_clock::{PageClock, Stopped};
use super::raw::{RawObjectKind, RawPage};

pub use tiles::tiles;

/// Share of the page that an image has to cover to count as the page itself.
const PAGE_COVER: f32 = 0.75;
/// Visible characters that a page scan may have, such as a stamp or a page number.
const SCAN_CHARS: usize = 40;

/// Finds the figures of a page, top to bottom, and marks the lines in them and their captions.
///
/// Lines inside a figure become [`LineRole::FigureText`] (but those of a scanned page keep their roles), those of captions
/// [`LineRole::Caption`]; indices into `lines` are kept in the figures. Boxes lie inside the page.
pub fn find_figures(raw: &RawPage, lines: &mut [Line]) -> Vec<Figure> {
    // A clock that never runs out stops nothing.
    find_figures_within(raw, lines, &PageClock::unlimited()).unwrap_or_default()
}

/// The same under a time limit.
///
/// # Errors
/// Fails if the clock ran out; the lines are then as they were.
pub fn find_figures_within(raw: &RawPage, lines: &mut [Line], clock: &PageClock) -> Result<Vec<Figure>, Stopped> {
    let (width, height) = (raw.width_pt, raw.height_pt);
    if !(width.is_finite() && height.is_finite() && width > 0.0 && height > 0.0) {
        return Ok(Vec::new());
    }
    let page = Rect::new(0.0, 0.0, width, height);
    let mut figures = if is_scan(raw, &page) {
        vec![Figure { bbox: page, kind: FigureKind::Scan, caption: None, lines: Vec::new() }]
    } else {
        let mut found = rasters(raw, &page);
        found.extend(drawings::vectors(raw, lines, &page, &found, clock));
        // Labels that reach over the edge extend a box with them; what lies entirely outside is not a figure.
        for figure in &mut found {
            figure.bbox = figure.bbox.intersection(&page);
        }
        found.retain(|figure| figure.bbox.area() > 0.0);
        captions::attach(raw, lines, &page, &mut found, clock);
        found.retain(|figure| figure.kind == FigureKind::Raster || !clock.is_over() && is_told_of(figure, lines));
        found
    };
    figures.sort_by(|a, b| a.bbox.top.total_cmp(&b.bbox.top).then(a.bbox.left.total_cmp(&b.bbox.left)));
    let mut figures = clock.finished(figures)?;
    mark_lines(&mut figures, lines);
    Ok(figures)
}

/// A drawing without a caption and with hardly any text is an ornament or a logo.
fn is_told_of(figure: &Figure, lines: &[Line]) -> bool {
    figure.caption.is_some() || lines.iter().filter(|line| figure.bbox.holds_center_of(&line.bbox)).count() > 1
}

/// Whether the page is a single picture of a page.
fn is_scan(raw: &RawPage, page: &Rect) -> bool {
    let covered: f32 = raw
        .objects
        .iter()
        .filter(|object| matches!(object.kind, RawObjectKind::Image { .. }) && object.bbox.is_finite())
        .map(|object| object.bbox.intersection(page).area())
        .sum();
    let shown = raw.chars.iter().filter(|c| !c.invisible && !c.unicode.is_whitespace()).take(SCAN_CHARS + 1).count();
    covered >= PAGE_COVER * page.area() && shown <= SCAN_CHARS
}

/// Images large enough to look at; strips of one picture are merged.
fn rasters(raw: &RawPage, page: &Rect) -> Vec<Figure> {
    let side = page.width().min(page.height());
    let mut boxes: Vec<Rect> = Vec::new();
    for object in &raw.objects {
        let RawObjectKind::Image { width_px, height_px } = object.kind else { continue };
        if !object.bbox.is_finite() || width_px < 2 || height_px < 2 || boxes.len() >= 500 {
            continue;
        }
        let bbox = object.bbox.intersection(page);
        if bbox.area() <= 0.0 || bbox.area() > PAGE_COVER * page.area() && raw.chars.len() > SCAN_CHARS {
            continue;
        }
        match boxes.iter_mut().find(|other| continues(other, &bbox)) {
            Some(other) => *other = other.union(&bbox),
            None => boxes.push(bbox),
        }
    }
    boxes.retain(|b| {
        let (short, long) = (b.width().min(b.height()), b.width().max(b.height()));
        short >= 0.06 * side && long <= 12.0 * short && b.area() >= 0.006 * page.area()
    });
    let figure = |bbox| Figure { bbox, kind: FigureKind::Raster, caption: None, lines: Vec::new() };
    boxes.into_iter().map(figure).collect()
}

/// Whether `next` is another strip or an overlay of the same picture as `first`.
fn continues(first: &Rect, next: &Rect) -> bool {
    let shared = first.intersection(next).area();
    if shared > 0.5 * first.area().min(next.area()) {
        return true;
    }
    let same_columns = (first.left - next.left).abs() < 1.0 && (first.right - next.right).abs() < 1.0;
    let same_rows = (first.top - next.top).abs() < 1.0 && (first.bottom - next.bottom).abs() < 1.0;
    (same_columns || same_rows) && first.grown(0.5).touches(next)
}

/// Assigns roles to lines, and to figures the lines inside them.
fn mark_lines(figures: &mut [Figure], lines: &mut [Line]) {
    for figure in figures.iter() {
        for &index in figure.caption.iter().flat_map(|caption| &caption.lines) {
            if let Some(line) = lines.get_mut(index as usize) {
                line.role = LineRole::Caption;
            }
        }
    }
    for (index, line) in lines.iter_mut().enumerate().filter(|(_, line)| line.role != LineRole::Caption) {
        if let Some(figure) = figures.iter_mut().find(|figure| figure.bbox.holds_center_of(&line.bbox)) {
            // The text layer of a scan is the text of the page, not that of a drawing on it.
            if figure.kind != FigureKind::Scan {
                line.role = LineRole::FigureText;
            }
            figure.lines.push(index as u32);
        }
    }
}
