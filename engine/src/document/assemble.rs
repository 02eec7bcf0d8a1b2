//! Turns PDFium's data of a page into a page of lines and figures.

use super::figures::find_figures_within;
use super::geometry::Rect;
use super::layout::{layout_page_within, mark_furniture};
use super::page::{Figure, FigureKind, Line, Page, PageContent};
use super::page_clock::{PageClock, Stopped};
use super::raw::{RawChar, RawObject, RawObjectKind, RawPage};
use crate::cancel::Cancelled;
use crate::diagnostic::Diagnostic;

/// Share of a page that an image must cover to count as a picture of the page.
const SCAN_COVERS: f32 = 0.85;

/// A shorter text layer, in characters, is a stamp on a scan rather than the text of the page.
const STAMP_CHARS: usize = 50;

/// Assembles page `number` (from 1). `start_clock` is called for its lines and again for its figures. Without time for
/// its lines a page fails; without time for its figures it keeps its lines.
pub(super) fn assemble_page(
    number: u32,
    label: Option<String>,
    raw: RawPage,
    start_clock: &mut dyn FnMut() -> PageClock,
) -> Result<(Page, Vec<Diagnostic>), Cancelled> {
    let mut warnings = Vec::new();
    if raw.truncated {
        warnings.push(Diagnostic::on_page(number, "the page is too large, its end was not read"));
    }
    let content = classify(&raw);
    let mut lines = if has_text(&raw) {
        match layout_page_within(&raw, &start_clock()) {
            Ok(layout) => layout.lines,
            Err(Stopped::Cancelled) => return Err(Cancelled),
            Err(Stopped::Late) => {
                let why = "its text takes too long to lay out".to_owned();
                let size_pt = (raw.width_pt, raw.height_pt);
                warnings.push(Diagnostic::on_page(number, format!("the page could not be read: {why}")));
                return Ok((failed_page(number, label, size_pt, why), warnings));
            }
        }
    } else {
        Vec::new()
    };
    let figures = match content {
        PageContent::Scan => vec![whole_page(&raw, &lines)],
        PageContent::Text => match find_figures_within(&raw, &mut lines, &start_clock()) {
            Ok(figures) => figures,
            Err(Stopped::Cancelled) => return Err(Cancelled),
            Err(Stopped::Late) => {
                let message = "the page has too many drawings, its figures were not looked for";
                warnings.push(Diagnostic::on_page(number, message));
                Vec::new()
            }
        },
        _ => Vec::new(),
    };
    let page = Page {
        number,
        label,
        width_pt: raw.width_pt,
        height_pt: raw.height_pt,
        content,
        lines,
        figures,
        links: raw.links,
    };
    Ok((page, warnings))
}

/// A page that could not be read.
pub(super) fn failed_page(number: u32, label: Option<String>, (width_pt, height_pt): (f32, f32), why: String) -> Page {
    Page {
        number,
        label,
        width_pt,
        height_pt,
        content: PageContent::Failed(why),
        lines: Vec::new(),
        figures: Vec::new(),
        links: Vec::new(),
    }
}

/// Final steps that need all pages.
pub(super) fn finish(pages: &mut [Page]) {
    mark_furniture(pages);
}

/// Classifies a page's content.
fn classify(raw: &RawPage) -> PageContent {
    let page = Rect::new(0.0, 0.0, raw.width_pt, raw.height_pt);
    if has_text(raw) {
        let stamped = raw.chars.iter().filter(|c| is_readable(c)).count() < STAMP_CHARS;
        return if stamped && images_cover(raw, &page) >= SCAN_COVERS { PageContent::Scan } else { PageContent::Text };
    }
    let inked = raw.chars.iter().any(|c| !c.generated && !c.invisible && !c.unicode.is_whitespace());
    if inked || raw.objects.iter().any(|object| is_visible(object, &page)) {
        PageContent::Scan
    } else {
        PageContent::Blank
    }
}

/// Whether there is a text layer that can be trusted: most of its characters are known ones.
fn has_text(raw: &RawPage) -> bool {
    let counted = || raw.chars.iter().filter(|c| !c.generated && !c.unicode.is_whitespace());
    let readable = counted().filter(|c| is_readable(c)).count();
    readable > 0 && readable * 2 > counted().count()
}

fn is_readable(c: &RawChar) -> bool {
    let private = matches!(c.unicode, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}');
    !c.generated
        && !private
        && !c.unicode.is_whitespace()
        && !c.unicode.is_control()
        && c.unicode != char::REPLACEMENT_CHARACTER
}

/// Share of the page under images, at most 1. Scans are often cut into strips, so areas add up.
fn images_cover(raw: &RawPage, page: &Rect) -> f32 {
    let images = raw.objects.iter().filter(|object| matches!(object.kind, RawObjectKind::Image { .. }));
    let covered: f32 = images.map(|object| object.bbox.intersection(page).area()).sum();
    if page.area() > 0.0 { (covered / page.area()).min(1.0) } else { 0.0 }
}

