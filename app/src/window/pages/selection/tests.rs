//! Selecting on pages whose words have known places.

use eframe::egui::pos2;
use engine::document::page::{LineRole, PageContent};
use proptest::prelude::*;

use crate::window::pages::selection::*;

/// A line whose words are 10 points a letter and 10 apart, at a height.
fn line(text: &str, left: f32, top: f32) -> Line {
    let mut words = Vec::new();
    let (mut at, mut x) = (0, left);
    for word in text.split(' ') {
        let end = at + word.len();
        let width = 10.0 * word.chars().count() as f32;
        let bbox = Rect::new(x, top, x + width, top + 12.0);
        words.push(Word { start: at as u32, end: end as u32, bbox });
        at = end + 1;
        x += width + 10.0;
    }
    let bbox = words.iter().map(|word| word.bbox).reduce(|one, other| one.union(&other)).unwrap();
    Line { text: text.into(), bbox, block: 0, role: LineRole::Body, hyphenated: false, words, cells: Vec::new() }
}

fn page(lines: Vec<Line>) -> Page {
    Page {
        number: 4,
        label: None,
        width_pt: 612.0,
        height_pt: 792.0,
        content: PageContent::Text,
        lines,
        figures: Vec::new(),
        links: Vec::new(),
    }
}

/// Two lines, the second one below the first.
fn report() -> Page {
    page(vec![line("Net receipts (fell)", 100.0, 100.0), line("by größer 4.2%.", 100.0, 120.0)])
}

fn selected(page: &Page, selection: &Selection) -> Vec<String> {
    let part = |(at, line): (usize, &Line)| Some(line.text[selection.part_of(page.number, at, &line.text)?].to_owned());
    page.lines.iter().enumerate().filter_map(part).collect()
}

#[test]
fn a_drag_selects_from_letter_to_letter() {
    let page = report();
    for (from, to, expected) in [
        ((100.0, 105.0), (130.0, 105.0), vec!["Net"]),
        ((114.0, 105.0), (161.0, 105.0), vec!["et re"]),
        ((116.0, 105.0), (161.0, 105.0), vec!["t re"]),
        ((200.0, 105.0), (162.0, 126.0), vec!["ts (fell)", "by grö"]),
        // Backwards, and from beside the text.
        ((162.0, 126.0), (200.0, 105.0), vec!["ts (fell)", "by grö"]),
        ((5.0, 101.0), (600.0, 500.0), vec!["Net receipts (fell)", "by größer 4.2%."]),
        ((133.0, 105.0), (139.0, 105.0), vec![" "]),
    ] {
        let began = Selection::at(&page, from.into(), Unit::Letter).unwrap();
        assert!(began.is_empty());
        let selection = began.drawn_to(&page, to.into(), Unit::Letter).unwrap();
        assert_eq!(selected(&page, &selection), expected, "{from:?} to {to:?}");
    }
}

#[test]
fn words_and_lines_are_selected_whole() {
    let page = report();
    for (at, unit, expected) in [
        ((150.0, 105.0), Unit::Word, "receipts"),
        ((275.0, 105.0), Unit::Word, "fell"),
        ((145.0, 126.0), Unit::Word, "größer"),
        ((215.0, 126.0), Unit::Word, "4.2%"),
        ((215.0, 126.0), Unit::Line, "by größer 4.2%."),
    ] {
        let selection = Selection::at(&page, at.into(), unit).unwrap();
        assert_eq!(selected(&page, &selection), [expected]);
        // Drawn backwards over the line before, the word it began with stays selected.
        let further = selection.drawn_to(&page, pos2(104.0, 105.0), unit).unwrap();
        assert!(selected(&page, &further).join(" ").ends_with(expected), "{further:?}");
    }
}

#[test]
fn boxes_lie_over_the_letters() {
    let page = report();
    let selection = Selection::at(&page, pos2(120.0, 105.0), Unit::Letter).unwrap();
    let selection = selection.drawn_to(&page, pos2(160.0, 105.0), Unit::Letter).unwrap();
    assert_eq!(selection.boxes(&page), [Rect::new(120.0, 100.0, 160.0, 112.0)], "with the blank between the words");
    let other = Page { number: 5, ..report() };
    assert!(selection.boxes(&other).is_empty());
}

#[test]
fn what_is_written_leftwards_or_upwards_is_selected_along_the_writing() {
    let mut leftwards = line("אבגד", 100.0, 100.0);
    leftwards.words[0].bbox = Rect::new(100.0, 100.0, 140.0, 112.0);
    let mut upwards = line("Percent", 0.0, 0.0);
    upwards.words[0].bbox = Rect::new(50.0, 100.0, 62.0, 170.0);
    upwards.bbox = upwards.words[0].bbox;
    for (line, from, to, expected, bbox) in [
        (leftwards, (141.0, 105.0), (120.0, 105.0), "אב", Rect::new(120.0, 100.0, 140.0, 112.0)),
        (upwards, (55.0, 175.0), (55.0, 140.0), "Per", Rect::new(50.0, 140.0, 62.0, 170.0)),
    ] {
        let page = page(vec![line]);
        let began = Selection::at(&page, from.into(), Unit::Letter).unwrap();
        let selection = began.drawn_to(&page, to.into(), Unit::Letter).unwrap();
        assert_eq!(selected(&page, &selection), [expected]);
        assert_eq!(selection.boxes(&page), [bbox]);
    }
}

#[test]
fn a_page_without_text_has_nothing_to_select() {
    let scan = page(Vec::new());
    assert_eq!(Selection::at(&scan, pos2(10.0, 10.0), Unit::Word), None);
    assert_eq!(Selection::of_page(&scan), None);
    assert!(!is_on_text(&scan, pos2(10.0, 10.0)));
}

proptest! {
    #[test]
    fn any_drag_selects_whole_letters_and_boxes_inside_the_page(
        texts in prop::collection::vec("[a-zäß€字ا]{1,6}( [a-z0-9%,.]{1,5}){0,3}", 1..5),
        from in (-50.0f32..700.0, -50.0f32..900.0),
        to in (-50.0f32..700.0, -50.0f32..900.0),
    ) {
        let lines = texts.iter().enumerate().map(|(at, text)| line(text, 72.0, 72.0 + 14.0 * at as f32));
        let page = page(lines.collect());
        let draw = |from: (f32, f32), to: (f32, f32)| {
            Selection::at(&page, from.into(), Unit::Letter).unwrap().drawn_to(&page, to.into(), Unit::Letter).unwrap()
        };
        let selection = draw(from, to);
        let back = draw(to, from);
        prop_assert_eq!(selected(&page, &selection), selected(&page, &back));
        for bbox in selection.boxes(&page) {
            prop_assert!(page.lines.iter().any(|line| line.bbox.grown(0.1).intersection(&bbox).area() >= 0.99 * bbox.area()));
        }
    }
}
