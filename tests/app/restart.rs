//! Closing and reopening the window restores everything.

use std::path::{Path, PathBuf};
use std::time::Duration;

use app::services::library::{LibraryCommand, LibraryService as _, StoredItem};
use app::window::Start;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::Command;
use engine::store::library::Record;
use engine::viewer::ViewCommand;

use crate::flows::{FILE, ask, opened_on, services, start_window, window_on};
use crate::pages::go_to;
use crate::scripted::{HASH, ScriptedEngine, ScriptedLibrary, ScriptedModels, ScriptedViewer, answer, bulletin};

/// Opens the report, asks two questions of which one is not answered, goes to page 40, and closes the window.
fn work(library: &ScriptedLibrary) {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(library, &engine, &viewer);
    ask(&mut window);
    engine.finish(answer("By 0.2 percent."));
    window.run_steps(4);
    ask(&mut window);
    engine.say("Perhaps by");
    window.run_steps(4);
    window.get_by_label("+").click();
    window.run_steps(4);
    go_to(&mut window, "40");
}

#[test]
fn the_report_the_place_and_the_conversation_are_there_again() {
    let library = ScriptedLibrary::default();
    work(&library);
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&library, &engine, &viewer, &[], None);
    let Some(Command::Read { job, .. }) = engine.commands().first().cloned() else { panic!("nothing was opened") };
    assert_eq!(job.sources[0].path, PathBuf::from(FILE));
    viewer.open(82);
    engine.finish(bulletin());
    window.run_steps(6);
    assert!(window.query_by_label("of 82, printed 38").is_some());
    assert!(window.query_by_label("By 0.2 percent.").is_some());
    assert!(window.query_by_label("Show page 11").is_some());
    assert!(window.query_by_label("Perhaps by").is_some(), "what had come of the second answer");
    assert!(window.query_by_label("Stopped here").is_some());
    // Once more, with nothing done in between.
    drop(window);
    let viewer = ScriptedViewer::default();
    let mut window = window_on(&library, &ScriptedEngine::default(), &viewer, &[], None);
    viewer.open(82);
    window.run_steps(6);
    assert!(window.query_by_label("of 82, printed 38").is_some());
    assert!(window.query_by_label("By 0.2 percent.").is_some());
}

#[test]
fn a_named_file_is_opened_and_the_old_one_is_offered() {
    let library = ScriptedLibrary::default();
    work(&library);
    let engine = ScriptedEngine::default();
    let mut window = window_on(&library, &engine, &ScriptedViewer::default(), &["/reports/other.pdf"], None);
    let Some(Command::Read { job, .. }) = engine.commands().first().cloned() else { panic!("nothing was opened") };
    assert_eq!(job.sources[0].path, PathBuf::from("/reports/other.pdf"));
    engine.tell(engine::protocol::Event::Cancelled { request: engine.last_request() });
    window.run_steps(4);
    window.get_by_label("treasury_bulletin_2025_06.pdf").click();
    window.run_steps(4);
    let Some(Command::Read { job, .. }) = engine.commands().last().cloned() else { panic!("nothing was opened") };
    assert_eq!(job.sources[0].path, PathBuf::from(FILE));
}

#[test]
fn a_damaged_memory_is_an_empty_one() {
    let window =
        window_on(&ScriptedLibrary::damaged(), &ScriptedEngine::default(), &ScriptedViewer::default(), &[], None);
    assert!(window.query_by_label("Drop a report here").is_some());
}

#[test]
fn the_library_is_restored_with_its_search() {
    let library = ScriptedLibrary::default();
    work(&library);
    let viewer = ScriptedViewer::default();
    let mut window = window_on(&library, &ScriptedEngine::default(), &viewer, &[], None);
    viewer.open(82);
    window.run_steps(4);
    window.get_by_label("Library").click();
    window.run_steps(4);
    window.get_by_label("Search all reports and conversations").focus();
    window.run_steps(2);
    window.get_by_label("Search all reports and conversations").type_text("receipts");
    window.run_steps(4);
    drop(window);
    let asked = library.commands().len();
    let window = window_on(&library, &ScriptedEngine::default(), &ScriptedViewer::default(), &[], None);
    assert!(window.query_by_label("Search all reports and conversations").is_some());
    let commands = library.commands().split_off(asked);
    let is_search =
        |command: &LibraryCommand| matches!(command, LibraryCommand::Search { query, .. } if query == "receipts");
    assert!(commands.iter().any(is_search), "{commands:?}");
    assert!(commands.iter().any(|command| matches!(command, LibraryCommand::CheckFiles(_))), "{commands:?}");
}

