//! What changes the state: the user's commands and the engine's events, nothing else.
//!
//! The engine's words are turned into the window's here and only here.

use std::path::PathBuf;

use engine::protocol::{
    AnsweringOptions, AskJob, Command, Event, Outcome, PageReport, Place, ReadJob, ReadSoFar, ReadingOptions,
    RequestId, Source, Stage,
};

use super::engine_client::EngineClient;
use super::figures;
use super::scope::{Scope, file_name, pages_of};
use super::state::{Behind, Draft, Remote, Report, State, Trouble, Turn, TurnEnd, Work, WorkKind};
use crate::page_ranges;

/// How long a question on several reports waits for them to be read, in seconds.
const SEVERAL_WITHIN_SECS: f32 = 10.0;

/// Looks through a file for the first time.
pub(crate) fn open_file(state: &mut State, engine: &mut dyn EngineClient, path: PathBuf) {
    let request = state.next_request();
    state.document = Remote::Pending;
    state.trouble = None;
    state.draft = Draft::Written;
    state.focus_question = true;
    state.work = Some(Work::started(request, WorkKind::Open(path.clone()), "Opening"));
    let job = read_job(state, path, true);
    engine.send(Command::Read { request, job });
}

fn read_job(state: &State, path: PathBuf, plan_only: bool) -> ReadJob {
    ReadJob {
        sources: vec![Source { path, password: None }],
        reading: reading_options(&state.left_out, &[]),
        compute: state.compute.clone(),
        plan_only,
        figures_to: None,
    }
}

/// What of reports is read.
fn reading_options(left_out: &[Place], elsewhere: &[Place]) -> ReadingOptions {
    ReadingOptions { left_out: [left_out, elsewhere].concat(), ..ReadingOptions::default() }
}

/// Begins to read a report that was just opened, so that questions find something read.
pub(crate) fn read_behind(state: &mut State, engine: &mut dyn EngineClient) {
    let Remote::Ready(report) = &state.document else { return };
    if state.behind.is_some() {
        return;
    }
    let job = read_job(state, report.path.clone(), false);
    let request = state.next_request();
    state.behind = Some(Behind::started(request));
    engine.send(Command::Read { request, job });
    if let Some(page) = state.read_first {
        engine.send(Command::ReadFirst { request, document: 0, page });
    }
}

/// Has a page read before the others; a reading that rests is taken up for that.
pub(crate) fn read_first(state: &mut State, engine: &mut dyn EngineClient, page: u32) {
    state.read_first = Some(page);
    match &state.behind {
        Some(behind) if behind.is_running && !behind.is_paused => {
            engine.send(Command::ReadFirst { request: behind.request, document: 0, page });
        }
        _ => go_on_reading(state, engine),
    }
}

/// Reads no further; what is finished is on disk.
pub(crate) fn stop_reading(state: &mut State, engine: &mut dyn EngineClient) {
    state.read_first = None;
    pause_reading(state, engine);
    if let Some(behind) = &mut state.behind {
        behind.is_stopped = true;
    }
}

/// Leaves a figure out, or takes it back in.
pub(crate) fn leave_out(state: &mut State, figure: usize, is_out: bool) {
    if let Some(figure) = state.figures.get(figure) {
        figures::leave_out(&mut state.left_out, figure, is_out);
    }
}

/// Halts the reading behind; what is finished is on disk.
pub(crate) fn pause_reading(state: &mut State, engine: &mut dyn EngineClient) {
    if let Some(behind) = state.behind.as_mut().filter(|behind| behind.is_running) {
        behind.is_paused = true;
        engine.send(Command::Cancel { request: behind.request });
    }
}

/// Takes it up where it was.
pub(crate) fn go_on_reading(state: &mut State, engine: &mut dyn EngineClient) {
    if state.behind.as_ref().is_some_and(|behind| behind.is_paused) {
        state.behind = None;
        read_behind(state, engine);
    }
}

/// Asks the question in the field, where that can be done, while `current` is the page in sight. One that was being changed is
/// asked in its place.
pub(crate) fn ask(state: &mut State, engine: &mut dyn EngineClient, current: u32) {
    if !state.can_ask() {
        // Nobody presses Enter twice because a report takes its time to open.
        if state.is_opening() && !state.question.trim().is_empty() {
            state.draft = Draft::AskedOnceOpen;
        }
        return;
    }
    let editing = state.editing.take();
    let before = editing.as_ref().map(|editing| editing.before.clone()).unwrap_or_default();
    let question = std::mem::replace(&mut state.question, before).trim().to_owned();
    let place = editing.map(|editing| editing.turn);
    let scope = state.scope.settled(current);
    send_question(state, engine, (place, question, scope), AnsweringOptions::default());
}

/// Asks a question once more: after more was read than it was answered from, or where that failed.
pub(crate) fn ask_again(state: &mut State, engine: &mut dyn EngineClient, turn: usize) {
    send_again(state, engine, turn, AnsweringOptions::default());
}

