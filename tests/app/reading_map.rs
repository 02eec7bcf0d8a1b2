//! Watching a report being read: the map of its pages, what comes first, and the figures that were found.

use app::window::Window;
use eframe::egui::{Event as Input, Modifiers, PointerButton, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use engine::document::geometry::Rect;
use engine::document::page::FigureKind;
use engine::protocol::{
    Command, Event, FigureReport, ModelSummary, Outcome, Part, Place, ReadJob, RequestId, WindowOrigin, WindowReport,
};

use crate::flows::{FILE, ask, window_on};
use crate::scripted::{ScriptedEngine, ScriptedLibrary, ScriptedViewer, bulletin, extent, starter};

const FIGURE: Rect = Rect { left: 80.0, top: 200.0, right: 500.0, bottom: 420.0 };

/// The report with a figure on page 11.
pub(crate) fn with_figure() -> Outcome {
    let Outcome::Read(mut map) = bulletin() else { unreachable!("it is a reading") };
    let caption = Some("Growth of real GDP".to_owned());
    map.pages[10].figures = 1;
    map.pages[10].figure_list = vec![FigureReport { bbox: FIGURE, kind: FigureKind::Vector, caption }];
    Outcome::Read(map)
}

fn opened(library: &ScriptedLibrary, engine: &ScriptedEngine) -> Harness<'static, Window> {
    let viewer = ScriptedViewer::default();
    let mut window = window_on(library, engine, &viewer, &[FILE], None);
    viewer.open(82);
    engine.finish(with_figure());
    window.run_steps(5);
    window
}

/// The last reading that was asked for.
fn reading(engine: &ScriptedEngine) -> (RequestId, ReadJob) {
    let last = engine.commands().into_iter().rev().find_map(|command| match command {
        Command::Read { request, job } => Some((request, job)),
        _ => None,
    });
    last.expect("nothing is read")
}

fn press(window: &mut Harness<'static, Window>, pos: Pos2, button: PointerButton) {
    window.event(Input::PointerMoved(pos));
    window.run_steps(2);
    for pressed in [true, false] {
        window.event(Input::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE });
        window.run_steps(2);
    }
    window.run_steps(3);
}

#[test]
fn the_map_tells_what_became_of_each_page_and_leads_there() {
    let engine = ScriptedEngine::default();
    let mut window = opened(&ScriptedLibrary::default(), &engine);
    assert!(window.query_by_label("Reading map: 0 of 82 pages read, 1 not readable").is_some());
    let (request, _) = reading(&engine);
    engine.tell(Event::Encoded { request, read: extent(2) });
    let window_report = WindowReport {
        document: 0,
        first_page: 3,
        last_page: 5,
        tokens: 900,
        figures: 0,
        origin: WindowOrigin::Planned,
    };
    engine.tell(Event::Reading { request, window: window_report });
    window.run_steps(4);
    let label = "Reading map: 44 of 82 pages read, 3 being read now, 1 not readable";
    // The twelfth cell of the first row, each twelve points wide.
    let twelfth = window.get_by_label(label).rect().min + vec2(11.0 * 12.0 + 5.0, 5.0);
    press(&mut window, twelfth, PointerButton::Primary);
    assert!(window.query_by_label("of 82, printed 10").is_some(), "page 12");

    press(&mut window, twelfth, PointerButton::Secondary);
    window.get_by_label("Read page 12 first").click();
    window.run_steps(4);
    assert_eq!(engine.commands().last(), Some(&Command::ReadFirst { request, document: 0, page: 12 }));
    // What is begun anew begins with it too.
    window.get_by_label("Pause reading").click();
    window.run_steps(3);
    engine.tell(Event::Cancelled { request });
    window.run_steps(3);
    window.get_by_label("Resume reading").click();
    window.run_steps(3);
    let (again, _) = reading(&engine);
    assert_eq!(engine.commands().last(), Some(&Command::ReadFirst { request: again, document: 0, page: 12 }));
    window.get_by_label("Stop reading").click();
    window.run_steps(3);
    assert!(window.query_by_label("Reading stopped; finished pages are kept").is_some());
}

#[test]
fn a_figure_is_shown_asked_about_and_left_out_until_it_is_taken_back() {
    let library = ScriptedLibrary::default();
    let engine = ScriptedEngine::default();
    let mut window = opened(&library, &engine);
    let (request, job) = reading(&engine);
    assert_eq!(job.reading.left_out, []);
    engine.tell(Event::Model { request, model: starter() });
    window.get_by_label("Figures").click();
    window.run_steps(4);
    assert!(window.query_by_label_contains("This model cannot see figures").is_some());
    window.get_by_label("Show Growth of real GDP, page 11").click();
    window.run_steps(5);
    assert!(window.query_by_label("of 82, printed 9").is_some(), "page 11");

    let is_offered = |window: &Harness<'static, Window>| {
        !window.get_by_label("Ask about it: Growth of real GDP").accesskit_node().is_disabled()
    };
    assert!(!is_offered(&window), "a question that the model cannot answer is offered");
    engine.tell(Event::Model { request, model: ModelSummary { has_eyes: true, ..starter() } });
    window.run_steps(4);
    assert!(is_offered(&window));
    window.get_by_label("Ask about it: Growth of real GDP").click();
    window.run_steps(4);
    assert!(window.query_by_label("About: A region of page 11").is_some());
    ask(&mut window);
    let place = Place { document: 0, page: 11, bbox: FIGURE };
    let Some(Command::Ask { request: asked, job }) = engine.commands().last().cloned() else { panic!("not asked") };
    assert_eq!(job.scope, [Part::Region(place)]);
    engine.tell(Event::Cancelled { request: asked });
    window.run_steps(3);
    window.get_by_label("Remove the region").click();
    window.run_steps(3);
    assert!(window.query_by_label("About: Whole report").is_some());

    window.get_by_label("Exclude: Growth of real GDP").click();
    window.run_steps(4);
    assert!(engine.commands().contains(&Command::Cancel { request }), "the reading goes on with it");
    assert_eq!(reading(&engine).1.reading.left_out, [place]);
    ask(&mut window);
    let Some(Command::Ask { job, .. }) = engine.commands().last().cloned() else { panic!("not asked") };
    assert_eq!(job.reading.left_out, [place]);
    drop(window);

    let engine = ScriptedEngine::default();
    let mut window = opened(&library, &engine);
    window.run_steps(3);
    assert_eq!(reading(&engine).1.reading.left_out, [place], "it is remembered");
    window.get_by_label("Figures").click();
    window.run_steps(4);
    window.get_by_label("Include: Growth of real GDP").click();
    window.run_steps(4);
    assert_eq!(reading(&engine).1.reading.left_out, []);
}