#[test]
fn a_file_that_changed_since_is_a_new_report_and_that_is_said() {
    let library = ScriptedLibrary::default();
    work(&library);
    let viewer = ScriptedViewer::default();
    let mut window = window_on(&library, &ScriptedEngine::default(), &viewer, &[], None);
    viewer.open_as(80, &"7".repeat(64), "treasury_bulletin_2025_06.pdf");
    window.run_steps(6);
    assert!(window.query_by_label("By 0.2 percent.").is_none());
    assert!(window.query_by_label_contains("This file has changed since you last opened it").is_some());
}

#[test]
fn a_report_that_was_moved_brings_everything_along() {
    let library = ScriptedLibrary::default();
    work(&library);
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&library, &engine, &viewer, &["/elsewhere/moved.pdf"], None);
    viewer.open_as(82, HASH, "moved.pdf");
    engine.finish(bulletin());
    window.run_steps(6);
    assert!(window.query_by_label("of 82, printed 38").is_some());
    assert!(window.query_by_label("By 0.2 percent.").is_some());
    window.get_by_label("Library").click();
    window.run_steps(4);
    let Some(LibraryCommand::CheckFiles(reports)) =
        library.commands().into_iter().rev().find(|command| matches!(command, LibraryCommand::CheckFiles(_)))
    else {
        panic!("nobody looked")
    };
    assert_eq!(reports, [(HASH.to_owned(), PathBuf::from("/elsewhere/moved.pdf"))]);
}

#[test]
fn a_file_that_is_gone_leaves_what_was_asked_about_it() {
    let library = ScriptedLibrary::default();
    work(&library);
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&library, &engine, &viewer, &[], None);
    viewer.refuse();
    engine.fail("there is no such file", "Open it from where it is now");
    window.run_steps(6);
    assert!(window.query_all_by_label("There is no such file").next().is_some());
    assert!(window.query_by_label("By 0.2 percent.").is_some());
    window.state_mut().export_to("/out/talk.html".into());
    let is_export = |command: &LibraryCommand| matches!(command, LibraryCommand::Export(_));
    assert!(library.commands().iter().any(is_export), "it cannot be given to others");
    drop(window);
    // The file is back, and so is the place in it.
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&library, &engine, &viewer, &[], None);
    viewer.open(82);
    engine.finish(bulletin());
    window.run_steps(6);
    assert!(window.query_by_label("of 82, printed 38").is_some());
    assert!(window.query_by_label("By 0.2 percent.").is_some());
}

#[test]
fn an_answer_is_saved_without_further_input() {
    let library = ScriptedLibrary::default();
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    // The reading behind has ended too: nothing moves.
    engine.finish(bulletin());
    window.run_steps(4);
    ask(&mut window);
    // As for real windows, frames come when the window asks for them; a caret that blinks would ask for some.
    window.ctx.all_styles_mut(|style| style.visuals.text_cursor.blink = false);
    let kept = |what: &str| {
        let is_kept = |command: &LibraryCommand| match command {
            LibraryCommand::SaveConversation { bytes, .. } => String::from_utf8_lossy(bytes).contains(what),
            _ => false,
        };
        library.commands().iter().any(is_kept)
    };
    let sleep_and_draw = |window: &mut egui_kittest::Harness<'static, app::window::Window>| {
        let delay = window.output().viewport_output[&eframe::egui::ViewportId::ROOT].repaint_delay;
        let is_soon = delay < Duration::from_secs(5);
        if is_soon {
            std::thread::sleep(delay);
            window.step();
        }
        is_soon
    };
    while sleep_and_draw(&mut window) && !kept(r#""end":"Open""#) {}
    engine.finish(answer("By 0.2 percent."));
    window.step();
    while !kept(r#""end":"Answered""#) {
        assert!(sleep_and_draw(&mut window), "the window sleeps, and the answer is not kept");
    }
}

