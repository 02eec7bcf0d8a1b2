//! Changes to the state, made only by user commands and engine events.
//!
//! Engine terms are translated to window terms here and only here.

use std::path::PathBuf;

use engine::protocol::{
    AnsweringOptions, AskJob, Command, Event, Outcome, PageReport, Place, ReadJob, ReadSoFar, ReadingOptions,
    RequestId, Source, Stage,
};

use crate::page_ranges;
use crate::services::EngineClient;
use crate::window::remote::Remote;
use crate::window::state::figures;
use crate::window::state::report::{
    BackgroundReading, Draft, ErrorNotice, Report, State, Turn, TurnEnd, Work, WorkKind,
};
use crate::window::state::scope::{Scope, file_name, pages_of};

/// Time limit for reading when a question covers several reports, in seconds.
const SEVERAL_WITHIN_SECS: f32 = 10.0;

/// Most warnings kept of a report or an answer.
const MAX_WARNINGS: usize = 20;

/// Opens a file and lists its pages.
pub(crate) fn open_file(state: &mut State, engine: &mut dyn EngineClient, path: PathBuf) {
    let request = state.next_request();
    state.document = Remote::Pending;
    state.error = None;
    state.draft = Draft::Written;
    state.focus_question = true;
    state.work = Some(Work::started(request, WorkKind::Open(path.clone()), "Opening"));
    let job = read_job(state, path, true);
    engine.send(Command::Read { request, job });
}