/// Has a question answered in other words: the likeliest ones have been read.
pub(crate) fn regenerate(state: &mut State, engine: &mut dyn EngineClient, turn: usize) {
    let answering =
        AnsweringOptions { temperature: 0.7, top_p: 0.95, seed: state.requests, ..AnsweringOptions::default() };
    send_again(state, engine, turn, answering);
}

fn send_again(state: &mut State, engine: &mut dyn EngineClient, at: usize, answering: AnsweringOptions) {
    let (Some(turn), None) = (state.turns.get(at), &state.work) else { return };
    let (question, scope) = (turn.question.clone(), turn.scope.clone());
    send_question(state, engine, (Some(at), question, scope), answering);
}

/// Asks a question in the place of the turn that is named, where there is such a one, else behind all others.
fn send_question(
    state: &mut State,
    engine: &mut dyn EngineClient,
    (place, question, scope): (Option<usize>, String, Scope),
    mut answering: AnsweringOptions,
) {
    let Remote::Ready(report) = &state.document else { return };
    let sources = scope.sources(&report.path);
    if sources.len() > 1 {
        // Several reports that were never read may take very long: what is read by then answers.
        answering.within_secs = Some(SEVERAL_WITHIN_SECS);
    }
    let request = state.next_request();
    state.trouble = None;
    state.taken_away = None;
    state.note = None;
    state.pointed_out = None;
    state.focus_question = true;
    let parts = scope.parts();
    let next = Turn { request: Some(request), question: question.clone(), scope, ..Turn::default() };
    match place.and_then(|place| state.turns.get_mut(place)) {
        Some(turn) => turn.begin_version(next),
        None => state.turns.push(next),
    }
    state.work = Some(Work::started(request, WorkKind::Ask, "Getting ready"));
    let job = AskJob {
        sources,
        question,
        scope: parts,
        reading: reading_options(&state.left_out, &state.left_out_elsewhere),
        compute: state.compute.clone(),
        answering,
    };
    engine.send(Command::Ask { request, job });
}

/// Says what the next question is about.
pub(crate) fn set_scope(state: &mut State, scope: Scope) {
    state.scope = scope;
    state.scope_pages = None;
    state.focus_question = true;
}

/// Asks the user for the pages that the next question is about.
pub(crate) fn choose_pages(state: &mut State) {
    state.scope_pages = Some(match &state.scope {
        Scope::Pages(ranges) => page_ranges::words(ranges),
        _ => String::new(),
    });
    state.focus_pages = true;
}

/// Takes the pages that were written, where they can be understood and are there.
pub(crate) fn end_pages(state: &mut State, text: Option<&str>) {
    match text.map(|text| pages_of(text, state.num_pages())) {
        Some(Ok(scope)) => set_scope(state, scope),
        // What is wrong with them is said beside the field.
        Some(Err(_)) => {}
        None => state.scope_pages = None,
    }
}

/// Asks the engine to stop what it is doing for the user.
pub(crate) fn cancel(state: &mut State, engine: &mut dyn EngineClient) {
    if let Some(work) = state.work.as_mut().filter(|work| !work.cancelling) {
        work.cancelling = true;
        engine.send(Command::Cancel { request: work.request });
    }
}

/// Takes in what the engine tells. Events of requests that nobody follows any more are dropped.
pub(crate) fn absorb(state: &mut State, event: Event) {
    if let Event::MoreRead { request, read } = event {
        on_more_read(state, request, read);
        return;
    }
    if let Some(behind) = state.behind.as_mut().filter(|behind| behind.request == event.request()) {
        // What goes wrong there goes wrong for the question too, which tells it.
        behind.is_running &= !event.is_last();
        match event {
            Event::Progress { stage, done, total, .. } if total > 0 => {
                let since = behind.told.again();
                behind.paces.tell(stage, words_for(stage).0, done as f32 / total as f32, since);
            }
            // A disk that is full, say: the reading goes on, but its user should know.
            Event::Warning { diagnostic, .. } => {
                let warning = diagnostic.to_string();
                if !state.warnings.contains(&warning) {
                    state.warnings.push(warning);
                }
            }
            Event::Reading { window, .. } => state.reading_now = Some((window.first_page, window.last_page)),
            Event::Page { page, .. } => on_page(state, page),
            Event::Encoded { read, .. } => on_encoded(state, read),
            Event::Model { model, .. } => state.model = Some(model),
            _ => {}
        }
        return;
    }
    if !is_followed(state, event.request()) {
        return;
    }
    if let Some(behind) = &mut state.behind {
        // While a question is answered the reading rests, which says nothing about its pace.
        behind.told.again();
    }
    match event {
        Event::Progress { stage, done, total, .. } => on_progress(state, stage, done, total),
        Event::Warning { diagnostic, .. } => on_warning(state, diagnostic.to_string()),
        Event::Model { model, .. } => state.model = Some(model),
        Event::Token { text, .. } => on_token(state, &text),
        Event::Done { outcome, .. } => on_done(state, outcome),
        Event::Failed { report, .. } => on_failed(state, Trouble { message: report.message, hint: report.hint }),
        Event::Cancelled { .. } => on_cancelled(state),
        Event::Opened { document, .. } => {
            if state.is_opening() {
                state.looked_at = (Vec::new(), document.pages);
                state.figures.clear();
            }
        }
        Event::Page { page, .. } => {
            if state.is_opening() {
                state.figures.extend(figures::found(std::slice::from_ref(&page)));
                state.looked_at.0.push(page);
            }
        }
        Event::Reading { .. } | Event::MoreRead { .. } => {}
        // What was encoded for a question on a part says nothing about the whole.
        Event::Encoded { read, .. } => {
            if state.asked().is_some_and(|turn| turn.scope == Scope::Report) {
                on_encoded(state, read);
            }
        }
        Event::Waiting { .. } => {
            if let Some(work) = &mut state.work {
                "Waiting until the first pages are read".clone_into(&mut work.stage);
            }
        }
    }
}

