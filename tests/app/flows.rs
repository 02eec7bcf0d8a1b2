//! User flows in the window, driven as by a screen reader: by role and label.

use std::path::PathBuf;

use app::window::{Services, Start, Window};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::{Command, Event, Stage};

use crate::scripted::{
    ScriptedEngine, ScriptedLibrary, ScriptedModels, ScriptedViewer, answer, answer_from_part, bulletin, extent,
    starter,
};

pub(crate) const FILE: &str = "/reports/treasury_bulletin_2025_06.pdf";
const QUESTION: &str = "How much did real GDP decline?";

fn window(engine: &ScriptedEngine, files: &[&str], question: Option<&str>) -> Harness<'static, Window> {
    window_with(engine, &ScriptedViewer::default(), files, question)
}

pub(crate) fn window_with(
    engine: &ScriptedEngine,
    viewer: &ScriptedViewer,
    files: &[&str],
    question: Option<&str>,
) -> Harness<'static, Window> {
    window_on(&ScriptedLibrary::default(), engine, viewer, files, question)
}

pub(crate) fn window_on(
    library: &ScriptedLibrary,
    engine: &ScriptedEngine,
    viewer: &ScriptedViewer,
    files: &[&str],
    question: Option<&str>,
) -> Harness<'static, Window> {
    let services = services(library, engine, viewer, &ScriptedModels::default());
    let files = files.iter().map(PathBuf::from).collect();
    start_window(services, Start { files, question: question.map(String::from), ..Start::default() })
}

/// A window that shows a report of 82 pages.
pub(crate) fn opened_on(
    library: &ScriptedLibrary,
    engine: &ScriptedEngine,
    viewer: &ScriptedViewer,
) -> Harness<'static, Window> {
    let mut window = window_on(library, engine, viewer, &[FILE], None);
    viewer.open(82);
    engine.finish(bulletin());
    window.run_steps(5);
    window
}

/// Services of a window, all of them scripted.
pub(crate) fn services(
    library: &ScriptedLibrary,
    engine: &ScriptedEngine,
    viewer: &ScriptedViewer,
    models: &ScriptedModels,
) -> Services {
    Services {
        engine: Box::new(engine.clone()),
        viewer: Box::new(viewer.clone()),
        library: Box::new(library.clone()),
        models: Box::new(models.clone()),
        open_requests: None,
        power: None,
    }
}

pub(crate) fn start_window(services: Services, start: Start) -> Harness<'static, Window> {
    Harness::builder()
        .with_size([1360.0, 860.0])
        .build_eframe(move |creation| Window::new(&creation.egui_ctx, services, start).unwrap())
}

/// A window in which the report is open.
fn with_report(engine: &ScriptedEngine) -> Harness<'static, Window> {
    let mut window = window(engine, &[FILE], None);
    engine.finish(bulletin());
    window.run();
    window
}

/// Writes a question and presses the button.
pub(crate) fn ask(window: &mut Harness<'static, Window>) {
    window.get_by_label("Your question").focus();
    window.run_steps(2);
    window.get_by_label("Your question").type_text(QUESTION);
    window.run_steps(2);
    window.get_by_label("Ask").click();
    window.run_steps(4);
}

#[test]
fn the_first_screen_says_where_to_drop_a_report() {
    let window = window(&ScriptedEngine::default(), &[], None);
    assert!(window.query_by_label("Drop a report here").is_some());
    assert!(window.query_by_label("Open…").is_some());
    assert!(window.query_by_label("Your documents stay on this computer").is_some());
}

#[test]
fn a_report_is_opened_and_named_with_its_pages() {
    let engine = ScriptedEngine::default();
    let mut window = window(&engine, &[FILE], None);
    let Some(Command::Read { job, .. }) = engine.commands().first().cloned() else { panic!("nothing was read") };
    assert_eq!(job.sources[0].path, PathBuf::from(FILE));
    let request = engine.last_request();
    engine.tell(Event::Progress { request, stage: Stage::Pages, done: 12, total: 82 });
    window.run_steps(2);
    assert!(window.query_by_label("12 of 82 pages").is_some());
    engine.finish(bulletin());
    window.run();
    assert!(window.query_by_label("treasury_bulletin_2025_06.pdf").is_some());
    assert!(window.query_by_label("82 pages, 1 not readable").is_some());
    assert!(window.query_by_label("12 of 82 pages").is_none(), "the progress is still shown");
}