/// Whether an object is visible: not nearly white, not transparent, and thicker than a hairline.
fn is_visible(object: &RawObject, page: &Rect) -> bool {
    let shows = |[r, g, b, alpha]: [u8; 4]| alpha > 0 && r.min(g).min(b) < 250;
    let inked = match object.kind {
        RawObjectKind::Path { stroked, filled, fill_rgba, stroke_rgba, .. } => {
            stroked && shows(stroke_rgba) || filled && shows(fill_rgba)
        }
        RawObjectKind::Shading | RawObjectKind::Image { .. } => true,
    };
    inked && object.bbox.intersection(page).area() > 0.0
}

fn whole_page(raw: &RawPage, lines: &[Line]) -> Figure {
    Figure {
        bbox: Rect::new(0.0, 0.0, raw.width_pt, raw.height_pt),
        kind: FigureKind::Scan,
        caption: None,
        lines: (0..lines.len() as u32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cancel::CancelToken;

    fn page(text: &str, objects: Vec<RawObject>) -> RawPage {
        let place = Rect::new(10.0, 10.0, 20.0, 20.0);
        let chars = text.chars().map(|unicode| RawChar {
            unicode,
            loose: place,
            tight: place,
            origin_x: 10.0,
            origin_y: 20.0,
            angle_deg: 0.0,
            font_size_pt: 10.0,
            font: 0,
            generated: false,
            hyphen: false,
            invisible: false,
        });
        RawPage { width_pt: 100.0, height_pt: 100.0, chars: chars.collect(), objects, ..RawPage::default() }
    }

    fn image(bottom: f32) -> RawObject {
        let kind = RawObjectKind::Image { width_px: 1000, height_px: 1000 };
        RawObject { kind, bbox: Rect::new(0.0, bottom - 50.0, 100.0, bottom), form: 0 }
    }

    fn area(colour: [u8; 4]) -> RawObject {
        let kind = RawObjectKind::Path {
            stroked: false,
            filled: true,
            fill_rgba: colour,
            stroke_rgba: [0; 4],
            segments: 5,
            curved: false,
        };
        RawObject { kind, bbox: Rect::new(0.0, 0.0, 100.0, 100.0), form: 0 }
    }

    /// The page assembled with these times for its lines and its figures, in seconds.
    fn assembled(raw: RawPage, secs: [u64; 2], cancel: &CancelToken) -> Result<(Page, Vec<Diagnostic>), Cancelled> {
        let mut secs = secs.into_iter();
        let mut clock = || PageClock::start(Duration::from_secs(secs.next().expect("two steps")), cancel);
        assemble_page(3, None, raw, &mut clock)
    }

    #[test]
    fn a_page_that_takes_too_long_keeps_what_there_was_time_for() {
        let never = CancelToken::default();
        let raw = || page("words", vec![area([9, 9, 9, 255])]);
        let (whole, warnings) = assembled(raw(), [60, 60], &never).expect("not cancelled");
        assert_eq!((whole.content, whole.lines.len(), warnings.len()), (PageContent::Text, 1, 0));
        let (lines, warnings) = assembled(raw(), [60, 0], &never).expect("not cancelled");
        assert_eq!((lines.content, lines.lines.len(), lines.figures.len()), (PageContent::Text, 1, 0));
        assert!(warnings[0].to_string().starts_with("page 3: the page has too many drawings"), "{warnings:?}");
        let (nothing, warnings) = assembled(raw(), [0, 60], &never).expect("not cancelled");
        assert!(matches!(&nothing.content, PageContent::Failed(why) if why.contains("too long")), "{nothing:?}");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }

    #[test]
    fn the_work_on_a_page_can_be_cancelled() {
        let cancel = CancelToken::default();
        cancel.cancel();
        assert!(assembled(page("words", Vec::new()), [60, 60], &cancel).is_err());
    }

    #[test]
    fn pages_are_told_apart() {
        let strips = || vec![image(50.0), image(100.0)];
        let long = "Net revenue rose by a tenth, and costs fell by a twentieth of what they were.";
        for (what, raw, expected) in [
            ("nothing at all", page("", vec![]), PageContent::Blank),
            ("blanks only", page(" \r\n", vec![]), PageContent::Blank),
            ("a white background", page("", vec![area([255; 4])]), PageContent::Blank),
            ("text", page("a", vec![]), PageContent::Text),
            ("a scan in strips", page("", strips()), PageContent::Scan),
            ("a scan with a stamp", page("page 1", strips()), PageContent::Scan),
            ("text over a picture", page(long, strips()), PageContent::Text),
            ("text that no font explains", page("\u{fffd}\u{fffd}\u{e001}a", vec![]), PageContent::Scan),
            ("a drawing", page("", vec![area([9, 9, 9, 255])]), PageContent::Scan),
        ] {
            assert_eq!(classify(&raw), expected, "{what}");
        }
    }
}
