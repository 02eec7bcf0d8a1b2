//! What goes wrong in everyday use: encrypted, moved and unreadable files, copying, many tabs, small windows.

use std::path::PathBuf;

use app::window::{OpenRequest, Start, Window};
use crossbeam_channel::Sender;
use eframe::egui::{Event as Input, Key, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::document::geometry::Rect;
use engine::protocol::{Command, Outcome};
use engine::viewer::{Refusal, ViewCommand};

use crate::flows::{FILE, ask, opened_on, services, start_window, window_on};
use crate::reading_map::with_figure;
use crate::scripted::{HASH, ScriptedEngine, ScriptedLibrary, ScriptedModels, ScriptedViewer, answer, bulletin};

const MOVED: &str = "/elsewhere/june.pdf";

/// A window that other starts of the program may send files to.
fn reachable(
    library: &ScriptedLibrary,
    engine: &ScriptedEngine,
    viewer: &ScriptedViewer,
) -> (Harness<'static, Window>, Sender<OpenRequest>) {
    let (sender, receiver) = crossbeam_channel::bounded(4);
    let mut services = services(library, engine, viewer, &ScriptedModels::default());
    services.open_requests = Some(receiver);
    (start_window(services, Start::default()), sender)
}

fn open(window: &mut Harness<'static, Window>, sender: &Sender<OpenRequest>, path: &str) {
    sender.send(OpenRequest { files: vec![PathBuf::from(path)], question: None }).unwrap();
    window.run_steps(3);
}

/// Passwords that came with the file that was opened last, in the viewer and in the engine.
fn passwords(engine: &ScriptedEngine, viewer: &ScriptedViewer) -> (Option<String>, Option<String>) {
    let of_viewer = viewer.commands().into_iter().rev().find_map(|command| match command {
        ViewCommand::Open { password, .. } => Some(password),
        _ => None,
    });
    let of_engine = engine.commands().into_iter().rev().find_map(|command| match command {
        Command::Read { job, .. } => Some(job.sources[0].password.clone()),
        Command::Ask { job, .. } => Some(job.sources[0].password.clone()),
        _ => None,
    });
    (of_viewer.flatten(), of_engine.flatten())
}

fn enter_password(window: &mut Harness<'static, Window>, password: &str) {
    window.get_by_label("Password").focus();
    window.run_steps(2);
    window.get_by_label("Password").type_text(password);
    window.run_steps(2);
    window.get_by_label("Open").click();
    window.run_steps(4);
}

#[test]
fn an_encrypted_file_asks_for_its_password_where_its_pages_would_be() {
    let (library, engine, viewer) = (ScriptedLibrary::default(), ScriptedEngine::default(), ScriptedViewer::default());
    let (mut window, sender) = reachable(&library, &engine, &viewer);
    open(&mut window, &sender, FILE);
    viewer.refuse_as(Refusal::NeedsPassword, "the PDF needs a password");
    window.run_steps(4);
    assert!(window.query_by_label("This PDF is encrypted").is_some());
    assert!(window.query_by_label("The password is wrong").is_none());
    enter_password(&mut window, "wrong");
    assert_eq!(passwords(&engine, &viewer), (Some("wrong".into()), Some("wrong".into())));
    viewer.refuse_as(Refusal::WrongPassword, "the password for the PDF is wrong");
    window.run_steps(4);
    assert!(window.query_by_label("The password is wrong").is_some());
    enter_password(&mut window, "right");
    assert_eq!(passwords(&engine, &viewer), (Some("right".into()), Some("right".into())));
    viewer.open(82);
    engine.finish(bulletin());
    window.run_steps(6);
    assert!(window.query_by_label("This PDF is encrypted").is_none());
    assert!(window.query_by_label("Page 1").is_some());
    ask(&mut window);
    assert!(matches!(engine.commands().last(), Some(Command::Ask { .. })));
    assert_eq!(passwords(&engine, &viewer).1.as_deref(), Some("right"));
    // Until the program ends, the file opens without being asked for it again.
    window.key_press_modifiers(Modifiers::COMMAND, Key::W);
    window.run_steps(4);
    open(&mut window, &sender, FILE);
    assert_eq!(passwords(&engine, &viewer), (Some("right".into()), Some("right".into())));
    // It is saved nowhere.
    assert!(!format!("{:?}", library.commands()).contains("right"));
}

#[test]
fn a_file_that_fails_is_no_longer_being_opened_and_says_so_once() {
    let (library, engine, viewer) = (ScriptedLibrary::default(), ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&library, &engine, &viewer, &[FILE], None);
    let request = engine.last_request();
    viewer.refuse();
    window.run_steps(4);
    assert!(window.query_by_label_contains("being read").is_none());
    assert!(window.query_by_label("Opening").is_none());
    assert_eq!(engine.commands().last(), Some(&Command::Cancel { request }));
    engine.fail("there is no such file", "Open it from where it is now");
    window.run_steps(4);
    assert_eq!(window.query_all_by_label("There is no such file").count(), 1);
}

#[test]
fn an_error_of_the_engine_that_came_first_is_not_said_twice_either() {
    let (library, engine, viewer) = (ScriptedLibrary::default(), ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&library, &engine, &viewer, &[FILE], None);
    engine.fail("there is no such file", "Open it from where it is now");
    window.run_steps(4);
    viewer.refuse();
    window.run_steps(4);
    assert_eq!(window.query_all_by_label("There is no such file").count(), 1);
    window.get_by_label("Close").click();
    window.run_steps(4);
    assert!(window.query_by_label("Drop a report here").is_some());
}

#[test]
fn a_moved_file_brings_its_conversation_and_closes_the_dead_tab() {
    let library = ScriptedLibrary::default();
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    ask(&mut window);
    engine.finish(answer("By 0.2 percent."));
    window.run_steps(6);
    drop(window);
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let (mut window, sender) = reachable(&library, &engine, &viewer);
    viewer.refuse();
    window.run_steps(4);
    assert!(window.query_by_label("Locate…").is_some());
    open(&mut window, &sender, MOVED);
    viewer.open_as(82, HASH, "june.pdf");
    engine.finish(bulletin());
    window.run_steps(6);
    assert!(window.query_by_label("By 0.2 percent.").is_some());
    assert!(window.query_by_label("This file cannot be shown").is_none());
    assert!(window.query_by_label("Close treasury_bulletin_2025_06.pdf").is_none(), "the dead tab is still there");
    assert!(window.query_by_label("Close june.pdf").is_some());
    assert_eq!(window.query_all_by_label("By 0.2 percent.").count(), 1);
}

#[test]
fn a_moved_file_closes_a_tab_that_was_not_opened_yet() {
    let library = ScriptedLibrary::default();
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let (mut window, sender) = reachable(&library, &engine, &viewer);
    for (path, hash, name) in [(FILE, HASH, "treasury_bulletin_2025_06.pdf"), ("/reports/b.pdf", "b", "b.pdf")] {
        open(&mut window, &sender, path);
        viewer.open_as(82, hash, name);
        window.run_steps(4);
    }
    drop(window);
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let (mut window, sender) = reachable(&library, &engine, &viewer);
    viewer.open_as(82, "b", "b.pdf");
    window.run_steps(4);
    assert!(window.query_by_label("Close treasury_bulletin_2025_06.pdf").is_some());
    open(&mut window, &sender, MOVED);
    viewer.open_as(82, HASH, "june.pdf");
    window.run_steps(4);
    assert!(window.query_by_label("Close treasury_bulletin_2025_06.pdf").is_none());
    assert!(window.query_by_label("Close june.pdf").is_some() && window.query_by_label("Close b.pdf").is_some());
}

#[test]
fn what_is_copied_is_said_for_a_moment() {
    let (library, engine, viewer) = (ScriptedLibrary::default(), ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    ask(&mut window);
    engine.finish(answer("By 0.2 percent."));
    window.run_steps(6);
    window.get_by_label("Copy answer 1").click();
    window.run_steps(3);
    assert!(window.query_by_label("Copied").is_some());
    window.run_steps(60);
    assert!(window.query_by_label("Copied").is_none());
}

#[test]
fn opening_the_search_or_the_figures_does_not_rescale_the_pages() {
    let (library, engine, viewer) = (ScriptedLibrary::default(), ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    let width = |window: &Harness<'static, Window>| window.get_by_label("Page 1").rect().width();
    let before = width(&window);
    window.get_by_label("Figures").click();
    window.run_steps(4);
    assert_eq!(width(&window), before);
    window.get_by_label("Find in the report").focus();
    window.run_steps(2);
    window.get_by_label("Find in the report").type_text("receipts");
    window.run_steps(4);
    assert_eq!(width(&window), before);
}

#[test]
fn the_lists_are_named_in_one_row_and_the_front_tab_is_in_sight() {
    let (library, engine, viewer) = (ScriptedLibrary::default(), ScriptedEngine::default(), ScriptedViewer::default());
    let files: Vec<String> = (0..14).map(|number| format!("/reports/report {number}.pdf")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut window = window_on(&library, &engine, &viewer, &files, None);
    let mut info = crate::scripted::sheets(82);
    info.outline = vec![engine::document::page::OutlineItem { title: "Economy".into(), page: Some(3), depth: 0 }];
    viewer.open_with(info);
    window.run_steps(6);
    let top = |label: &str| window.get_by_label(label).rect().top();
    assert_eq!((top("Contents"), top("Figures")), (top("Pages"), top("Pages")));
    assert!(window.get_by_label("Figures").rect().right() < 230.0);
    window.key_press_modifiers(Modifiers::CTRL | Modifiers::SHIFT, Key::Tab);
    window.run_steps(12);
    let last = window.get_by_label("report 13.pdf").rect();
    let end = window.get_by_label("Open…").rect();
    assert!(last.right() <= end.left() + 1.0, "{last} is out of sight, left of {end}");
}

#[test]
fn the_conversation_is_as_wide_as_before_after_a_small_window() {
    let (library, engine, viewer) = (ScriptedLibrary::default(), ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    let left = |window: &Harness<'static, Window>| window.get_by_label("Your question").rect().left();
    let before = left(&window);
    window.set_size([880.0, 520.0].into());
    window.run_steps(4);
    window.set_size([1360.0, 860.0].into());
    window.run_steps(4);
    assert!((left(&window) - before).abs() < 1.0, "{} from {before}", left(&window));
}

#[test]
fn a_region_leaves_the_button_in_sight_in_a_small_window() {
    let (library, engine, viewer) = (ScriptedLibrary::default(), ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&library, &engine, &viewer, &[FILE], None);
    viewer.open(82);
    let Outcome::Read(mut map) = with_figure() else { unreachable!("it is a reading") };
    // Wide and low.
    map.pages[10].figure_list[0].bbox = Rect::new(72.0, 200.0, 540.0, 230.0);
    engine.finish(Outcome::Read(map));
    window.set_size([880.0, 520.0].into());
    window.run_steps(6);
    window.get_by_label("Figures").click();
    window.run_steps(4);
    window.get_by_label("Ask about it: Growth of real GDP").click();
    window.run_steps(4);
    for label in ["Remove the region", "Ask"] {
        let end = window.get_by_label(label).rect().right();
        assert!(end <= 880.0, "{label} ends at {end}");
    }
}

#[test]
fn a_tick_of_the_wheel_zooms_by_a_tenth_though_it_is_reported_twice() {
    let (library, engine, viewer) = (ScriptedLibrary::default(), ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    let width = |window: &Harness<'static, Window>| window.get_by_label("Page 1").rect().width();
    let before = width(&window);
    window.hover_at(window.get_by_label("Page 1").rect().intersect(window.ctx.content_rect()).center());
    window.run_steps(2);
    let tick = Input::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, 1.0),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Unknown,
        modifiers: Modifiers::COMMAND,
    };
    window.input_mut().events.extend([tick.clone(), tick]);
    window.run_steps(20);
    assert!((width(&window) / before - 1.1).abs() < 0.01, "{} from {before}", width(&window));
}
