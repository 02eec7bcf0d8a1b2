//! Any page at all: nothing panics, ranges and boxes hold, no character is lost or made up.

use std::time::{Duration, Instant};

use engine::document::geometry::Rect;
use engine::document::layout::layout_page;
use engine::document::raw::{RawChar, RawPage};
use proptest::prelude::*;
use recto_tests::layout_check;

use super::build::Builder;

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -50.0..850.0_f32,
        1 => any::<f32>(),
        1 => prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, 1e30, -1e30]),
    ]
}

fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        6 => prop::char::range('!', '~'),
        2 => Just(' '),
        2 => prop::sample::select("\u{ad}\u{2}\r\n\t\u{fb01}\u{fb03}\u{301}אבגجدہ٣語本、…·\u{fffd}\u{200f}".chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ]
}

fn rect() -> impl Strategy<Value = Rect> {
    (number(), number(), number(), number()).prop_map(|(left, top, right, bottom)| Rect { left, top, right, bottom })
}

fn raw_char() -> impl Strategy<Value = RawChar> {
    let places = (rect(), rect(), number(), number());
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), 0_u16..3);
    let angle = prop_oneof![prop::sample::select(vec![0.0_f32, 90.0, 180.0, 270.0, 45.0]), number()];
    (character(), places, angle, number(), flags).prop_map(|(unicode, (loose, tight, x, y), angle_deg, size, flags)| {
        let (generated, hyphen, invisible, font) = flags;
        let origin = (x, y);
        RawChar {
            unicode,
            loose,
            tight,
            origin_x: origin.0,
            origin_y: origin.1,
            angle_deg,
            font_size_pt: size,
            font,
            generated,
            hyphen,
            invisible,
        }
    })
}

/// Characters anywhere on a lattice on which no two can be taken for one printed twice.
fn placed() -> impl Strategy<Value = Vec<(char, usize)>> {
    let letters = character().prop_filter("dots may lead, controls vanish", |c| {
        !matches!(c, '.' | '·' | '…' | '\u{2024}' | '\u{2025}' | '\u{ad}' | '\u{fb00}'..='\u{fb06}' | '\u{2}')
    });
    prop::collection::btree_map(0_usize..4000, letters, 0..300)
        .prop_map(|places| places.into_iter().map(|(at, c)| (c, at)).collect())
        .prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_page_is_laid_out(
        chars in prop::collection::vec(raw_char(), 0..200),
        width_pt in number(),
        height_pt in number(),
    ) {
        let raw = RawPage { width_pt, height_pt, chars, ..RawPage::default() };
        let layout = layout_page(&raw);
        prop_assert_eq!(layout_check::check(&raw, &layout), Ok(()));
    }

    #[test]
    fn every_character_comes_out_exactly_once(places in placed()) {
        let mut b = Builder::new();
        for (c, at) in places {
            let (x, y) = (20.0 + 5.0 * (at % 100) as f32, 40.0 + 14.0 * (at / 100) as f32);
            b.char(x, y, 5.0, c);
        }
        let layout = layout_page(&b.page);
        prop_assert_eq!(layout_check::check(&b.page, &layout), Ok(()));
        let put = layout_check::counted(b.page.chars.iter().map(|c| c.unicode).filter(|c| is_shown(*c)));
        prop_assert_eq!(layout_check::written(&layout), put);
    }
}

/// Not a blank, not a control or format character.
fn is_shown(c: char) -> bool {
    let format = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_whitespace() && !c.is_control() && !format
}

#[test]
fn a_page_of_a_hundred_thousand_characters_takes_no_time() {
    let mut words = Builder::new();
    words.em = 1.5;
    for i in 0..500 {
        words.text(5.0, 5.0 + 1.55 * i as f32, &"some words 1,234 and ".repeat(10));
    }
    let mut heap = Builder::new();
    for i in 0..100_000 {
        heap.char(300.0 + (i % 7) as f32, 300.0 + (i % 11) as f32 * 0.1, 5.0, 'x');
    }
    for page in [words.page, heap.page] {
        assert!(page.chars.len() >= 100_000);
        let start = Instant::now();
        let layout = layout_page(&page);
        assert!(!layout.lines.is_empty());
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}
