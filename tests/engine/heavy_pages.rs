//! Pages with very much on them: the work grows with the page, not with its square, and can be stopped.

use std::time::{Duration, Instant};

use engine::cancel::CancelToken;
use engine::document::figures::{find_figures, find_figures_within};
use engine::document::geometry::Rect;
use engine::document::layout::{layout_page, layout_page_within};
use engine::document::page::{Line, LineRole};
use engine::document::page_clock::{PageClock, Stopped};
use engine::document::raw::{RawObject, RawObjectKind, RawPage};

use crate::layout::build::Builder;

/// Objects and pieces of text on a page.
const MANY: usize = 20_000;

/// A bar.
fn bar(left: f32, top: f32, width: f32, height: f32) -> RawObject {
    let kind = RawObjectKind::Path {
        stroked: false,
        filled: true,
        fill_rgba: [200, 30, 30, 255],
        stroke_rgba: [0; 4],
        segments: 5,
        curved: false,
    };
    RawObject { kind, bbox: Rect::new(left, top, left + width, top + height), form: 0 }
}

fn curve(left: f32, top: f32, size: f32) -> RawObject {
    let ink = [200, 30, 30, 255];
    let kind = RawObjectKind::Path {
        stroked: true,
        filled: true,
        fill_rgba: ink,
        stroke_rgba: ink,
        segments: 9,
        curved: true,
    };
    RawObject { kind, ..bar(left, top, size, size) }
}

/// [`MANY`] words apart from each other.
fn words(em: f32, text: &str) -> Builder {
    let mut page = Builder::new();
    page.em = em;
    for i in 0..MANY {
        page.text(6.0 + 6.0 * (i % 100) as f32, 6.0 + 3.9 * (i / 100) as f32, text);
    }
    page
}

#[test]
fn time_grows_with_the_page_and_not_with_its_square() {
    let place = |i: usize| (6.0 + 6.0 * (i % 100) as f32, 4.0 + 3.9 * (i / 100) as f32);
    let mut beside = words(1.0, "12");
    beside.page.objects = (0..MANY).map(|i| bar(place(i).0 + 3.0, place(i).1, 4.5, 4.2)).collect();
    let mut heap = words(1.0, "ab");
    heap.page.objects = (0..MANY).map(|i| bar(300.0, 300.0, 4.5 + (i % 7) as f32 * 0.1, 4.5)).collect();
    let mut curves = words(1.0, "ab");
    curves.page.objects = (0..MANY).map(|i| curve(place(i % 199 * 100).0, place(i % 199 * 100).1, 40.0)).collect();
    let mut islands = words(0.8, "Figure 1");
    islands.page.objects = (0..MANY)
        .map(|i| curve(30.0 + 60.0 * (i % 10) as f32, 30.0 + 60.0 * (i / 10 % 12) as f32, 31.0 + (i % 3) as f32))
        .collect();
    for (what, page) in
        [("beside", beside.page), ("heap", heap.page), ("curves", curves.page), ("islands", islands.page)]
    {
        assert!(page.objects.len() == MANY && page.chars.len() >= MANY, "{what}");
        let start = Instant::now();
        let mut lines = layout_page(&page).lines;
        let laid_out = start.elapsed();
        let figures = find_figures(&page, &mut lines);
        println!("{what}: lines {laid_out:?}, all {:?}, {} figures", start.elapsed(), figures.len());
        assert!(start.elapsed() < Duration::from_secs(5), "{what}: {laid_out:?} and {:?}", start.elapsed());
    }
}

#[test]
fn text_pieces_and_objects_meet_without_a_search_of_all_pairs() {
    // Pieces and bars that touch without a hit, which no early end can shorten.
    let line = |i: usize| {
        let (x, y) = (6.0 + 0.03 * (i % 200) as f32 * 100.0, 6.0 + 7.0 * (i / 200) as f32);
        let bbox = Rect::new(x, y, x + 2.5, y + 5.0);
        Line {
            text: "word".to_owned(),
            bbox,
            block: 0,
            role: LineRole::Body,
            hyphenated: false,
            words: Vec::new(),
            cells: Vec::new(),
        }
    };
    let mut lines: Vec<Line> = (0..MANY).map(line).collect();
    let objects = lines.iter().map(|line| bar(line.bbox.right - 0.1, line.bbox.bottom - 0.1, 4.2, 4.4)).collect();
    let raw = RawPage { width_pt: 620.0, height_pt: 792.0, objects, ..RawPage::default() };
    let start = Instant::now();
    let figures = find_figures(&raw, &mut lines);
    println!("{:?}, {} figures", start.elapsed(), figures.len());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn footnotes_are_moved_in_little_time() {
    let mut page = Builder::new();
    for row in 0..60 {
        page.text(40.0, 40.0 + 12.0 * row as f32, "Body text that sets the usual size of the page");
    }
    page.em = 0.3;
    for i in 0..MANY {
        page.text(320.0 + 2.0 * (i % 100) as f32, 30.0 + 3.7 * (i / 100) as f32, "1a");
    }
    let start = Instant::now();
    assert!(!layout_page(&page.page).lines.is_empty());
    println!("{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_clock_that_ran_out_ends_the_work() {
    let mut page = words(1.0, "ab").page;
    page.objects = (0..MANY).map(|i| bar(300.0, 300.0, 4.5 + (i % 7) as f32 * 0.1, 4.5)).collect();
    let cancel = CancelToken::default();
    let mut lines = layout_page(&page).lines;
    let before = lines.clone();
    let late = || PageClock::start(Duration::ZERO, &cancel);
    let start = Instant::now();
    assert_eq!(layout_page_within(&page, &late()).err(), Some(Stopped::Late));
    assert_eq!(find_figures_within(&page, &mut lines, &late()).err(), Some(Stopped::Late));
    assert_eq!(lines, before);
    cancel.cancel();
    let cancelled = || PageClock::start(Duration::from_secs(3600), &cancel);
    assert_eq!(layout_page_within(&page, &cancelled()).err(), Some(Stopped::Cancelled));
    assert_eq!(find_figures_within(&page, &mut lines, &cancelled()).err(), Some(Stopped::Cancelled));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}