/// Gives up a file that cannot be opened; whoever says so shows why.
pub(crate) fn refuse(state: &mut State, engine: &mut dyn EngineClient) {
    if let Some(work) = state.work.take_if(|work| matches!(work.kind, WorkKind::Open(_))) {
        engine.send(Command::Cancel { request: work.request });
        state.document = Remote::Failed;
        state.draft = Draft::Written;
    } else if state.document == Remote::Failed {
        state.error = None;
    }
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

/// Reading options without the excluded figures.
fn reading_options(left_out: &[Place], elsewhere: &[Place]) -> ReadingOptions {
    ReadingOptions { left_out: [left_out, elsewhere].concat(), ..ReadingOptions::default() }
}

/// Starts reading an opened report in the background, ahead of questions.
pub(crate) fn read_in_background(state: &mut State, engine: &mut dyn EngineClient) {
    let Remote::Ready(report) = &state.document else { return };
    if state.background.is_some() {
        return;
    }
    let job = read_job(state, report.path.clone(), false);
    let request = state.next_request();
    state.background = Some(BackgroundReading::started(request));
    engine.send(Command::Read { request, job });
    if let Some(page) = state.read_first {
        engine.send(Command::ReadFirst { request, document: 0, page });
    }
}

/// Moves a page to the front of the reading queue; resumes a paused reading.
pub(crate) fn read_first(state: &mut State, engine: &mut dyn EngineClient, page: u32) {
    state.read_first = Some(page);
    match &state.background {
        Some(background) if background.is_running && !background.is_paused => {
            engine.send(Command::ReadFirst { request: background.request, document: 0, page });
        }
        _ => go_on_reading(state, engine),
    }
}

/// Stops reading; finished work is on disk.
pub(crate) fn stop_reading(state: &mut State, engine: &mut dyn EngineClient) {
    state.read_first = None;
    pause_reading(state, engine);
    if let Some(background) = &mut state.background {
        background.is_stopped = true;
    }
}

/// Excludes a figure, or includes it again.
pub(crate) fn leave_out(state: &mut State, figure: usize, is_out: bool) {
    if let Some(figure) = state.figures.get(figure) {
        figures::leave_out(&mut state.left_out, figure, is_out);
    }
}

/// Pauses the background reading; finished work is on disk.
pub(crate) fn pause_reading(state: &mut State, engine: &mut dyn EngineClient) {
    if let Some(background) = state.background.as_mut().filter(|background| background.is_running) {
        background.is_paused = true;
        engine.send(Command::Cancel { request: background.request });
    }
}

/// Resumes a paused reading.
pub(crate) fn go_on_reading(state: &mut State, engine: &mut dyn EngineClient) {
    if state.background.as_ref().is_some_and(|background| background.is_paused) {
        state.background = None;
        read_in_background(state, engine);
    }
}

/// Asks the question in the input field, if possible; `current` is the visible page. An edited question replaces the
/// original.
pub(crate) fn ask(state: &mut State, engine: &mut dyn EngineClient, current: u32) {
    if !state.can_ask() {
        // The user need not press Enter again once the report is open.
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

/// Asks a question again, after more pages were read or after a failure.
pub(crate) fn ask_again(state: &mut State, engine: &mut dyn EngineClient, turn: usize) {
    send_again(state, engine, turn, AnsweringOptions::default());
}

/// Regenerates an answer with sampling, so that it differs from the likeliest one.
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

/// Sends a question, as a new version of the given turn or as a new turn at the end.
fn send_question(
    state: &mut State,
    engine: &mut dyn EngineClient,
    (place, question, scope): (Option<usize>, String, Scope),
    mut answering: AnsweringOptions,
) {
    let Remote::Ready(report) = &state.document else { return };
    let sources = scope.sources(&report.path);
    if sources.len() > 1 {
        // Reading several new reports may take very long: answer from the pages read by then.
        answering.within_secs = Some(SEVERAL_WITHIN_SECS);
    }
    let request = state.next_request();
    state.error = None;
    state.deleted = None;
    state.note = None;
    state.pointed_out = None;
    state.focus_question = true;
    let parts = scope.parts();
    let next = Turn { request: Some(request), question: question.clone(), scope, ..Turn::default() };
    match place.and_then(|place| state.turns.get_mut(place)) {
        Some(turn) => turn.begin_version(next),
        None => state.turns.push(next),
    }
    state.work = Some(Work::started(request, WorkKind::Ask, "Preparing"));
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

/// Sets the scope of the next question.
pub(crate) fn set_scope(state: &mut State, scope: Scope) {
    state.scope = scope;
    state.scope_pages = None;
    state.focus_question = true;
}

/// Shows the field for the pages of the next question.
pub(crate) fn choose_pages(state: &mut State) {
    state.scope_pages = Some(match &state.scope {
        Scope::Pages(ranges) => page_ranges::words(ranges),
        _ => String::new(),
    });
    state.focus_pages = true;
}

/// Applies the typed pages if they are valid.
pub(crate) fn end_pages(state: &mut State, text: Option<&str>) {
    match text.map(|text| pages_of(text, state.num_pages())) {
        Some(Ok(scope)) => set_scope(state, scope),
        // The error is shown next to the field.
        Some(Err(_)) => {}
        None => state.scope_pages = None,
    }
}

/// Cancels the current request.
pub(crate) fn cancel(state: &mut State, engine: &mut dyn EngineClient) {
    if let Some(work) = state.work.as_mut().filter(|work| !work.cancelling) {
        work.cancelling = true;
        engine.send(Command::Cancel { request: work.request });
    }
}

/// Applies an engine event. Events of superseded requests are dropped.
pub(crate) fn apply(state: &mut State, event: Event) {
    if let Event::MoreRead { request, read } = event {
        on_more_read(state, request, read);
        return;
    }
    if let Some(background) = state.background.as_mut().filter(|background| background.request == event.request()) {
        // Failures are reported by the question that hits them too.
        background.is_running &= !event.is_last();
        match event {
            Event::Progress { stage, done, total, .. } if total > 0 => {
                let since = background.last_update.lap();
                background.pace.record(stage, stage_label(stage).0, done as f32 / total as f32, since);
            }
            // For example a full disk: reading continues, but the user should know.
            Event::Warning { diagnostic, .. } => {
                keep_warning(&mut state.warnings, diagnostic.to_string());
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
    if let Some(background) = &mut state.background {
        // Reading pauses while a question is answered, which must not count towards its pace.
        background.last_update.lap();
    }
    match event {
        Event::Progress { stage, done, total, .. } => on_progress(state, stage, done, total),
        Event::Warning { diagnostic, .. } => on_warning(state, diagnostic.to_string()),
        Event::Model { model, .. } => state.model = Some(model),
        Event::Token { text, .. } => on_token(state, &text),
        Event::Done { outcome, .. } => on_done(state, outcome),
        Event::Failed { report, .. } => on_failed(state, ErrorNotice { message: report.message, hint: report.hint }),
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
        // Encodings for a question on part of a report say nothing about the whole.
        Event::Encoded { read, .. } => {
            if state.asked().is_some_and(|turn| turn.scope == Scope::Report) {
                on_encoded(state, read);
            }
        }
        Event::Waiting { .. } => {
            if let Some(work) = &mut state.work {
                "Waiting for the first pages to be read".clone_into(&mut work.stage);
            }
        }
    }
}

/// A page was read again, perhaps for another model.
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
        let (label, unit) = stage_label(stage);
        label.clone_into(&mut work.stage);
        work.done = done;
        work.total = total;
        work.unit = unit;
    }
}

/// Adds a warning that is not there yet, and a note in place of those that are too many to read.
fn keep_warning(warnings: &mut Vec<String>, warning: String) {
    if warnings.contains(&warning) {
        return;
    }
    match warnings.len() {
        0..MAX_WARNINGS => warnings.push(warning),
        MAX_WARNINGS => warnings.push("There are more warnings; recto read lists them".to_owned()),
        _ => {}
    }
}

fn on_warning(state: &mut State, warning: String) {
    match state.work.as_ref().map(|work| &work.kind) {
        Some(WorkKind::Ask) => {
            if let Some(turn) = state.asked() {
                keep_warning(&mut turn.warnings, warning);
            }
        }
        Some(WorkKind::Open(_)) => keep_warning(&mut state.warnings, warning),
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
        // A mismatched outcome ends the request all the same.
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

/// Shows the error where the result was expected.
fn on_failed(state: &mut State, error: ErrorNotice) {
    if let Some(turn) = state.asked() {
        turn.end = TurnEnd::Failed;
        turn.error = Some(error);
    } else {
        state.document = Remote::Failed;
        state.error = Some(error);
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

/// Label of a stage, and its unit if it is meaningful to the user.
fn stage_label(stage: Stage) -> (&'static str, Option<&'static str>) {
    match stage {
        Stage::Pages => ("Reading pages", Some("pages")),
        Stage::Model => ("Loading the model", None),
        Stage::Text => ("Encoding the text", None),
        Stage::Figures => ("Looking at figures", None),
        Stage::Memory => ("Preparing the answer", None),
        Stage::Prompt => ("Reading the relevant passages", None),
        // The total is an upper bound only, so no count is shown.
        Stage::Answer => ("Answering", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_warnings_ends_with_a_note() {
        let mut warnings = Vec::new();
        for number in 0..1_000_000 {
            keep_warning(&mut warnings, format!("warning {}", number / 2));
        }
        assert_eq!(warnings.len(), MAX_WARNINGS + 1);
        assert_eq!(warnings[MAX_WARNINGS - 1], "warning 19");
        assert_eq!(warnings[MAX_WARNINGS], "There are more warnings; recto read lists them");
    }
}
