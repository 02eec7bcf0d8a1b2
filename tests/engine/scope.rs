//! A question on a part: nothing outside is shown to the model or cited, and nothing that was read is read again.

use std::path::{Path, PathBuf};

use candle_core::quantized::GgmlDType;
use engine::document::geometry::Rect;
use engine::document::page::FigureKind;
use engine::protocol::{
    Answer, AskJob, Command, Event, Outcome, Part, Place, RequestId, Source, SpanKind, WindowOrigin,
};
use engine::worker::Engine;
use recto_tests::fixture;

use crate::gguf::Draft;
use crate::prompt::gguf_vocabulary;
use crate::reading_model::{ask, ask_command, engine, events, pages, read, read_command, write_model, write_report};

const QUESTION: &str = "How large was the deficit?";

fn part(first: u32, last: u32) -> Part {
    Part::Pages { document: 0, first, last }
}

/// Rows of a page of a text file, counted from 0.
fn rows(page: u32, first: u32, last: u32) -> Part {
    let bbox = Rect::new(30.0, 36.0 + 12.0 * first as f32, 580.0, 48.0 + 12.0 * last as f32);
    Part::Region(Place { document: 0, page, bbox })
}

/// Asks with changes made to the job.
fn ask_with(engine: &Engine, model: &Path, source: &Source, change: impl FnOnce(&mut AskJob)) -> Answer {
    let mut command = ask_command(7, model, source, QUESTION, 12);
    if let Command::Ask { job, .. } = &mut command {
        change(job);
    }
    engine.send(command);
    match events(engine).pop() {
        Some(Event::Done { outcome: Outcome::Answer(answer), .. }) => answer,
        other => panic!("{other:?}"),
    }
}

/// Documents and pages of the evidence, and the texts of its spans.
fn evidence(answer: &Answer) -> (Vec<(u32, u32)>, Vec<String>) {
    let pages = answer.evidence.iter().map(|page| (page.document, page.page)).collect();
    let texts = answer.evidence.iter().flat_map(|page| &page.spans).map(|span| span.text.clone()).collect();
    (pages, texts)
}

#[test]
fn a_part_of_a_report_that_was_read_costs_no_more_than_the_part() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let text = pages(60);
    let source = write_report(&home.path().join("report.txt"), &text);
    let engine = engine(home.path());
    let (map, _) = read(&engine, &model, &source);
    let window = map.windows[3];
    assert!(window.first_page < window.last_page, "{window:?}");

    let one = ask_with(&engine, &model, &source, |job| job.scope = vec![part(5, 5)]);
    assert_eq!(evidence(&one).0, [(0, 5)]);
    assert!(one.cost.encoded_tokens * 3 < map.tokens / map.windows.len() as u64 * 2, "{:?}", one.cost);
    assert_eq!(one.cost.kept_tokens, 0, "a page alone was not read before");
    let again = ask_with(&engine, &model, &source, |job| job.scope = vec![part(5, 5)]);
    assert_eq!((again.cost.kept_tokens, &again.text), (one.cost.encoded_tokens, &one.text));

    let whole_window = vec![part(window.first_page, window.last_page)];
    let answer = ask_with(&engine, &model, &source, |job| job.scope = whole_window);
    let cost = answer.cost;
    assert_eq!((cost.encoded_tokens, cost.kept_tokens), (u64::from(window.tokens), u64::from(window.tokens)));
    let inside = |(_, page): &(u32, u32)| (window.first_page..=window.last_page).contains(page);
    assert!(!answer.evidence.is_empty() && evidence(&answer).0.iter().all(inside));

    let three = ask_with(&engine, &model, &source, |job| job.scope = vec![rows(9, 2, 4)]);
    let (places, texts) = evidence(&three);
    assert_eq!(places, [(0, 9)]);
    let expected: Vec<&str> = text[8].lines().skip(2).take(3).collect();
    assert!(!texts.is_empty() && texts.iter().all(|text| expected.contains(&text.as_str())), "{texts:?}");

    // The next question on all of it finds everything as it was.
    let (all, _) = ask(&engine, &model, &source, QUESTION);
    assert_eq!((all.cost.encoded_tokens, all.cost.kept_tokens), (map.tokens, map.tokens));
    assert!(evidence(&all).0.len() > 1);
}