/// A page was looked at again, perhaps for another model.
fn on_page(state: &mut State, page: PageReport) {
    if let Remote::Ready(report) = &mut state.document
        && let Some(before) = report.pages.iter_mut().find(|before| before.number == page.number)
    {
        *before = page;
    }
}

fn on_encoded(state: &mut State, read: ReadSoFar) {
    state.read_first.take_if(|page| !read.waiting.contains(&(0, *page)));
    state.reading_now = None;
    state.encoded = Some(read);
}

fn on_more_read(state: &mut State, request: RequestId, read: ReadSoFar) {
    if let Some(turn) = state.turns.iter_mut().find(|turn| turn.request == Some(request)) {
        turn.more_read = Some(read);
    }
}

fn on_progress(state: &mut State, stage: Stage, done: u64, total: u64) {
    if let Some(work) = &mut state.work {
        let (words, unit) = words_for(stage);
        words.clone_into(&mut work.stage);
        work.done = done;
        work.total = total;
        work.unit = unit;
    }
}

fn on_warning(state: &mut State, warning: String) {
    match state.work.as_ref().map(|work| &work.kind) {
        Some(WorkKind::Ask) => {
            if let Some(turn) = state.asked() {
                turn.warnings.push(warning);
            }
        }
        Some(WorkKind::Open(_)) => state.warnings.push(warning),
        None => {}
    }
}

fn on_token(state: &mut State, text: &str) {
    if let Some(turn) = state.asked() {
        turn.answer.push_str(text);
    }
}

fn on_done(state: &mut State, outcome: Outcome) {
    match (state.work.as_ref().map(|work| work.kind.clone()), outcome) {
        (Some(WorkKind::Open(path)), Outcome::Read(map)) => {
            state.figures = figures::found(&map.pages);
            state.document = Remote::Ready(report(path, map));
            state.focus_question = true;
        }
        (Some(WorkKind::Ask), Outcome::Answer(answer)) => {
            if let Some(turn) = state.asked() {
                turn.end = TurnEnd::Answered;
                turn.answer = answer.text;
                turn.evidence = answer.evidence;
                turn.not_found = answer.not_found;
                turn.from_part = (!answer.read.is_all()).then_some(answer.read);
                turn.model = Some(answer.model.name.clone());
            }
            state.model = Some(answer.model);
        }
        // An outcome that does not answer the request ends it all the same.
        (Some(WorkKind::Open(_)), _) => state.document = Remote::Failed,
        (Some(WorkKind::Ask), _) => {
            if let Some(turn) = state.asked() {
                turn.end = TurnEnd::Failed;
            }
        }
        (None, _) => {}
    }
    state.work = None;
}

/// What went wrong is told where the user looks for what was to come.
fn on_failed(state: &mut State, trouble: Trouble) {
    if let Some(turn) = state.asked() {
        turn.end = TurnEnd::Failed;
        turn.trouble = Some(trouble);
    } else {
        state.document = Remote::Failed;
        state.trouble = Some(trouble);
    }
    state.work = None;
}

fn on_cancelled(state: &mut State) {
    if let Some(turn) = state.asked() {
        turn.end = TurnEnd::Cancelled;
        turn.drop_empty_version();
    } else {
        state.document = Remote::Absent;
    }
    state.work = None;
}

fn is_followed(state: &State, request: RequestId) -> bool {
    state.work.as_ref().is_some_and(|work| work.request == request)
}

fn report(path: PathBuf, map: engine::protocol::ReadingMap) -> Report {
    let summary = map.documents.first();
    Report {
        name: summary.map_or_else(|| file_name(&path), |summary| summary.name.clone()),
        num_pages: summary.map_or(0, |summary| summary.pages),
        pages: map.pages,
        path,
    }
}

/// What a stage is called, and what its units are where they mean something to the user.
fn words_for(stage: Stage) -> (&'static str, Option<&'static str>) {
    match stage {
        Stage::Pages => ("Reading pages", Some("pages")),
        Stage::Model => ("Loading the model", None),
        Stage::Text => ("Encoding the text", None),
        Stage::Figures => ("Looking at figures", None),
        Stage::Memory => ("Getting ready to answer", None),
        Stage::Prompt => ("Reading the passages that matter", None),
        // The total is only the most there can be, so a count would promise what it does not keep.
        Stage::Answer => ("Answering", None),
    }
}
