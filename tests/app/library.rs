//! Several reports at once, all that were open before, and finding words in them.

use std::path::PathBuf;

use app::services::library::{FileStatus, HitLocation, LibraryCommand, LibraryEvent, LibraryHit, ReportStatus};
use app::window::Window;
use eframe::egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::Command;
use engine::store::library::{Passage, Record};
use engine::viewer::ViewCommand;

use crate::flows::{FILE, ask, window_on};
use crate::scripted::{HASH, ScriptedEngine, ScriptedLibrary, ScriptedViewer, answer, bulletin};

const OTHER: &str = "/reports/annual_report.pdf";
const OTHER_HASH: &str = "7777777777777777777777777777777777777777777777777777777777777777";

/// A window in which two reports are open, the second one in front.
fn two_reports(
    library: &ScriptedLibrary,
    engine: &ScriptedEngine,
    viewer: &ScriptedViewer,
) -> Harness<'static, Window> {
    let mut window = window_on(library, engine, viewer, &[FILE, OTHER], None);
    viewer.open(82);
    engine.finish(bulletin());
    window.run_steps(4);
    window.get_by_label("annual_report.pdf").click();
    window.run_steps(2);
    viewer.open_as(40, OTHER_HASH, "annual_report.pdf");
    engine.finish(bulletin());
    window.run_steps(4);
    window
}

fn read(engine: &ScriptedEngine) -> Vec<(PathBuf, bool)> {
    let job = |command| match command {
        Command::Read { job, .. } => Some((job.sources[0].path.clone(), job.plan_only)),
        _ => None,
    };
    engine.commands().into_iter().filter_map(job).collect()
}

#[test]
fn reports_stand_side_by_side_each_with_its_own_conversation() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = two_reports(&ScriptedLibrary::default(), &engine, &viewer);
    assert!(window.query_by_label("of 40, printed i").is_some());
    ask(&mut window);
    let Some(Command::Ask { job, .. }) = engine.commands().last().cloned() else { panic!("nothing was asked") };
    assert_eq!(job.sources[0].path, PathBuf::from(OTHER));
    let asked = engine.last_request();
    window.get_by_label("treasury_bulletin_2025_06.pdf").click();
    window.run_steps(4);
    assert!(window.query_by_label("of 82, printed i").is_some());
    // The answer comes while another report is looked at.
    let outcome = answer("By 0.2 percent.");
    engine.tell(engine::protocol::Event::Done { request: asked, outcome });
    window.run_steps(4);
    assert!(window.query_by_label("By 0.2 percent.").is_none());
    window.key_press_modifiers(Modifiers::CTRL, Key::Tab);
    window.run_steps(4);
    assert!(window.query_by_label("By 0.2 percent.").is_some());
}

#[test]
fn what_the_user_looks_at_is_read_first_and_the_rest_later() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = two_reports(&ScriptedLibrary::default(), &engine, &viewer);
    let (file, other) = (PathBuf::from(FILE), PathBuf::from(OTHER));
    let expected = [(file.clone(), true), (file.clone(), false), (other.clone(), true), (other, false)];
    assert_eq!(read(&engine), expected);
    let halted = engine.commands().into_iter().filter(|command| matches!(command, Command::Cancel { .. })).count();
    assert_eq!(halted, 1, "the first report is not read while the second is looked at");
    engine.finish(bulletin());
    window.run_steps(4);
    assert_eq!(read(&engine).last(), Some(&(file, false)), "the first report is taken up again");
    assert_eq!(read(&engine).len(), 5);
}

#[test]
fn a_closed_report_is_let_go_of_and_the_other_comes_to_the_front() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = two_reports(&ScriptedLibrary::default(), &engine, &viewer);
    window.get_by_label("Close annual_report.pdf").click();
    window.run_steps(4);
    assert!(window.query_by_label("annual_report.pdf").is_none());
    assert!(window.query_by_label("of 82, printed i").is_some());
    assert!(viewer.commands().iter().any(|command| matches!(command, ViewCommand::Close(_))));
    window.key_press_modifiers(Modifiers::COMMAND, Key::W);
    window.run_steps(4);
    assert!(window.query_by_label("Drop a report here").is_some());
}

#[test]
fn a_file_that_is_open_is_brought_to_the_front_under_any_name() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let library = ScriptedLibrary::default();
    let mut window = window_on(&library, &engine, &viewer, &[FILE, "/reports/copy.pdf"], None);
    viewer.open(82);
    window.run_steps(4);
    window.get_by_label("copy.pdf").click();
    window.run_steps(2);
    viewer.open(82);
    window.run_steps(4);
    assert!(window.query_by_label("copy.pdf").is_none(), "the same report twice");
    assert!(window.query_by_label("of 82, printed i").is_some());
}

