//! Answers: drawn as they are meant, checked against their pages, asked for again, changed, taken away.

use app::services::library::{HitLocation, LibraryCommand, LibraryEvent, LibraryHit};
use app::window::Window;
use eframe::egui::{Key, Modifiers, OutputCommand};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::{Command, ErrorReport, Event};
use engine::store::library::Passage;

use crate::flows::{ask, opened_on, window_on};
use crate::scripted::{HASH, ScriptedEngine, ScriptedLibrary, ScriptedViewer, answer, answer_from_nowhere, bulletin};

const QUESTION: &str = "How much did real GDP decline?";

/// A window that shows a report of 82 pages, which was looked through.
fn opened(engine: &ScriptedEngine, viewer: &ScriptedViewer) -> Harness<'static, Window> {
    opened_on(&ScriptedLibrary::default(), engine, viewer)
}

/// The same, with a question that was answered.
fn answered(engine: &ScriptedEngine, viewer: &ScriptedViewer, text: &str) -> Harness<'static, Window> {
    let mut window = opened(engine, viewer);
    ask(&mut window);
    engine.finish(answer(text));
    window.run_steps(6);
    window
}

fn press(window: &mut Harness<'static, Window>, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(5);
}

/// What stands in the question's field.
fn draft(window: &Harness<'static, Window>) -> String {
    window.get_by_label("Your question").value().unwrap_or_default()
}

fn write(window: &mut Harness<'static, Window>, text: &str) {
    window.get_by_label("Your question").focus();
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.run_steps(1);
    window.get_by_label("Your question").type_text(text);
    window.run_steps(2);
}

fn questions(engine: &ScriptedEngine) -> Vec<(String, f32)> {
    let job = |command| match command {
        Command::Ask { job, .. } => Some((job.question, job.answering.temperature)),
        _ => None,
    };
    engine.commands().into_iter().filter_map(job).collect()
}

/// What a press of the button puts into the clipboard.
fn copied(window: &mut Harness<'static, Window>, label: &str) -> Option<String> {
    window.get_by_label(label).click();
    (0..4).find_map(|_| {
        window.step();
        window.output().platform_output.commands.iter().find_map(|command| match command {
            OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
    })
}

#[test]
fn markdown_is_drawn_as_it_comes() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    ask(&mut window);
    engine.say("## In short\n\nIt **fell**:\n\n| Quarter | Gro");
    window.run_steps(3);
    assert!(window.query_by_label("In short").is_some());
    assert!(window.query_by_label("It fell:").is_some());
    engine.say("wth |\n|---|--:|\n| First | 0.2 |\n| Second | 0.4 |\n\n1. One\n2. Two `x`");
    window.run_steps(3);
    for cell in ["Quarter", "First", "0.2", "Second", "0.4", "One", "1.", "Two x"] {
        assert!(window.query_by_label(cell).is_some(), "{cell}");
    }
    let (first, second) = (window.get_by_label("First").rect(), window.get_by_label("Second").rect());
    assert!(first.max.y <= second.min.y && (first.min.x - second.min.x).abs() < 1.0, "rows stand below each other");
    let (narrow, wide) = (window.get_by_label("0.2").rect(), window.get_by_label("In short").rect());
    assert!(narrow.min.x > first.max.x, "columns stand beside each other");
    assert!(wide.min.y < first.min.y);
}

#[test]
fn numbers_that_stand_on_the_cited_pages_are_told_from_those_that_do_not() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = answered(&engine, &viewer, "By 0.2 percent, not by 5.1 or 7.3.");
    assert!(window.query_by_label("Not on the cited pages: 5.1, 7.3").is_some());
    // The lines of a cited page become known: one of the numbers stands there.
    viewer.tell_page(11, &["Outlays rose by 5.1 percent"]);
    window.run_steps(4);
    assert!(window.query_by_label("Not on the cited pages: 7.3").is_some());
}

#[test]
fn a_number_leads_to_where_it_stands() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = answered(&engine, &viewer, "0.2");
    assert!(window.query_by_label("of 82, printed i").is_some());
    press(&mut window, "0.2");
    assert!(window.query_by_label("of 82, printed 7").is_some());
    press(&mut window, "Back");
    assert!(window.query_by_label("of 82, printed i").is_some());
}

#[test]
fn an_answer_is_copied_with_its_pages() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = answered(&engine, &viewer, "By 0.2 percent.");
    assert_eq!(copied(&mut window, "Copy answer 1").as_deref(), Some("By 0.2 percent. (pages 9, 11)"));
}

#[test]
fn the_next_citation_is_shown_by_key() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = answered(&engine, &viewer, "By 0.2 percent.");
    for printed in ["7", "9", "7"] {
        window.key_press_modifiers(Modifiers::COMMAND, Key::E);
        window.run_steps(6);
        assert!(window.query_by_label(&format!("of 82, printed {printed}")).is_some(), "{printed}");
    }
}