#[test]
fn an_answer_streams_in_and_shows_where_it_comes_from() {
    let engine = ScriptedEngine::default();
    let mut window = with_report(&engine);
    ask(&mut window);
    let Some(Command::Ask { job, .. }) = engine.commands().last().cloned() else { panic!("nothing was asked") };
    assert_eq!(job.question, QUESTION);
    assert_eq!(job.sources[0].path, PathBuf::from(FILE));
    engine.tell(Event::Model { request: engine.last_request(), model: starter() });
    engine.say("By 0.2");
    window.run_steps(3);
    assert!(window.query_by_label("By 0.2").is_some());
    engine.say(" percent");
    window.run_steps(3);
    assert!(window.query_by_label("By 0.2 percent").is_some());
    assert!(window.query_by_label("Show page 9").is_none(), "sources before the answer is done");
    engine.finish(answer("By 0.2 percent."));
    window.run();
    assert!(window.query_by_label("By 0.2 percent.").is_some());
    assert!(window.query_by_label("Show page 9").is_some());
    assert!(window.query_by_label("Share of page 9: 71 %").is_some());
    assert!(window.query_by_label_contains("Real GDP declined 0.2 percent").is_some());
    window.get_by_label("Show page 11").click();
    window.run();
    assert!(window.query_by_label("Figure: Growth of real GDP").is_some());
    assert!(window.query_by_label_contains("a small text-only model").is_some());
}

#[test]
fn enter_asks_too() {
    let engine = ScriptedEngine::default();
    let mut window = with_report(&engine);
    window.get_by_label("Your question").focus();
    window.run_steps(2);
    window.get_by_label("Your question").type_text(QUESTION);
    window.run_steps(2);
    window.key_press(eframe::egui::Key::Enter);
    window.run_steps(4);
    assert!(matches!(engine.commands().last(), Some(Command::Ask { .. })));
}

#[test]
fn escape_while_a_report_opens_does_not_stop_that() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&ScriptedLibrary::default(), &engine, &viewer, &[FILE], None);
    viewer.open(82);
    window.run_steps(4);
    // Whoever has looked for words leaves the field by that key.
    window.get_by_label("Find in the report").focus();
    window.run_steps(2);
    window.key_press(eframe::egui::Key::Escape);
    window.run_steps(4);
    let is_cancel = |command: &Command| matches!(command, Command::Cancel { .. });
    assert!(!engine.commands().iter().any(is_cancel), "{:?}", engine.commands());
    engine.finish(bulletin());
    window.run_steps(4);
    ask(&mut window);
    assert!(matches!(engine.commands().last(), Some(Command::Ask { .. })));
}

#[test]
fn a_question_that_comes_before_the_report_is_open_is_asked_once_it_is() {
    let engine = ScriptedEngine::default();
    let mut window = window(&engine, &[FILE], None);
    window.get_by_label("Your question").focus();
    window.run_steps(2);
    window.get_by_label("Your question").type_text(QUESTION);
    window.run_steps(2);
    window.key_press(eframe::egui::Key::Enter);
    window.run_steps(4);
    assert!(window.query_by_label("Will be asked as soon as the report is open").is_some());
    assert_eq!(engine.commands().len(), 1, "asked before the report was open");
    engine.finish(bulletin());
    window.run_steps(4);
    let asked = engine.commands().into_iter().find_map(|command| match command {
        Command::Ask { job, .. } => Some(job.question),
        _ => None,
    });
    assert_eq!(asked.as_deref(), Some(QUESTION));
    assert!(window.query_by_label("Will be asked as soon as the report is open").is_none());
}

#[test]
fn a_question_from_the_command_line_is_asked_once_the_report_is_open() {
    let engine = ScriptedEngine::default();
    let mut window = window(&engine, &[FILE], Some(QUESTION));
    assert_eq!(engine.commands().len(), 1, "asked before the report was open");
    engine.finish(bulletin());
    window.run_steps(4);
    let asked = engine.commands().into_iter().filter(|command| matches!(command, Command::Ask { .. })).count();
    assert_eq!(asked, 1);
}

