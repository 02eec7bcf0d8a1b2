//! Reading a report: text is selected and copied, links and the table of contents lead on, pages are turned.

use app::window::Window;
use eframe::egui::{
    Event as Input, Key, Modifiers, MouseWheelSource, MouseWheelUnit, OutputCommand, PointerButton, Pos2, Rect,
    TouchPhase, pos2, vec2,
};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::document::geometry;
use engine::document::page::{Line, LineRole, OutlineItem, Page, Word};
use engine::document::raw::{LinkTarget, RawLink};
use engine::protocol::{Command, Part, Place};
use recto_tests::text_page;

use crate::flows::{FILE, ask, window_on};
use crate::pages::go_to;
use crate::scripted::{ScriptedEngine, ScriptedLibrary, ScriptedViewer, bulletin, sheets};

/// A line at a height, with letters 10 points wide, from the left edge of the text at 100.
fn line(text: &str, top: f32, block: u32) -> Line {
    let mut at = 0;
    let mut words = Vec::new();
    for word in text.split(' ') {
        let end = at + word.len();
        let bbox = geometry::Rect::new(100.0 + 10.0 * at as f32, top, 100.0 + 10.0 * end as f32, top + 12.0);
        words.push(Word { start: at as u32, end: end as u32, bbox });
        at = end + 1;
    }
    let bbox = geometry::Rect::new(100.0, top, 100.0 + 10.0 * text.len() as f32, top + 12.0);
    let hyphenated = text.ends_with('-');
    Line { text: text.into(), bbox, block, role: LineRole::Body, hyphenated, words, cells: Vec::new() }
}

fn page(number: u32, lines: Vec<Line>, links: Vec<RawLink>) -> Page {
    Page { links, ..text_page(number, lines) }
}

/// A report of 82 pages, of which the first two have text and the first one links.
fn reading(viewer: &ScriptedViewer) -> Harness<'static, Window> {
    reading_again(viewer, &ScriptedLibrary::default())
}

fn reading_again(viewer: &ScriptedViewer, library: &ScriptedLibrary) -> Harness<'static, Window> {
    opened(viewer, library, &ScriptedEngine::default())
}

fn opened(viewer: &ScriptedViewer, library: &ScriptedLibrary, engine: &ScriptedEngine) -> Harness<'static, Window> {
    let lines = vec![
        line("Net receipts of the inter-", 100.0, 0),
        line("national trade fell.", 114.0, 0),
        line("Deficits rose.", 150.0, 1),
    ];
    let link = |top: f32, target| RawLink { bbox: geometry::Rect::new(100.0, top, 200.0, top + 12.0), target };
    let links = vec![
        link(300.0, LinkTarget::Page(40)),
        link(330.0, LinkTarget::Uri("https://fiscal.treasury.gov".into())),
        link(360.0, LinkTarget::Uri("file:///etc/passwd".into())),
    ];
    viewer.give_text(page(1, lines, links));
    viewer.give_text(page(2, vec![line("On the second page.", 60.0, 0)], Vec::new()));
    let mut window = window_on(library, engine, viewer, &[FILE], None);
    let section = |title: &str, page, depth| OutlineItem { title: title.into(), page: Some(page), depth };
    let mut info = sheets(82);
    info.outline =
        vec![section("Economy", 3, 0), section("Receipts", 10, 1), section("Outlays", 20, 1), section("Debt", 40, 0)];
    viewer.open_with(info);
    window.run_steps(6);
    window
}

/// Where a point of an upright page lies on the screen.
fn on_screen(window: &Harness<'static, Window>, page: u32, at: Pos2) -> Pos2 {
    let rect = window.get_by_label(&format!("Page {page}")).rect();
    rect.min + at.to_vec2() * (rect.width() / 612.0)
}

fn drag(window: &mut Harness<'static, Window>, from: Pos2, to: Pos2) {
    window.hover_at(from);
    window.drag_at(from);
    for part in [0.3, 0.7, 1.0] {
        window.hover_at(from.lerp(to, part));
    }
    window.drop_at(to);
    window.run_steps(2);
}

/// Presses and lets go so many times at once.
fn click_times(window: &mut Harness<'static, Window>, at: Pos2, times: usize) {
    window.hover_at(at);
    window.run_steps(1);
    let button =
        |pressed| Input::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE };
    for _ in 0..times {
        window.input_mut().events.extend([button(true), button(false)]);
    }
    window.run_steps(3);
}