#[test]
fn all_reports_are_listed_with_what_became_of_their_files() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let library = ScriptedLibrary::default();
    let mut window = two_reports(&library, &engine, &viewer);
    window.get_by_label("Library").click();
    window.run_steps(4);
    let Some(LibraryCommand::CheckFiles(asked)) = library.commands().last().cloned() else { panic!("nobody looked") };
    assert_eq!(asked.len(), 2);
    let stands = |hash: &str, file| ReportStatus { hash: hash.into(), file, kept_bytes: 89_300_000 };
    library.tell(LibraryEvent::Statuses(vec![stands(HASH, FileStatus::Gone), stands(OTHER_HASH, FileStatus::Changed)]));
    window.run_steps(4);
    assert!(window.query_by_label("File not found: open it from its new location").is_some());
    assert!(window.query_by_label("The file has changed: opening it adds a new report").is_some());
    assert!(window.query_by_label("82 pages, opened in the last 24 hours, 89.3 MB cached").is_some());
}

#[test]
fn a_report_is_removed_with_everything_made_from_it_once_that_is_confirmed() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let library = ScriptedLibrary::default();
    let mut window = two_reports(&library, &engine, &viewer);
    let is_removal = |command: &LibraryCommand| matches!(command, LibraryCommand::Remove(_));
    window.get_by_label("Library").click();
    window.run_steps(4);
    window.query_all_by_label("Remove…").next().unwrap().click();
    window.run_steps(4);
    window.get_by_label("Cancel").click();
    window.run_steps(4);
    assert!(!library.commands().iter().any(is_removal));
    window.query_all_by_label("Remove…").next().unwrap().click();
    window.run_steps(4);
    window.get_by_label("Remove report").click();
    window.run_steps(4);
    let removed = library.commands().into_iter().find(is_removal);
    assert_eq!(removed, Some(LibraryCommand::Remove(OTHER_HASH.into())));
    assert!(window.query_by_label("annual_report.pdf").is_none());
    assert!(window.query_all_by_label("treasury_bulletin_2025_06.pdf").next().is_some());
    // A second later what is remembered no longer names it.
    drop(window);
    let kept = library.commands().into_iter().rev().find_map(|command| match command {
        LibraryCommand::Save(Record::Desk, bytes) => Some(String::from_utf8(bytes).unwrap()),
        _ => None,
    });
    assert!(!kept.unwrap().contains(OTHER_HASH));
}

#[test]
fn words_are_found_in_all_reports_and_lead_to_their_page() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let library = ScriptedLibrary::default();
    let mut window = two_reports(&library, &engine, &viewer);
    window.get_by_label("Library").click();
    window.run_steps(4);
    window.get_by_label("Search all reports and conversations").focus();
    window.run_steps(2);
    window.get_by_label("Search all reports and conversations").type_text("receipts");
    window.run_steps(4);
    let Some(LibraryCommand::Search { query, reports }) = library.commands().last().cloned() else {
        panic!("nothing was looked for")
    };
    assert_eq!((query.as_str(), reports.len()), ("receipts", 2));
    let passage = Passage { text: "net receipts of the year".into(), found: Vec::new() };
    let hits = vec![LibraryHit { hash: HASH.into(), place: HitLocation::Page(30), passage }];
    library.tell(LibraryEvent::Found { query, hits, is_last: true });
    window.run_steps(4);
    assert!(window.query_by_label("1 match").is_some());
    window.get_by_label_contains("net receipts of the year").click();
    window.run_steps(6);
    assert!(window.query_by_label("of 82, printed 28").is_some());
    let looks_for = |command: &ViewCommand| matches!(command, ViewCommand::Find { query, .. } if query == "receipts");
    assert!(viewer.commands().iter().any(looks_for), "the words are not marked on the page");
}

#[test]
fn every_command_is_found_by_a_few_letters() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let library = ScriptedLibrary::default();
    let mut window = two_reports(&library, &engine, &viewer);
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(4);
    window.get_by_label("All commands").type_text("dark");
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert!(window.query_by_label("All commands").is_none());
    assert_eq!(window.ctx.theme(), eframe::egui::Theme::Dark);
    let is_kept = |command: &LibraryCommand| matches!(command, LibraryCommand::Save(Record::Settings, _));
    assert!(library.commands().iter().any(is_kept), "forgotten at the next start");
}