#[test]
fn a_failure_says_what_to_do_and_can_be_dismissed() {
    let engine = ScriptedEngine::default();
    let mut window = window(&engine, &[FILE], None);
    engine.fail("the file is encrypted", "Give its password with --password-file");
    window.run();
    assert!(window.query_by_label("The file is encrypted").is_some());
    assert!(window.query_by_label("Give its password with --password-file").is_some());
    window.get_by_label("Dismiss").click();
    window.run();
    assert!(window.query_by_label("The file is encrypted").is_none());
}

#[test]
fn a_question_that_fails_leaves_the_report_open() {
    let engine = ScriptedEngine::default();
    let mut window = with_report(&engine);
    ask(&mut window);
    engine.fail("no model is installed", "Run recto models pull starter");
    window.run();
    assert!(window.query_by_label("No model is installed").is_some());
    assert!(window.query_by_label("treasury_bulletin_2025_06.pdf").is_some());
    ask(&mut window);
    let asked = engine.commands().into_iter().filter(|command| matches!(command, Command::Ask { .. })).count();
    assert_eq!(asked, 2);
}

#[test]
fn cancel_stops_the_answer_and_keeps_what_has_come() {
    let engine = ScriptedEngine::default();
    let mut window = with_report(&engine);
    ask(&mut window);
    engine.say("By 0.2");
    window.run_steps(3);
    window.get_by_label("Cancel").click();
    window.run_steps(3);
    let request = engine.last_request();
    assert_eq!(engine.commands().last(), Some(&Command::Cancel { request }));
    assert!(window.query_by_label("Stopping").is_some());
    engine.tell(Event::Cancelled { request });
    window.run();
    assert!(window.query_by_label("By 0.2").is_some());
    assert!(window.query_by_label("Stopped here").is_some());
    assert!(window.query_by_label("Ask").is_some());
}

#[test]
fn what_an_abandoned_request_tells_is_not_shown() {
    let engine = ScriptedEngine::default();
    let mut window = with_report(&engine);
    ask(&mut window);
    let abandoned = engine.last_request();
    engine.tell(Event::Cancelled { request: abandoned });
    engine.tell(Event::Token { request: abandoned, text: "too late".into() });
    window.run();
    assert!(window.query_by_label_contains("too late").is_none());
}

#[test]
fn an_answer_from_a_part_says_so_and_is_offered_again_when_more_is_read() {
    let engine = ScriptedEngine::default();
    let mut window = with_report(&engine);
    let Some(Command::Read { request: behind, job }) = engine.commands().last().cloned() else {
        panic!("the report is not read")
    };
    assert!(!job.plan_only, "the report was looked at and not read");
    ask(&mut window);
    let request = engine.last_request();
    engine.tell(Event::Waiting { request });
    engine.tell(Event::Progress { request: behind, stage: Stage::Text, done: 1, total: 9 });
    window.run_steps(3);
    assert!(window.query_all_by_label("Waiting for the first pages to be read").next().is_some());
    engine.finish(answer_from_part("By 0.2 percent.", 12));
    window.run();
    assert!(window.query_by_label("Answered when 12 of 40 pages had been read").is_some());
    assert!(window.query_by_label_contains("Ask again").is_none(), "offered before more is read");
    engine.tell(Event::MoreRead { request, read: extent(20) });
    window.run();
    assert!(window.query_by_label("Ask again: 20 of 40 pages are read now").is_some());
    engine.tell(Event::MoreRead { request, read: extent(40) });
    window.run();
    window.get_by_label("Ask again: everything is read now").click();
    window.run_steps(4);
    let Some(Command::Ask { request: again, job }) = engine.commands().last().cloned() else {
        panic!("nothing was asked")
    };
    assert!(again != request && job.question == QUESTION);
    engine.finish(answer("By 0.3 percent."));
    window.run();
    assert!(window.query_by_label("By 0.3 percent.").is_some());
    assert!(window.query_by_label_contains("Ask again").is_none());
}