/// Turns the wheel where the pointer is, away from the user where positive.
fn turn_wheel(window: &mut Harness<'static, Window>, unit: MouseWheelUnit, by: f32) {
    window.event(Input::MouseWheel {
        unit,
        delta: vec2(0.0, by),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    window.run_steps(20);
}

/// What Ctrl+C puts into the clipboard.
fn copied(window: &mut Harness<'static, Window>) -> Option<String> {
    window.event(Input::Copy);
    window.step();
    window.output().platform_output.commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    })
}

#[test]
fn a_drag_selects_text_over_lines_and_pages_and_scrolls_nothing() {
    let mut window = reading(&ScriptedViewer::default());
    let before = window.get_by_label("Page 1").rect();
    let (from, to) = (on_screen(&window, 1, pos2(141.0, 106.0)), on_screen(&window, 1, pos2(179.0, 120.0)));
    drag(&mut window, from, to);
    assert_eq!(window.get_by_label("Page 1").rect(), before, "the drag scrolled");
    assert_eq!(copied(&mut window).as_deref(), Some("receipts of the international"));
    // Over the end of the page: the view is made to show both.
    window.get_by_label("View").click();
    window.run_steps(3);
    window.get_by_label("Whole page").click();
    window.run_steps(5);
    let middle = window.get_by_label("Page 1").rect().center();
    window.hover_at(middle);
    turn_wheel(&mut window, MouseWheelUnit::Point, -110.0);
    let (from, to) = (on_screen(&window, 1, pos2(100.0, 156.0)), on_screen(&window, 2, pos2(161.0, 66.0)));
    drag(&mut window, from, to);
    assert_eq!(copied(&mut window).as_deref(), Some("Deficits rose.\n\nOn the"));
}

#[test]
fn words_lines_and_the_whole_page_are_selected_and_escape_or_a_click_ends_it() {
    let mut window = reading(&ScriptedViewer::default());
    let at = on_screen(&window, 1, pos2(160.0, 106.0));
    click_times(&mut window, at, 2);
    assert_eq!(copied(&mut window).as_deref(), Some("receipts"));
    click_times(&mut window, at, 3);
    assert_eq!(copied(&mut window).as_deref(), Some("Net receipts of the inter-"));
    window.key_press(Key::Escape);
    window.run_steps(2);
    assert_eq!(copied(&mut window), None);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run_steps(2);
    let all = "Net receipts of the international trade fell.\n\nDeficits rose.";
    assert_eq!(copied(&mut window).as_deref(), Some(all));
    click_times(&mut window, at, 1);
    assert_eq!(copied(&mut window), None);
}

#[test]
fn what_is_written_belongs_to_the_field_and_what_is_selected_on_a_page_to_the_page() {
    let mut window = reading(&ScriptedViewer::default());
    window.get_by_label("Your question").focus();
    window.run_steps(2);
    window.get_by_label("Your question").type_text("Why?");
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run_steps(2);
    assert_eq!(copied(&mut window).as_deref(), Some("Why?"));
    let at = on_screen(&window, 1, pos2(160.0, 106.0));
    click_times(&mut window, at, 2);
    assert_eq!(copied(&mut window).as_deref(), Some("receipts"));
}

#[test]
fn a_page_without_text_has_nothing_to_select() {
    let mut window = reading(&ScriptedViewer::default());
    go_to(&mut window, "50");
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run_steps(2);
    let (from, to) = (on_screen(&window, 50, pos2(100.0, 100.0)), on_screen(&window, 50, pos2(300.0, 200.0)));
    drag(&mut window, from, to);
    assert_eq!(copied(&mut window), None);
}

#[test]
fn text_that_comes_late_is_copied_once_it_is_there() {
    let viewer = ScriptedViewer::slow();
    let mut window = reading(&viewer);
    let at = on_screen(&window, 1, pos2(160.0, 106.0));
    click_times(&mut window, at, 2);
    assert_eq!(copied(&mut window), None, "there is no text yet");
    viewer.tell_text(1);
    window.run_steps(3);
    click_times(&mut window, at, 2);
    assert_eq!(copied(&mut window).as_deref(), Some("receipts"));
}

