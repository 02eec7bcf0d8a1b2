//! A question that comes while a report is being read: answered from what is there, says so, and is offered again.

use std::path::PathBuf;

use engine::protocol::{Answer, Command, Event, MemoryChoice, Outcome, ReadSoFar, ReadingMap, RequestId, Source};
use engine::worker::Engine;
use tempfile::TempDir;

use crate::reading_model::{ask_command, engine, pages, read_command, write_model, write_report};

const QUESTION: &str = "How large was the deficit?";

struct Desk {
    home: TempDir,
    engine: Engine,
    model: PathBuf,
    report: Source,
}

/// An engine, and a report of many windows that it has not read.
fn desk() -> Desk {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let report = write_report(&home.path().join("report.txt"), &pages(60));
    Desk { engine: engine(home.path()), home, model, report }
}

impl Desk {
    fn read(&self, request: u64) {
        self.engine.send(read_command(request, &self.model, &self.report));
    }

    fn ask(&self, request: u64, max_tokens: usize) {
        self.engine.send(ask_command(request, &self.model, &self.report, QUESTION, max_tokens));
    }

    /// An answer that does not depend on whether there was time to build keys and values.
    fn answer_from_the_shared_memory(&self) -> Answer {
        let mut command = ask_command(9, &self.model, &self.report, QUESTION, 12);
        if let Command::Ask { job, .. } = &mut command {
            job.compute.memory = MemoryChoice::Shared;
        }
        self.engine.send(command);
        answer_of(&self.events(1), 9).clone()
    }

    fn cancel(&self, request: u64) {
        self.engine.send(Command::Cancel { request: RequestId(request) });
    }

    /// All events until so many requests have ended.
    fn events(&self, ends: usize) -> Vec<Event> {
        self.events_while(ends, |_| ())
    }

    /// The same, each of them shown to `on_event`.
    fn events_while(&self, ends: usize, mut on_event: impl FnMut(&Event)) -> Vec<Event> {
        let mut events = Vec::new();
        while events.iter().filter(|event: &&Event| event.is_last()).count() < ends {
            let event = self.engine.recv().expect("the engine lives");
            on_event(&event);
            events.push(event);
        }
        events
    }
}

/// Where the last event of a request stands.
fn end_of(events: &[Event], request: u64) -> usize {
    let mut ends = events.iter().enumerate().filter(|(_, event)| event.is_last() && event.request().0 == request);
    let (at, _) = ends.next().expect("it ended");
    assert_eq!(ends.next(), None, "it ended twice");
    at
}

fn answer_of(events: &[Event], request: u64) -> &Answer {
    match &events[end_of(events, request)] {
        Event::Done { outcome: Outcome::Answer(answer), .. } => answer,
        other => panic!("{other:?}"),
    }
}

fn map_of(events: &[Event], request: u64) -> &ReadingMap {
    match &events[end_of(events, request)] {
        Event::Done { outcome: Outcome::Read(map), .. } => map,
        other => panic!("{other:?}"),
    }
}

fn offers(events: &[Event]) -> Vec<(RequestId, &ReadSoFar)> {
    let offer = |event| match event {
        &Event::MoreRead { request, ref read } => Some((request, read)),
        _ => None,
    };
    events.iter().filter_map(offer).collect()
}

#[test]
fn it_is_answered_from_what_is_read_and_offered_again_and_reading_goes_on_unchanged() {
    let desk = desk();
    desk.read(1);
    desk.ask(2, 12);
    let events = desk.events(2);
    assert!(end_of(&events, 2) < end_of(&events, 1), "the answer waited for the end of the reading");
    let waiting = Event::Waiting { request: RequestId(2) };
    assert_eq!(events.iter().filter(|event| **event == waiting).count(), 1);

    let (answer, map) = (answer_of(&events, 2), map_of(&events, 1));
    assert!(map.windows.len() >= 6, "{} windows", map.windows.len());
    assert_eq!(answer.read.windows, (1, map.windows.len() as u32));
    assert!(answer.read.pages.0 >= 1 && answer.read.pages.1 == 60, "{:?}", answer.read);
    assert_eq!(answer.read.waiting.len() as u32, 60 - answer.read.pages.0);
    let read: Vec<u32> = (1..=60).filter(|page| !answer.read.waiting.contains(&(0, *page))).collect();
    let window = map.windows.iter().find(|window| window.first_page == read[0]).unwrap();
    assert_eq!(read, (window.first_page..=window.last_page).collect::<Vec<_>>(), "the pages of the one window");
    assert_eq!(answer.cost.encoded_tokens, u64::from(window.tokens), "a true part, not padded");
    assert!(answer.evidence.iter().all(|page| read.contains(&page.page)), "evidence from pages that were not read");

    let offers = offers(&events);
    assert_eq!(offers.len(), map.windows.len() - 1, "once for every further window");
    assert!(offers.iter().all(|(request, _)| *request == RequestId(2)));
    assert!(offers.windows(2).all(|pair| pair[0].1.windows.0 < pair[1].1.windows.0));
    let (_, last) = offers[offers.len() - 1];
    assert!(last.is_all() && last.waiting.is_empty() && last.pages == (60, 60), "{last:?}");

    // The reading is what it would have been, and so is the answer from all of it.
    let alone = self::desk();
    alone.read(1);
    let undisturbed = alone.events(1);
    assert_eq!(map_of(&undisturbed, 1).windows, map.windows);
    let [whole, expected] = [&desk, &alone].map(Desk::answer_from_the_shared_memory);
    assert!(whole.read.is_all());
    assert_eq!((&whole.text, &whole.evidence), (&expected.text, &expected.evidence));
}