#[test]
fn an_answer_is_asked_for_again_and_the_earlier_one_stays() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = answered(&engine, &viewer, "By 0.2 percent.");
    press(&mut window, "Regenerate answer 1");
    let asked = questions(&engine);
    assert_eq!(asked.len(), 2);
    assert!(asked[1].0 == QUESTION && asked[1].1 > 0.0, "the same answer again: {asked:?}");
    assert!(window.query_by_label("By 0.2 percent.").is_none());
    engine.finish(answer("It fell by 0.2 percent."));
    window.run_steps(5);
    assert!(window.query_by_label("It fell by 0.2 percent.").is_some() && window.query_by_label("2 of 2").is_some());
    press(&mut window, "Earlier answer 1");
    assert!(window.query_by_label("By 0.2 percent.").is_some() && window.query_by_label("1 of 2").is_some());
    press(&mut window, "Later answer 1");
    assert!(window.query_by_label("It fell by 0.2 percent.").is_some());
}

#[test]
fn an_answer_that_is_stopped_before_it_came_gives_way_to_the_earlier_one() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = answered(&engine, &viewer, "By 0.2 percent.");
    press(&mut window, "Regenerate answer 1");
    engine.tell(Event::Cancelled { request: engine.last_request() });
    window.run_steps(4);
    assert!(window.query_by_label("By 0.2 percent.").is_some());
    press(&mut window, "Regenerate answer 1");
    engine.say("It fell");
    engine.tell(Event::Cancelled { request: engine.last_request() });
    window.run_steps(4);
    assert!(window.query_by_label("It fell").is_some() && window.query_by_label("Stopped here").is_some());
    assert!(window.query_by_label("2 of 2").is_some());
}

#[test]
fn a_question_is_changed_in_its_place_and_nothing_that_was_written_is_lost() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = answered(&engine, &viewer, "By 0.2 percent.");
    ask(&mut window);
    engine.finish(answer("By 0.3 percent."));
    window.run_steps(5);
    write(&mut window, "And outl");
    press(&mut window, "Edit question 1");
    assert_eq!(draft(&window), QUESTION);
    assert!(window.query_by_label("Editing question 1; its answer is kept").is_some());
    press(&mut window, "Discard");
    assert_eq!(draft(&window), "And outl");
    press(&mut window, "Edit question 1");
    write(&mut window, "How much in 2024?");
    press(&mut window, "Ask");
    assert_eq!(draft(&window), "And outl");
    engine.finish(answer("By 2.8 percent."));
    window.run_steps(5);
    let (changed, after) =
        (window.get_by_label("How much in 2024?").rect(), window.get_by_label("By 0.3 percent.").rect());
    assert!(changed.max.y < after.min.y, "the changed question stands where it stood");
    assert!(window.query_by_label("By 2.8 percent.").is_some());
    press(&mut window, "Earlier answer 1");
    assert!(window.query_by_label("By 0.2 percent.").is_some());
    assert!(window.query_by_label("How much in 2024?").is_none());
}

#[test]
fn what_is_being_written_is_there_after_a_restart() {
    let library = ScriptedLibrary::default();
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    ask(&mut window);
    engine.finish(answer("By 0.2 percent."));
    window.run_steps(4);
    press(&mut window, "Regenerate answer 1");
    engine.finish(answer("It fell by 0.2 percent."));
    window.run_steps(4);
    write(&mut window, "And outl");
    press(&mut window, "Edit question 1");
    write(&mut window, "How much in 2024");
    drop(window);
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&library, &engine, &viewer, &[], None);
    viewer.open(82);
    engine.finish(bulletin());
    window.run_steps(6);
    assert_eq!(draft(&window), "How much in 2024");
    press(&mut window, "Discard");
    assert_eq!(draft(&window), "And outl");
    assert!(window.query_by_label("2 of 2").is_some());
    press(&mut window, "Earlier answer 1");
    assert!(window.query_by_label("By 0.2 percent.").is_some());
}

#[test]
fn a_question_is_taken_away_and_put_back() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = answered(&engine, &viewer, "By 0.2 percent.");
    press(&mut window, "Delete question 1");
    assert!(window.query_by_label("By 0.2 percent.").is_none() && window.query_by_label(QUESTION).is_none());
    press(&mut window, "Undo");
    assert!(window.query_by_label("By 0.2 percent.").is_some());
}

#[test]
fn a_failed_answer_says_so_in_its_place_and_is_tried_again() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    ask(&mut window);
    engine.fail("the model is damaged", "Run recto models verify");
    window.run_steps(4);
    ask(&mut window);
    engine.finish(answer("By 0.2 percent."));
    window.run_steps(5);
    let (error, later) =
        (window.get_by_label("The model is damaged").rect(), window.get_by_label("By 0.2 percent.").rect());
    assert!(error.max.y < later.min.y, "the error does not stand with its question");
    press(&mut window, "Try again");
    assert_eq!(questions(&engine).len(), 3);
    engine.finish(answer("By 0.3 percent."));
    window.run_steps(5);
    assert!(window.query_by_label("The model is damaged").is_none() && window.query_by_label("2 of 2").is_none());
    let (first, second) =
        (window.get_by_label("By 0.3 percent.").rect(), window.get_by_label("By 0.2 percent.").rect());
    assert!(first.max.y < second.min.y);
}