#[test]
fn links_lead_to_pages_and_only_to_addresses_that_do_no_harm() {
    let mut window = reading(&ScriptedViewer::default());
    assert!(window.query_by_label("Link: Recto does not open file:///etc/passwd").is_some());
    window.get_by_label("Link: Open https://fiscal.treasury.gov").click();
    let opened = (0..4).find_map(|_| {
        window.step();
        window.output().platform_output.commands.iter().find_map(|command| match command {
            OutputCommand::OpenUrl(open) => Some(open.url.clone()),
            _ => None,
        })
    });
    assert_eq!(opened.as_deref(), Some("https://fiscal.treasury.gov"));
    window.get_by_label("Link: Recto does not open file:///etc/passwd").click();
    window.run_steps(4);
    assert!(window.query_by_label("of 82, printed i").is_some());
    window.get_by_label("Link: Go to page 40").focus();
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed 38").is_some(), "by the keyboard too");
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowLeft);
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed i").is_some());
}

#[test]
fn the_table_of_contents_leads_to_sections_and_folds() {
    let library = ScriptedLibrary::default();
    let mut window = reading_again(&ScriptedViewer::default(), &library);
    assert!(window.query_by_label("Outlays, page 20").is_none());
    window.get_by_label("Contents").click();
    window.run_steps(4);
    window.get_by_label("Outlays, page 20").click();
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed 18").is_some());
    window.get_by_label("Fold Economy").click();
    window.run_steps(4);
    assert!(window.query_by_label("Outlays, page 20").is_none());
    window.get_by_label("Economy, page 3").focus();
    window.run_steps(2);
    window.key_press(Key::ArrowRight);
    window.run_steps(4);
    assert!(window.query_by_label("Outlays, page 20").is_some(), "unfolded by key");
    drop(window);
    let mut window = reading_again(&ScriptedViewer::default(), &library);
    assert!(window.query_by_label("Outlays, page 20").is_some(), "shown again after a restart");
    window.key_press_modifiers(Modifiers::COMMAND, Key::B);
    window.run_steps(4);
    assert!(window.query_by_label("Outlays, page 20").is_none());
    assert!(window.query_by_label("Go to page 20, waiting to be read").is_some(), "the list follows");
}

#[test]
fn turned_pages_lie_on_their_side_and_their_text_with_them() {
    let library = ScriptedLibrary::default();
    let mut window = reading_again(&ScriptedViewer::default(), &library);
    window.key_press_modifiers(Modifiers::COMMAND, Key::CloseBracket);
    window.run_steps(5);
    let turned = |window: &Harness<'static, Window>| window.get_by_label("Page 1").rect();
    let rect = turned(&window);
    assert!(rect.width() > rect.height() * 1.2, "{rect:?}");
    // What was at (160, 106) from the top left is now that far from the top right.
    let scale = rect.height() / 612.0;
    click_times(&mut window, pos2(rect.right() - 106.0 * scale, rect.top() + 160.0 * scale), 2);
    assert_eq!(copied(&mut window).as_deref(), Some("receipts"));
    drop(window);
    let mut window = reading_again(&ScriptedViewer::default(), &library);
    assert_eq!(turned(&window), rect, "turned as it was left");
    window.key_press_modifiers(Modifiers::COMMAND, Key::OpenBracket);
    window.run_steps(5);
    let rect = turned(&window);
    assert!(rect.height() > rect.width() * 1.2, "{rect:?}");
}