#[test]
fn pages_that_are_not_there_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let source = write_report(&home.path().join("report.txt"), &pages(3));
    let engine = engine(home.path());
    for (scope, expected) in [(part(7, 9), "the document has 3"), (rows(2, 40, 50), "nothing on these pages")] {
        let mut command = ask_command(1, &model, &source, QUESTION, 4);
        if let Command::Ask { job, .. } = &mut command {
            job.scope = vec![scope];
        }
        engine.send(command);
        let Some(Event::Failed { report, .. }) = events(&engine).pop() else { panic!("it was answered") };
        assert!(report.message.contains(expected), "{report:?}");
    }
}

#[test]
fn a_region_is_looked_at_and_a_figure_that_is_left_out_is_not() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let engine = engine(home.path());
    let picture = Source { path: fixture("model/pictures/source.png"), password: None };
    let (map, _) = read(&engine, &model, &picture);
    let [found] = &map.pages[0].figure_list[..] else { panic!("{:?}", map.pages) };
    assert_eq!(found.kind, FigureKind::Raster);
    let whole = found.bbox;
    let region = Rect::new(0.0, 0.0, whole.right / 2.0, whole.bottom / 2.0);
    let place = |bbox| Place { document: 0, page: 1, bbox };
    let answer = ask_with(&engine, &model, &picture, |job| job.scope = vec![Part::Region(place(region))]);
    let span = &answer.evidence[0].spans[0];
    assert!(matches!(span.kind, SpanKind::Figure(_)));
    assert_eq!(span.boxes, [region]);

    let report = write_report(&home.path().join("report.txt"), &pages(2));
    let both = |job: &mut AskJob| job.sources = vec![report.clone(), picture.clone()];
    let shows_figure = |answer: &Answer| answer.evidence.iter().any(|page| page.document == 1);
    let seen = ask_with(&engine, &model, &report, both);
    assert!(shows_figure(&seen), "{:?}", seen.evidence);
    let unseen = ask_with(&engine, &model, &report, |job| {
        both(job);
        job.reading.left_out = vec![Place { document: 1, page: 1, bbox: whole }];
    });
    assert!(!shows_figure(&unseen) && !unseen.evidence.is_empty(), "{:?}", unseen.evidence);
    let mut reading = read_command(3, &model, &picture);
    if let Command::Read { job, .. } = &mut reading {
        job.reading.left_out = vec![place(whole)];
    }
    engine.send(reading);
    let Some(Event::Done { outcome: Outcome::Read(map), .. }) = events(&engine).pop() else { panic!("not read") };
    assert!(map.windows.iter().all(|window| window.figures == 0), "{:?}", map.windows);
    assert_eq!(map.pages[0].figures, 1, "it is still known");
}

#[test]
fn several_reports_are_asked_with_what_was_read_of_each() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let engine = engine(home.path());
    let first = write_report(&home.path().join("first.txt"), &pages(8));
    let second = write_report(&home.path().join("second.txt"), &pages(20).split_off(10));
    let tokens = read(&engine, &model, &first).0.tokens + read(&engine, &model, &second).0.tokens;
    let both = vec![first.clone(), second];
    let answer = ask_with(&engine, &model, &first, |job| job.sources = both.clone());
    assert_eq!(answer.cost.kept_tokens, tokens, "each is taken as it was read alone");
    assert!(answer.cost.encoded_tokens - tokens < 60, "and named: {:?}", answer.cost);
    assert_eq!(answer.documents.iter().map(|of| of.name.as_str()).collect::<Vec<_>>(), ["first.txt", "second.txt"]);
    let documents = |answer: &Answer| answer.evidence.iter().map(|page| page.document).collect::<Vec<_>>();
    assert!(documents(&answer).contains(&0) && documents(&answer).contains(&1), "{:?}", documents(&answer));
    let of_second = ask_with(&engine, &model, &first, |job| {
        job.sources = both;
        job.scope = vec![Part::Pages { document: 1, first: 2, last: 3 }];
    });
    let places = evidence(&of_second).0;
    assert!(!places.is_empty() && places.iter().all(|place| [(1, 2), (1, 3)].contains(place)), "{places:?}");
}