#[test]
fn a_question_on_another_report_waits_its_turn() {
    let desk = desk();
    let other = write_report(&desk.home.path().join("other.txt"), &pages(4));
    desk.read(1);
    desk.engine.send(ask_command(2, &desk.model, &other, QUESTION, 12));
    let events = desk.events(2);
    assert!(end_of(&events, 1) < end_of(&events, 2));
    assert!(answer_of(&events, 2).read.is_all());
    assert!(offers(&events).is_empty());
}

#[test]
fn either_can_be_cancelled_without_the_other() {
    // The question, while it waits.
    let desk = desk();
    desk.read(1);
    desk.ask(2, 12);
    desk.cancel(2);
    let events = desk.events(2);
    assert_eq!(events[end_of(&events, 2)], Event::Cancelled { request: RequestId(2) });
    assert!(end_of(&events, 2) < end_of(&events, 1));
    assert!(map_of(&events, 1).encoded);

    // The reading, while the question is being answered.
    let desk = self::desk();
    write_report(&desk.report.path, &pages(400));
    desk.read(1);
    desk.ask(2, 200);
    let mut is_cancelled = false;
    let events = desk.events_while(2, |event| {
        if !is_cancelled && event.request() == RequestId(2) && matches!(event, Event::Progress { .. }) {
            desk.cancel(1);
            is_cancelled = true;
        }
    });
    assert_eq!(events[end_of(&events, 1)], Event::Cancelled { request: RequestId(1) });
    assert!(!answer_of(&events, 2).read.is_all());

    // The reading, before there is anything to answer from: the question reads for itself.
    let desk = self::desk();
    desk.read(1);
    desk.cancel(1);
    desk.ask(2, 12);
    let events = desk.events(2);
    assert_eq!(events[end_of(&events, 1)], Event::Cancelled { request: RequestId(1) });
    assert!(answer_of(&events, 2).read.is_all());
}

#[test]
fn within_a_time_the_window_that_the_question_needs_comes_first_and_the_rest_is_read_later() {
    let desk = desk();
    let mut text = pages(60);
    text[40].push_str("\nThe capybara census counted 4711 animals");
    let report = write_report(&desk.report.path, &text);
    let ask_within = |request| {
        let question = "How many animals did the capybara census count?";
        let mut command = ask_command(request, &desk.model, &report, question, 12);
        if let Command::Ask { job, .. } = &mut command {
            job.answering.within_secs = Some(0.0);
        }
        desk.engine.send(command);
        desk.events(1)
    };
    let events = ask_within(1);
    let answer = answer_of(&events, 1);
    assert_eq!(answer.read.windows.0, 1, "{:?}", answer.read);
    assert!(!answer.read.waiting.contains(&(0, 41)), "the page it is on was not read: {:?}", answer.read);
    assert!(answer.read.waiting.contains(&(0, 1)));
    desk.engine.send(read_command(2, &desk.model, &report));
    let events = desk.events(1);
    let offers = offers(&events);
    assert_eq!(offers.last().map(|(request, read)| (*request, read.is_all())), Some((RequestId(1), true)));
    let kept =
        map_of(&events, 2).windows.iter().filter(|window| window.origin != engine::protocol::WindowOrigin::Encoded);
    assert_eq!(kept.count(), 1, "what was read for the question is not read again");
    let events = ask_within(3);
    assert!(answer_of(&events, 3).read.is_all(), "all is there, and costs no time");
}
