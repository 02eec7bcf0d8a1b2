//! Looking at pages: they are there at once, one gets about in them, and an answer leads to its lines.

use app::window::Window;
use eframe::egui::{Event as Input, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::{Command, Event, Stage};
use engine::viewer::{ViewCommand, Wanted};

use crate::flows::{FILE, ask, window_with};
use crate::scripted::{ScriptedEngine, ScriptedViewer, answer, bulletin, extent};

/// A window that shows a report of 82 pages.
fn opened(engine: &ScriptedEngine, viewer: &ScriptedViewer) -> Harness<'static, Window> {
    let mut window = window_with(engine, viewer, &[FILE], None);
    viewer.open(82);
    window.run_steps(4);
    window
}

/// Pages of which pictures were wanted last.
fn wanted_pages(viewer: &ScriptedViewer) -> Vec<u32> {
    let mut pages: Vec<u32> = viewer
        .wanted()
        .into_iter()
        .map(|wanted| match wanted {
            Wanted::Picture(key) => key.page.page,
            Wanted::Page(key) => key.page,
        })
        .collect();
    pages.sort_unstable();
    pages.dedup();
    pages
}

pub(crate) fn go_to(window: &mut Harness<'static, Window>, page: &str) {
    window.get_by_label("Page").focus();
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run_steps(1);
    window.get_by_label("Page").type_text(page);
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(5);
}

#[test]
fn the_first_page_is_shown_while_the_report_is_still_being_read() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_with(&engine, &viewer, &[FILE], None);
    assert!(matches!(viewer.commands().first(), Some(ViewCommand::Open { path, .. }) if path.to_str() == Some(FILE)));
    viewer.open(82);
    window.run_steps(4);
    assert!(window.query_by_label("Page 1").is_some());
    assert!(window.query_by_label("of 82, printed i").is_some());
    assert!(window.query_by_label("Page 40").is_none(), "pages out of sight are drawn");
}

#[test]
fn only_what_is_in_sight_is_wanted() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::slow());
    let mut window = opened(&engine, &viewer);
    let pages = wanted_pages(&viewer);
    assert!(pages.contains(&1) && pages.len() < 12, "{pages:?}");
    go_to(&mut window, "82");
    let pages = wanted_pages(&viewer);
    assert!(pages.contains(&82), "{pages:?}");
    // The list of pages has come along, and shows a few more than the pages themselves.
    assert!(pages.iter().all(|page| *page >= 72), "{pages:?}");
}

#[test]
fn one_gets_to_a_page_by_number_by_what_is_printed_and_by_key_and_back_again() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    go_to(&mut window, "40");
    assert!(window.query_by_label("of 82, printed 38").is_some());
    go_to(&mut window, "ii");
    assert!(window.query_by_label("of 82, printed ii").is_some());
    window.get_by_label("Back").click();
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed 38").is_some());
    window.get_by_label("Forward").click();
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed ii").is_some());
    window.key_press(Key::ArrowRight);
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed 1").is_some());
    window.get_by_label("Go to page 4, waiting to be read").click();
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed 2").is_some());
    // A number that no page has changes nothing.
    go_to(&mut window, "900");
    assert!(window.query_by_label("of 82, printed 2").is_some());
}

#[test]
fn pages_are_shown_larger_and_what_is_read_stays_in_sight() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    go_to(&mut window, "30");
    let width = |window: &Harness<'static, Window>| window.get_by_label("Page 30").rect().width();
    let before = width(&window);
    window.get_by_label("+").click();
    window.run_steps(5);
    assert!((width(&window) / before - 1.25).abs() < 0.02, "{} from {before}", width(&window));
    assert!(window.query_by_label("of 82, printed 28").is_some());
    window.get_by_label("View").click();
    window.run_steps(3);
    window.get_by_label("Whole page").click();
    window.run_steps(5);
    assert!(window.get_by_label("Page 30").rect().height() < 860.0);
    window.get_by_label("View").click();
    window.run_steps(3);
    window.get_by_label("Page width").click();
    window.run_steps(5);
    assert!((width(&window) - before).abs() < 1.0);
}

#[test]
fn an_answer_leads_to_its_lines_and_back() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    engine.finish(bulletin());
    window.run_steps(4);
    ask(&mut window);
    engine.finish(answer("By 0.2 percent."));
    window.run_steps(6);
    window.get_by_label("Show page 11").click();
    window.run_steps(6);
    assert!(window.query_by_label("Page 11").is_some());
    assert!(window.query_by_label("of 82, printed 9").is_some());
    go_to(&mut window, "1");
    window.get_by_label("Figure: Growth of real GDP").click();
    window.run_steps(6);
    assert!(window.query_by_label("Page 11").is_some());
    window.get_by_label("Back").click();
    window.run_steps(6);
    assert!(window.query_by_label("of 82, printed i").is_some());
    window.get_by_label("Show page 9").click();
    window.run_steps(6);
    assert!(window.query_by_label("of 82, printed 7").is_some());
}

#[test]
fn the_list_tells_which_pages_were_read_and_the_reading_can_be_paused() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    engine.finish(bulletin());
    window.run_steps(4);
    let request = engine.last_request();
    engine.tell(Event::Encoded { request, read: extent(2) });
    engine.tell(Event::Progress { request, stage: Stage::Text, done: 1, total: 4 });
    window.run_steps(4);
    assert!(window.query_by_label("Go to page 2, read").is_some());
    assert!(window.query_by_label("Go to page 3, waiting to be read").is_some());
    assert!(window.query_all_by_label_contains("Encoding the text, 25 %").next().is_some());
    window.get_by_label("Pause reading").click();
    window.run_steps(3);
    assert_eq!(engine.commands().last(), Some(&Command::Cancel { request }));
    engine.tell(Event::Cancelled { request });
    window.run_steps(3);
    assert!(window.query_by_label("Reading is paused").is_some());
    window.get_by_label("Resume reading").click();
    window.run_steps(3);
    let Some(Command::Read { request: again, job }) = engine.commands().last().cloned() else { panic!("not read on") };
    assert!(again != request && !job.plan_only);
}

#[test]
fn words_are_looked_for_found_and_gone_through() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run_steps(3);
    for letter in ["r", "e", "ceipts"] {
        // As it is typed: what is shown for the first letter must not take the focus away.
        window.event(Input::Text(letter.into()));
        window.run_steps(3);
    }
    let Some(ViewCommand::Find { query, .. }) =
        viewer.commands().into_iter().rev().find(|command| matches!(command, ViewCommand::Find { .. }))
    else {
        panic!("nothing was looked for")
    };
    assert_eq!(query, "receipts");
    viewer.find("receipts", &[12, 40]);
    window.run_steps(4);
    assert!(window.query_all_by_label("2 matches").next().is_some());
    window.get_by_label("Found on page 40: net receipts of the year").click();
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed 38").is_some());
    window.get_by_label("Find in the report").focus();
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed 10").is_some(), "after the last place comes the first");
    window.key_press(Key::Escape);
    window.run_steps(4);
    assert!(window.query_by_label("Found on page 40: net receipts of the year").is_none());
}

#[test]
fn a_file_that_cannot_be_shown_says_why_in_the_place_of_its_pages() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_with(&engine, &viewer, &[FILE], None);
    viewer.refuse();
    window.run_steps(3);
    assert!(window.query_by_label("This file cannot be shown").is_some());
    assert!(window.query_by_label("There is no such file").is_some());
}
