//! The engine thread as the application sees it: every request ends exactly once, whatever happens.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use engine::document::pages::{Limits, PagesOptions};
use engine::protocol::{
    AnsweringOptions, AskJob, Command, ComputeOptions, Event, ForwardJob, Outcome, ReadJob, ReadingOptions, RequestId,
    Source, Stage,
};
use engine::store::Directories;
use engine::store::encodings::EncodingStore;
use engine::store::library::Library;
use engine::worker::{Engine, EngineOptions};
use recto_tests::fixture;

/// An engine with an empty home, whose PDF process is the program under test.
fn engine(home: &Path) -> Engine {
    let pages = PagesOptions {
        program: vec![env!("CARGO_BIN_EXE_recto-under-test").into(), "pages".into()],
        pdfium: engine::document::pages::find_library().expect("PDFium is there: cargo xtask pdfium"),
        limits: Limits::default(),
    };
    let options = EngineOptions {
        directories: Some(Directories::under(home)),
        pages: Some(pages),
        kept_bytes: None,
        is_considerate: false,
        keeps_texts: true,
    };
    Engine::spawn(options, || ()).unwrap()
}

fn text_file(folder: &Path, text: &str) -> Source {
    let path = folder.join("notes.txt");
    std::fs::write(&path, text).unwrap();
    Source { path, password: None }
}

fn read_job(sources: Vec<Source>) -> ReadJob {
    ReadJob {
        sources,
        reading: ReadingOptions::default(),
        compute: ComputeOptions::default(),
        plan_only: true,
        figures_to: None,
    }
}

fn forward_job(greedy_tokens: usize, output: PathBuf) -> ForwardJob {
    let folder = fixture("model/text");
    ForwardJob {
        input: folder.join("reference.safetensors"),
        output,
        compute: ComputeOptions { model: Some(folder.to_str().unwrap().into()), ..ComputeOptions::default() },
        greedy_tokens: Some(greedy_tokens),
    }
}

/// Events of one request up to its last, in order.
fn events_of(engine: &Engine, request: RequestId) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let event = engine.recv().expect("the engine lives");
        if event.request() == request {
            let last = event.is_last();
            events.push(event);
            if last {
                return events;
            }
        }
    }
}

#[test]
fn a_plan_without_any_model_still_tells_every_page() {
    let home = tempfile::tempdir().unwrap();
    let engine = engine(home.path());
    let source = text_file(home.path(), "Net revenue rose.\n\u{c}Costs fell.\n");
    engine.send(Command::Read { request: RequestId(1), job: read_job(vec![source]) });
    let events = events_of(&engine, RequestId(1));
    let pages = events.iter().filter(|event| matches!(event, Event::Page { .. })).count();
    assert_eq!(pages, 2);
    let Some(Event::Done { outcome: Outcome::Read(map), .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(map.pages.iter().map(|page| page.lines).collect::<Vec<_>>(), [1, 1]);
    assert!(!map.encoded);
}

#[test]
fn the_text_of_a_report_is_kept_when_all_of_it_was_read_and_goes_when_it_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let engine = engine(home.path());
    let source = text_file(home.path(), "Net revenue rose.\n\u{c}Costs fell.\n");
    let hash = engine::document::file_hash(&source.path).unwrap();
    let library = Library::new(&Directories::under(home.path()));
    let mut part = read_job(vec![source.clone()]);
    part.reading.pages = Some(vec![(1, 1)]);
    for (request, job, expected) in [(1, part, None), (2, read_job(vec![source]), Some(2))] {
        engine.send(Command::Read { request: RequestId(request), job });
        events_of(&engine, RequestId(request));
        assert_eq!(library.text(&hash).map(|text| text.pages.len()), expected);
    }
    assert_eq!(library.text(&hash).unwrap().pages[1].text, "Costs fell.");
    let kept = || EncodingStore::new(&Directories::under(home.path()), None).list().unwrap().files.len();
    assert!(kept() > 0);
    library.remove(&hash).unwrap();
    assert_eq!((library.text(&hash), kept()), (None, 0));
}

#[test]
fn failures_carry_a_hint_and_leave_the_engine_usable() {
    let home = tempfile::tempdir().unwrap();
    let engine = engine(home.path());
    let missing = Source { path: home.path().join("absent.pdf"), password: None };
    let ask = AskJob {
        sources: vec![missing.clone()],
        question: "What?".into(),
        scope: Vec::new(),
        reading: ReadingOptions::default(),
        compute: ComputeOptions::default(),
        answering: AnsweringOptions::default(),
    };
    engine.send(Command::Read { request: RequestId(1), job: read_job(vec![missing]) });
    engine.send(Command::Ask { request: RequestId(2), job: ask });
    engine.send(Command::Read { request: RequestId(3), job: read_job(Vec::new()) });
    for request in [1, 2, 3] {
        let events = events_of(&engine, RequestId(request));
        let Some(Event::Failed { report, .. }) = events.last() else { panic!("{events:?}") };
        assert!(report.hint.is_some(), "{report:?}");
        assert!(!report.message.contains('\n'), "{report:?}");
    }
    let scratch = home.path().join("out.safetensors");
    engine.send(Command::Forward { request: RequestId(4), job: forward_job(2, scratch) });
    assert!(matches!(events_of(&engine, RequestId(4)).last(), Some(Event::Done { .. })));
}

#[test]
fn cancelling_is_seen_within_a_token_and_before_the_work_has_begun() {
    let home = tempfile::tempdir().unwrap();
    let engine = engine(home.path());
    let never_written = home.path().join("out.safetensors");
    // Without a cancel this would go on for hours.
    engine.send(Command::Forward { request: RequestId(1), job: forward_job(1 << 30, never_written.clone()) });
    engine.send(Command::Forward { request: RequestId(2), job: forward_job(1 << 30, never_written.clone()) });
    engine.send(Command::Cancel { request: RequestId(2) });
    let before = loop {
        match engine.recv().unwrap() {
            Event::Progress { stage: Stage::Answer, done, .. } if done >= 5 => break done,
            _ => {}
        }
    };
    let begun = Instant::now();
    engine.send(Command::Cancel { request: RequestId(1) });
    let events = events_of(&engine, RequestId(1));
    assert_eq!(events.last(), Some(&Event::Cancelled { request: RequestId(1) }));
    let tokens_after = events
        .iter()
        .filter_map(|event| match event {
            Event::Progress { done, .. } => Some(done - before),
            _ => None,
        })
        .max();
    // Tokens told between the look at the event and the cancel; the queue holds a few thousand at most.
    assert!(tokens_after.unwrap_or_default() < 10_000, "{tokens_after:?}");
    assert_eq!(events_of(&engine, RequestId(2)), [Event::Cancelled { request: RequestId(2) }]);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(!never_written.exists(), "cancelled work leaves nothing");
}

#[test]
fn dropping_the_engine_ends_what_is_under_way_even_with_events_nobody_reads() {
    let home = tempfile::tempdir().unwrap();
    let engine = engine(home.path());
    engine.send(Command::Forward { request: RequestId(1), job: forward_job(1 << 30, home.path().join("out")) });
    // Long enough for the channel of events to run full.
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    drop(engine);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn after_shutdown_no_event_comes_any_more() {
    let home = tempfile::tempdir().unwrap();
    let engine = engine(home.path());
    engine.send(Command::Forward { request: RequestId(1), job: forward_job(1 << 30, home.path().join("out")) });
    engine.send(Command::Shutdown);
    let mut last = 0;
    while let Some(event) = engine.recv() {
        last += usize::from(event.is_last());
    }
    assert_eq!(last, 1, "the work under way ends once, as cancelled");
}
