//! Running heads, feet and page numbers over several pages.

use engine::document::layout::{layout_page, mark_furniture};
use engine::document::page::{LineRole, Page, PageContent};

use super::build::Builder;

/// Pages with a head, two lines of text and a foot each.
fn pages(texts: &[(&str, &str)]) -> Vec<Page> {
    let page = |(i, (head, foot)): (usize, &(&str, &str))| {
        let mut b = Builder::new();
        b.text(60.0, 40.0, head);
        b.text(60.0, 300.0, &format!("Text of its own on sheet {}", char::from(b"abcdefgh"[i])));
        b.text(60.0, 760.0, foot);
        Page {
            number: 11 + i as u32,
            label: None,
            width_pt: 612.0,
            height_pt: 792.0,
            content: PageContent::Text,
            lines: layout_page(&b.page).lines,
            figures: Vec::new(),
            links: Vec::new(),
        }
    };
    texts.iter().enumerate().map(page).collect()
}

fn roles(pages: &mut [Page]) -> Vec<Vec<LineRole>> {
    mark_furniture(pages);
    pages.iter().map(|p| p.lines.iter().map(|l| l.role).collect()).collect()
}

#[test]
fn heads_that_repeat_and_numbers_that_count_are_furniture() {
    let mut pages = pages(&[("Annual report", "7"), ("Annual report", "8"), ("Annual report", "9")]);
    for roles in roles(&mut pages) {
        assert_eq!(roles, [LineRole::Header, LineRole::Body, LineRole::Footer]);
    }
}

#[test]
fn numbers_that_do_not_count_with_the_pages_are_text() {
    for feet in [["7", "31", "12"], ["Table 1", "Table 2", "Table 3"]] {
        let mut pages = pages(&[("Annual report", feet[0]), ("Annual report", feet[1]), ("Annual report", feet[2])]);
        for roles in roles(&mut pages) {
            assert_eq!(roles, [LineRole::Header, LineRole::Body, LineRole::Body], "{feet:?}");
        }
    }
}

#[test]
fn roman_numbers_and_words_around_numbers() {
    let mut pages = pages(&[("ii", "Page 11 of 30"), ("iii", "Page 12 of 30"), ("iv", "Page 13 of 30")]);
    for roles in roles(&mut pages) {
        assert_eq!(roles, [LineRole::Header, LineRole::Body, LineRole::Footer]);
    }
}

#[test]
fn a_single_page_has_no_furniture_but_its_label() {
    let mut pages = pages(&[("Annual report", "A-3")]);
    assert_eq!(roles(&mut pages)[0], [LineRole::Body; 3]);
    pages[0].label = Some("A-3".to_owned());
    assert_eq!(roles(&mut pages)[0], [LineRole::Body, LineRole::Body, LineRole::Footer]);
}