#[test]
fn a_question_on_a_page_does_not_wait_for_the_reading_of_the_rest() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let source = write_report(&home.path().join("report.txt"), &pages(60));
    let engine = engine(home.path());
    engine.send(read_command(1, &model, &source));
    let mut command = ask_command(2, &model, &source, QUESTION, 12);
    if let Command::Ask { job, .. } = &mut command {
        job.scope = vec![part(50, 51)];
    }
    engine.send(command);
    let events = events(&engine);
    let Some(Event::Done { request: RequestId(2), outcome: Outcome::Answer(answer) }) = events.last() else {
        panic!("the reading ended first, or it failed: {:?}", events.last())
    };
    assert!(answer.read.is_all() && answer.read.pages == (2, 2), "{:?}", answer.read);
    assert!(evidence(answer).0.iter().all(|place| [(0, 50), (0, 51)].contains(place)));
    let last = crate::reading_model::events(&engine).pop();
    assert!(matches!(last, Some(Event::Done { request: RequestId(1), .. })), "{last:?}");
}

#[test]
fn a_page_that_is_wanted_first_is_read_first() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let source = write_report(&home.path().join("report.txt"), &pages(60));
    let engine = engine(home.path());
    engine.send(read_command(1, &model, &source));
    // The one for another reading is of no account.
    for (request, page) in [(9, 30), (1, 20), (1, 55)] {
        engine.send(Command::ReadFirst { request: RequestId(request), document: 0, page });
    }
    let begun: Vec<(u32, u32)> = events(&engine)
        .into_iter()
        .filter_map(|event| match event {
            Event::Reading { window, .. } => Some((window.first_page, window.last_page)),
            _ => None,
        })
        .collect();
    let holds = |at: usize, page: u32| (begun[at].0..=begun[at].1).contains(&page);
    assert!(holds(0, 55) && holds(1, 20), "{begun:?}");
    assert!(begun[2..].windows(2).all(|pair| pair[0].0 < pair[1].0), "{begun:?}");
    let (map, _) = read(&engine, &model, &source);
    assert!(map.windows.iter().all(|window| window.origin == WindowOrigin::Kept));
}

/// A model without an encoder, of random weights, with the small vocabulary.
fn write_starter(path: &Path) -> PathBuf {
    let json = std::fs::read(fixture("tokenizer/tokenizer.json")).unwrap();
    let vocabulary = gguf_vocabulary(&serde_json::from_slice(&json).unwrap());
    Draft::new(GgmlDType::F32).speaking(&vocabulary).write(path);
    path.to_owned()
}

#[test]
fn without_an_encoder_passages_come_from_the_part_alone() {
    let home = tempfile::tempdir().unwrap();
    let model = write_starter(&home.path().join("starter.gguf"));
    let mut text = pages(12);
    text[7].push_str("\nThe capybara census counted 4711 animals");
    let source = write_report(&home.path().join("report.txt"), &text);
    let engine = engine(home.path());
    let census = |job: &mut AskJob| job.question = "How many animals did the capybara census count?".into();
    let answer = ask_with(&engine, &model, &source, census);
    assert!(evidence(&answer).0.contains(&(0, 8)), "{:?}", answer.evidence);
    for (scope, page) in [(part(3, 3), 3), (rows(5, 0, 2), 5)] {
        let answer = ask_with(&engine, &model, &source, |job| {
            census(job);
            job.scope = vec![scope];
        });
        assert_eq!(evidence(&answer).0, [(0, page)]);
    }
}