#[test]
fn a_region_is_drawn_and_asked_about() {
    for (rotates, expected) in [(0, [100.0, 200.0, 300.0, 320.0]), (1, [200.0, 492.0, 320.0, 692.0])] {
        let engine = ScriptedEngine::default();
        let mut window = opened(&ScriptedViewer::default(), &ScriptedLibrary::default(), &engine);
        engine.finish(bulletin());
        window.run_steps(4);
        for _ in 0..rotates {
            window.key_press_modifiers(Modifiers::COMMAND, Key::CloseBracket);
            window.run_steps(4);
        }
        window.get_by_label("Ask about a region").click();
        window.run_steps(3);
        window.key_press(Key::Escape);
        window.run_steps(3);
        let rect = window.get_by_label("Page 1").rect();
        let scale = rect.width() / if rotates == 0 { 612.0 } else { 792.0 };
        let (from, to) = (rect.min + vec2(100.0, 200.0) * scale, rect.min + vec2(300.0, 320.0) * scale);
        drag(&mut window, from, to);
        assert!(window.query_all_by_label_contains("A region of page").next().is_none(), "Escape leaves the tool");
        window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::A);
        window.run_steps(3);
        drag(&mut window, from, to);
        window.run_steps(3);
        assert!(window.query_all_by_label_contains("A region of page 1").next().is_some());
        ask(&mut window);
        let Some(Command::Ask { job, .. }) = engine.commands().last().cloned() else { panic!("nothing was asked") };
        let [Part::Region(Place { page: 1, bbox, .. })] = job.scope.as_slice() else { panic!("{:?}", job.scope) };
        for (at, expected) in [bbox.left, bbox.top, bbox.right, bbox.bottom].into_iter().zip(expected) {
            assert!((at - expected).abs() < 1.0, "{bbox:?}, turned {rotates} times");
        }
        // Another drag selects text again.
        drag(&mut window, from, to);
        assert!(window.query_all_by_label_contains("A region of page 1").next().is_some());
    }
}

/// Whether a page is the only one of three.
fn is_alone(window: &Harness<'static, Window>, page: u32) -> bool {
    let is_shown = |page: u32| window.query_by_label(&format!("Page {page}")).is_some();
    is_shown(page) && !is_shown(page - 1) && !is_shown(page + 1)
}

#[test]
fn one_page_at_a_time_is_turned_by_keys_wheel_and_links() {
    let library = ScriptedLibrary::default();
    let mut window = reading_again(&ScriptedViewer::default(), &library);
    go_to(&mut window, "10");
    window.get_by_label("View").click();
    window.run_steps(3);
    window.get_by_label("Single page").click();
    window.run_steps(5);
    assert!(is_alone(&window, 10));
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num9);
    window.run_steps(5);
    for (key, page) in [
        (Key::PageDown, 11),
        (Key::ArrowRight, 12),
        (Key::ArrowDown, 13),
        (Key::ArrowUp, 12),
        (Key::PageUp, 11),
        (Key::ArrowLeft, 10),
        (Key::End, 82),
        (Key::PageDown, 82),
    ] {
        window.key_press(key);
        window.run_steps(5);
        assert!(is_alone(&window, page), "{key:?} does not lead to page {page}");
    }
    let middle = window.get_by_label("Page 82").rect().center();
    window.hover_at(middle);
    turn_wheel(&mut window, MouseWheelUnit::Line, 1.0);
    assert!(is_alone(&window, 81));
    window.get_by_label("Back").click();
    window.run_steps(5);
    assert!(is_alone(&window, 10), "back before End");
    drop(window);
    let window = reading_again(&ScriptedViewer::default(), &library);
    assert!(is_alone(&window, 10), "as it was left");
}

#[test]
fn a_large_page_alone_is_read_to_its_end_before_the_next_one() {
    let mut window = reading(&ScriptedViewer::default());
    go_to(&mut window, "10");
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    window.run_steps(5);
    let top = |window: &Harness<'static, Window>| window.get_by_label("Page 10").rect().top();
    let before = top(&window);
    window.key_press(Key::PageDown);
    window.run_steps(5);
    assert!(top(&window) < before, "nothing was scrolled");
    for _ in 0..3 {
        window.key_press(Key::PageDown);
        window.run_steps(5);
    }
    assert!(window.query_by_label("Page 10").is_none());
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num2);
    window.run_steps(5);
    assert!(!is_alone(&window, 11));
}

#[test]
fn every_page_is_reached_by_a_screenful_after_the_other() {
    let mut window = reading(&ScriptedViewer::default());
    let visible = |window: &Harness<'static, Window>, page: u32| {
        window.query_by_label(&format!("Page {page}")).map_or(Rect::NOTHING, |page| page.rect())
    };
    let before = visible(&window, 1).top();
    window.key_press(Key::PageDown);
    window.run_steps(5);
    let gone = before - visible(&window, 1).top();
    assert!(gone > 500.0 && gone < 800.0, "{gone}");
    // Arrow keys move in the question's field while it has the focus; a press on a page takes it away.
    let middle = visible(&window, 2).center_top();
    click_times(&mut window, middle, 1);
    window.key_press(Key::ArrowUp);
    window.run_steps(5);
    assert!((before - visible(&window, 1).top() - gone + 60.0).abs() < 1.0);
}