/// The session that was saved last, as text.
fn session(library: &ScriptedLibrary) -> String {
    let last = library.commands().into_iter().rev().find_map(|command| match command {
        LibraryCommand::Save(Record::Desk, bytes) => Some(bytes),
        _ => None,
    });
    String::from_utf8(last.expect("nothing was saved")).unwrap()
}

/// Paths of the open tabs, as the window prints itself.
fn tabs(window: &egui_kittest::Harness<'static, app::window::Window>) -> usize {
    format!("{:?}", window.state()).matches("Tab { path: ").count()
}

#[test]
fn files_that_were_never_brought_to_the_front_are_there_again() {
    let library = ScriptedLibrary::default();
    work(&library);
    let names: Vec<String> = (0..200).map(|number| format!("/many/{number}.pdf")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let viewer = ScriptedViewer::default();
    let mut window = window_on(&library, &ScriptedEngine::default(), &viewer, &names, None);
    viewer.open_as(82, &"5".repeat(64), "0.pdf");
    window.run_steps(4);
    assert_eq!(tabs(&window), 201);
    drop(window);
    for _ in 0..2 {
        let viewer = ScriptedViewer::default();
        let mut window = window_on(&library, &ScriptedEngine::default(), &viewer, &[], None);
        assert_eq!(tabs(&window), 201);
        viewer.open_as(82, &"5".repeat(64), "0.pdf");
        window.run_steps(4);
        let opened = viewer.commands();
        let is_front = |command: &ViewCommand| matches!(command, ViewCommand::Open { path, .. } if path == Path::new("/many/0.pdf"));
        assert_eq!(opened.iter().filter(|command| is_front(command)).count(), 1, "the one in front, and only that one");
    }
    let session = session(&library);
    assert!(names[1..].iter().all(|name| session.contains(&format!("{name:?}"))), "{session}");
}

#[test]
#[cfg(unix)]
fn a_file_name_that_is_not_unicode_is_kept_and_nothing_else_is_lost() {
    use std::os::unix::ffi::OsStringExt as _;
    let strange = PathBuf::from(std::ffi::OsString::from_vec(b"/reports/r\xe9sum\xe9.pdf".to_vec()));
    let library = ScriptedLibrary::default();
    work(&library);
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let scripted = services(&library, &engine, &viewer, &ScriptedModels::default());
    let mut window = start_window(scripted, Start { files: vec![strange.clone()], ..Start::default() });
    viewer.open_as(82, &"5".repeat(64), "r?sum?.pdf");
    window.run_steps(6);
    drop(window);
    let saved = session(&library);
    assert!(saved.contains(FILE) && saved.contains(HASH), "{saved}");
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let window = window_on(&library, &engine, &viewer, &[], None);
    assert_eq!(tabs(&window), 2);
    let Some(Command::Read { job, .. }) = engine.commands().first().cloned() else { panic!("nothing was opened") };
    assert_eq!(job.sources[0].path, strange);
}

#[test]
fn what_a_later_version_wrote_is_read_as_far_as_it_is_understood_and_set_aside() {
    let library = ScriptedLibrary::default();
    work(&library);
    let saved = session(&library);
    let strange = saved.replace(r#""screen":"Report""#, r#""screen":"Compare""#);
    assert_ne!(strange, saved);
    library.clone().send(LibraryCommand::Save(Record::Desk, strange.clone().into_bytes()));
    let engine = ScriptedEngine::default();
    drop(window_on(&library, &engine, &ScriptedViewer::default(), &[], None));
    let Some(Command::Read { job, .. }) = engine.commands().first().cloned() else { panic!("nothing was opened") };
    assert_eq!(job.sources[0].path, PathBuf::from(FILE));
    let item = StoredItem::Record(Record::Desk);
    let aside = LibraryCommand::SetAside { item, bytes: strange.into_bytes(), message: None };
    assert!(library.commands().contains(&aside));
}