#[test]
fn that_nothing_was_found_does_not_look_like_an_answer() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened(&engine, &viewer);
    ask(&mut window);
    engine.finish(answer_from_nowhere("About 12 percent."));
    window.run_steps(5);
    assert!(window.query_by_label("Not found in this report").is_some());
    ask(&mut window);
    engine.finish(answer("Not stated."));
    window.run_steps(5);
    assert_eq!(window.query_all_by_label("Not found in this report").count(), 2);
    assert!(window.query_by_label("Check these pages:").is_some());
}

#[test]
fn a_chip_shows_the_lines_before_it_is_pressed() {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::slow());
    let mut window = answered(&engine, &viewer, "By 0.2 percent.");
    window.get_by_label("Show page 11").hover();
    // A hint comes only once the pointer rests.
    for _ in 0..12 {
        window.run_steps(3);
    }
    assert!(window.query_by_label("Show on the page").is_some());
    let is_crop = |wanted: &engine::viewer::Wanted| match wanted {
        engine::viewer::Wanted::Picture(key) => key.page.page == 11 && key.height < key.width / 4,
        engine::viewer::Wanted::Page(_) => false,
    };
    assert!(viewer.wanted().iter().any(is_crop), "{:?}", viewer.wanted());
}

#[test]
fn a_conversation_is_handed_over_to_be_written() {
    let library = ScriptedLibrary::default();
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    ask(&mut window);
    engine.finish(answer("By 0.2 percent, not 5.1."));
    window.run_steps(4);
    window.state_mut().export_to("/out/talk.md".into());
    let exported = library.commands().into_iter().find_map(|command| match command {
        LibraryCommand::Export(export) => Some(export),
        _ => None,
    });
    let export = exported.expect("nothing is written");
    let text = &export.text;
    for part in
        [QUESTION, "By 0.2 percent, not 5.1.", "Real GDP declined 0.2", "- Page 9", "Gemma 3 270M", HASH, "5.1*"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    library.tell(LibraryEvent::Exported(export.path.clone()));
    window.run_steps(4);
    assert!(window.query_by_label("Exported to /out/talk.md").is_some());
    press(&mut window, "Dismiss");
    assert!(window.query_by_label("Exported to /out/talk.md").is_none());
    let report = ErrorReport { message: "the disk is full".into(), hint: Some("Make room".into()) };
    library.tell(LibraryEvent::Failed(report));
    window.run_steps(4);
    assert!(window.query_by_label("The disk is full").is_some());
    assert!(window.query_by_label("By 0.2 percent, not 5.1.").is_some());
}

/// Whether all of it is in the window.
fn is_in_sight(window: &Harness<'static, Window>, label: &str) -> bool {
    let rect = window.get_by_label(label).rect();
    rect.min.y > 0.0 && rect.max.y < 860.0
}

#[test]
fn words_are_found_in_the_conversation_and_brought_into_sight() {
    let library = ScriptedLibrary::default();
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = opened_on(&library, &engine, &viewer);
    for number in 0..12 {
        write(&mut window, &format!("Question {number}?"));
        press(&mut window, "Ask");
        engine.finish(answer(&format!("Answer {number}.")));
        window.run_steps(5);
    }
    assert!(is_in_sight(&window, "Answer 11.") && !is_in_sight(&window, "Answer 2."));
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run_steps(3);
    window.get_by_label("Find in the report").type_text("answer 2.");
    window.run_steps(4);
    assert!(window.query_by_label("Found in 1 of 12 questions").is_some());
    press(&mut window, "Next match in the conversation");
    window.run_steps(30);
    assert!(is_in_sight(&window, "Answer 2.") && !is_in_sight(&window, "Answer 11."));
    // The same from the library, after a restart.
    drop(window);
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let mut window = window_on(&library, &engine, &viewer, &[], None);
    viewer.open(82);
    engine.finish(bulletin());
    window.run_steps(6);
    assert_eq!(window.get_by_label("Find in the report").value().as_deref(), Some("answer 2."));
    press(&mut window, "Library");
    window.get_by_label("Search all reports and conversations").focus();
    window.run_steps(2);
    window.get_by_label("Search all reports and conversations").type_text("answer 5.");
    window.run_steps(4);
    let passage = Passage { text: "Question 5? Answer 5.".into(), found: Vec::new() };
    let hits = vec![LibraryHit { hash: HASH.into(), place: HitLocation::Turn(5), passage }];
    library.tell(LibraryEvent::Found { query: "answer 5.".into(), hits, is_last: true });
    window.run_steps(4);
    window.get_by_label_contains("Question 5? Answer 5.").click();
    window.run_steps(40);
    assert!(is_in_sight(&window, "Answer 5.") && !is_in_sight(&window, "Answer 11."));
}
