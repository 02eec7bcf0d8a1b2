//! A part of documents as windows: what was laid out for the whole is taken as it is, and nothing outside is in any of them.

use engine::document::geometry::Rect;
use engine::document::page::{Document, Figure, FigureKind, Page};
use engine::prompt::{Source, Window, WindowOptions, left_out, plan_scope, plan_windows, still_left_out};
use engine::protocol::{Part, Place};

use crate::prompt::{OPTIONS, body, document, small, text_of};

const SMALL: WindowOptions = WindowOptions { window_tokens: 512, ..OPTIONS };

/// A page of lines one below the other, ten points each, from the top of the page.
fn sheet(number: u32, lines: u32) -> Page {
    let texts: Vec<String> =
        (0..lines).map(|row| format!("Row {row} of page {number} counts {}", number * row)).collect();
    let mut page = body(number, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    for (row, line) in (0..).zip(&mut page.lines) {
        line.bbox = Rect::new(50.0, row as f32 * 10.0, 300.0, row as f32 * 10.0 + 10.0);
    }
    page
}

fn figure(bbox: Rect, lines: &[u32]) -> Figure {
    Figure { bbox, kind: FigureKind::Vector, caption: None, lines: lines.to_vec() }
}

/// Pages of a report, of which the twentieth is longer than a window and the third has two figures.
fn report() -> Document {
    let mut pages: Vec<Page> = (1..=40).map(|number| sheet(number, if number == 20 { 60 } else { 5 })).collect();
    pages[2].figures =
        vec![figure(Rect::new(50.0, 0.0, 300.0, 20.0), &[0, 1]), figure(Rect::new(50.0, 300.0, 300.0, 400.0), &[])];
    document(pages)
}

fn pages(first: u32, last: u32) -> Part {
    Part::Pages { document: 0, first, last }
}

fn plan(scope: &[Part]) -> (Vec<Window>, Vec<Window>, Document) {
    let whole = plan_windows(&[&report()], small(), &SMALL).unwrap();
    let mut narrowed = [report()];
    let part = plan_scope(&mut narrowed, small(), &SMALL, scope).unwrap();
    let [narrowed] = narrowed;
    (whole, part, narrowed)
}

/// Pages of which lines stand in windows, each as often as it stands in one.
fn lines(windows: &[Window]) -> Vec<(u32, u32)> {
    let line = |source: &Source| match *source {
        Source::Line { page, line, .. } => Some((page, line)),
        _ => None,
    };
    let text = windows.iter().filter(|window| window.images.is_empty());
    let mut lines: Vec<_> = text.flat_map(|window| &window.spans).filter_map(|span| line(&span.source)).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn pages_are_there_once_and_whole_windows_are_reused() {
    for (first, last) in [(1, 40), (5, 5), (3, 17), (20, 20), (19, 22), (12, 40), (21, 21)] {
        let (whole, part, narrowed) = plan(&[pages(first, last)]);
        let expected: Vec<(u32, u32)> = (first..=last)
            .flat_map(|page| (0..if page == 20 { 60 } else { 5 }).map(move |line| (page, line)))
            .collect();
        assert_eq!(lines(&part), expected, "{first} to {last}");
        assert!(part.iter().all(|window| window.ids.len() <= 512));
        assert_eq!(narrowed.pages.len() as u32, last - first + 1);
        let is_inside = |window: &&Window| window.pages().iter().all(|(_, page)| (first..=last).contains(page));
        // The long page shares its last window with what follows; alone it is laid out anew.
        let shares = [(20, 20), (21, 21), (12, 40)].contains(&(first, last)) || last == 22;
        let reused = whole.iter().filter(is_inside).filter(|window| part.contains(window)).count();
        assert!(shares || reused == whole.iter().filter(is_inside).count(), "{first} to {last}: {reused}");
    }
    let (whole, part, _) = plan(&[pages(1, 40)]);
    assert_eq!(part, whole, "all pages are the whole");
}

#[test]
fn a_region_holds_what_lies_mostly_in_it_and_is_a_picture_itself() {
    let region = |bbox| Part::Region(Place { document: 0, page: 3, bbox });
    // Rows two to four, of the fourth but a little.
    let (_, part, narrowed) = plan(&[region(Rect::new(0.0, 18.0, 400.0, 42.0))]);
    assert_eq!(lines(&part), [(3, 2), (3, 3)]);
    assert_eq!(part.iter().filter(|window| !window.images.is_empty()).count(), 1, "the region");
    assert_eq!(narrowed.pages[0].figures[0].bbox, Rect::new(0.0, 18.0, 400.0, 42.0));
    for window in &part {
        assert!(!text_of(window).contains("Row 0 of page 3"), "{}", text_of(window));
    }
    // Drawn around a figure it is that figure.
    let (_, part, narrowed) = plan(&[region(Rect::new(48.0, 298.0, 302.0, 402.0))]);
    assert_eq!((lines(&part).len(), narrowed.pages[0].figures.len()), (0, 1));
    assert_eq!(part.iter().filter(|window| !window.images.is_empty()).count(), 1);
}

#[test]
fn a_figure_that_is_left_out_takes_the_text_inside_it_along_unless_it_is_meant() {
    let place = Place { document: 0, page: 3, bbox: Rect::new(51.0, 1.0, 299.0, 20.0) };
    let out = left_out(&[report()], &[place]);
    let expected = [
        Source::Figure { document: 0, page: 3, figure: 0 },
        Source::Line { document: 0, page: 3, line: 0 },
        Source::Line { document: 0, page: 3, line: 1 },
    ];
    assert!(out.len() == 3 && expected.iter().all(|source| out.contains(source)), "{out:?}");
    let windows = plan_windows(&[&report()], small(), &SMALL).unwrap();
    let shown: Vec<u32> =
        windows.iter().filter(|window| window.shows_one_of(&out)).map(|window| window.images[0].figure).collect();
    assert_eq!(shown, [0]);
    assert_eq!(still_left_out(&[place], &[pages(3, 3)]), [place]);
    assert_eq!(still_left_out(&[place], &[Part::Region(place)]), []);
}
