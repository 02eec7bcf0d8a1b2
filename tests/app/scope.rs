//! The scope of a question: chosen above its field, sent to the engine, shown with the answer, and saved.

use app::window::Window;
use eframe::egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::{AskJob, Command, Event, Outcome, Part, RequestId};

use crate::flows::{FILE, ask, opened_on, window_with};
use crate::pages::go_to;
use crate::scripted::{HASH, ScriptedEngine, ScriptedLibrary, ScriptedViewer, answer, bulletin};

const OTHER: &str = "/reports/outlook.pdf";

fn opened(engine: &ScriptedEngine, viewer: &ScriptedViewer) -> Harness<'static, Window> {
    opened_on(&ScriptedLibrary::default(), engine, viewer)
}

/// The last question that was asked, and its number.
fn last_question(engine: &ScriptedEngine) -> (RequestId, AskJob) {
    let last = engine.commands().into_iter().rev().find_map(|command| match command {
        Command::Ask { request, job } => Some((request, job)),
        _ => None,
    });
    last.expect("nothing was asked")
}

fn asked(engine: &ScriptedEngine) -> AskJob {
    last_question(engine).1
}

fn choose(window: &mut Harness<'static, Window>, scope: &str) {
    window.get_by_label_contains("About: ").click();
    window.run_steps(3);
    window.get_by_label(scope).click();
    window.run_steps(4);
}

fn pages(first: u32, last: u32) -> Part {
    Part::Pages { document: 0, first, last }
}

#[test]
fn a_question_is_about_the_whole_report_unless_a_page_is_chosen_and_is_asked_again_about_the_same() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    ask(&mut window);
    assert_eq!(asked(&engine).scope, []);
    engine.finish(answer("By 0.2 percent."));
    window.run_steps(4);
    assert!(window.query_by_label_contains("About page").is_none());

    choose(&mut window, "This page (1)");
    go_to(&mut window, "9");
    assert!(window.query_by_label("About: This page (9)").is_some(), "it is the page in sight");
    ask(&mut window);
    assert_eq!(asked(&engine).scope, [pages(9, 9)]);
    engine.finish(answer("By 0.3 percent."));
    window.run_steps(4);
    assert!(window.query_by_label("About page 9").is_some());

    go_to(&mut window, "20");
    choose(&mut window, "Whole report");
    window.get_by_label("Regenerate answer 2").click();
    window.run_steps(4);
    assert_eq!(asked(&engine).scope, [pages(9, 9)], "about what it was about");
}

#[test]
fn typed_pages_are_checked_and_errors_are_shown_next_to_them() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    choose(&mut window, "Pages…");
    window.get_by_label("About pages").type_text("3-8, 90");
    window.run_steps(3);
    assert!(window.query_by_label("There is no page 90: the report has 82 pages").is_some());
    assert!(window.query_by_label("About: Whole report").is_some());
    window.key_press(Key::Enter);
    window.run_steps(3);
    assert!(window.query_by_label("About pages").is_some(), "it is still asked for");
    window.get_by_label("About pages").focus();
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run_steps(1);
    window.get_by_label("About pages").type_text("3-8, 12");
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert!(window.query_by_label("About: Pages 3–8, 12").is_some());
    ask(&mut window);
    assert_eq!(asked(&engine).scope, [pages(3, 8), pages(12, 12)]);
    window.run_steps(2);
    assert!(window.query_by_label("About pages 3–8, 12").is_some());
}

#[test]
fn a_question_on_several_reports_leads_to_the_report_that_the_answer_comes_from() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_with(&engine, &viewer, &[OTHER, FILE], None);
    viewer.open_as(40, "5c0e", "outlook.pdf");
    engine.finish(bulletin());
    window.run_steps(5);
    window.get_by_label("treasury_bulletin_2025_06.pdf").click();
    window.run_steps(3);
    viewer.open_as(82, HASH, "treasury_bulletin_2025_06.pdf");
    engine.finish(bulletin());
    window.run_steps(5);
    choose(&mut window, "All open reports");
    assert!(window.query_by_label("About: 2 reports").is_some());
    ask(&mut window);
    let job = asked(&engine);
    let files: Vec<&str> = job.sources.iter().filter_map(|source| source.path.to_str()).collect();
    assert_eq!((files.as_slice(), job.scope.len()), (&[FILE, OTHER][..], 0));
    assert!(job.answering.within_secs.is_some(), "reports that were never read may take very long");
    let Outcome::Answer(mut both) = answer("By 0.2 percent.") else { unreachable!("it is an answer") };
    both.evidence[1].document = 1;
    // The reading behind was asked for again, after the question.
    let request = last_question(&engine).0;
    engine.tell(Event::Done { request, outcome: Outcome::Answer(both) });
    window.run_steps(5);
    assert!(window.query_by_label("About 2 reports").is_some());
    assert!(window.query_by_label("Show page 9").is_some());
    window.get_by_label("Show outlook.pdf, page 11").click();
    window.run_steps(6);
    assert!(window.query_by_label("of 40, printed 9").is_some(), "page 11 of the other report");
}

#[test]
fn the_scope_of_a_question_is_saved() {
    let library = ScriptedLibrary::default();
    {
        let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
        let mut window = opened_on(&library, &engine, &viewer);
        go_to(&mut window, "12");
        choose(&mut window, "This page (12)");
        ask(&mut window);
        engine.finish(answer("By 0.2 percent."));
        window.run_steps(4);
    }
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    window.run_steps(4);
    assert!(window.query_by_label("About page 12").is_some());
    window.get_by_label("Regenerate answer 1").click();
    window.run_steps(4);
    assert_eq!(asked(&engine).scope, [pages(12, 12)]);
}
