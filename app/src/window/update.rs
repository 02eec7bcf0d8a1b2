//! What changes the state: the user's commands and the engine's events, nothing else.
//!
//! The engine's words are turned into the window's here and only here.

use std::path::PathBuf;

use engine::protocol::{Citation, Command, Event, Outcome, RequestId, Stage};

use super::engine_client::EngineClient;
use super::state::{Evidence, Model, Remote, Report, State, Trouble, Turn, TurnEnd, Work, WorkKind};

/// Asks the engine for the model that answers.
pub(crate) fn load_model(state: &mut State, engine: &mut dyn EngineClient) {
    let request = state.next_request();
    state.model = Remote::Pending;
    state.model_request = Some(request);
    engine.send(Command::LoadModel { request, model: None });
}

/// Leaves the report that is open and reads `path`.
pub(crate) fn open_file(state: &mut State, engine: &mut dyn EngineClient, path: PathBuf) {
    cancel(state, engine);
    let request = state.next_request();
    state.document = Remote::Pending;
    state.turns.clear();
    state.warnings.clear();
    state.trouble = None;
    state.focus_question = true;
    state.work = Some(Work::started(request, WorkKind::Open(path.clone()), "Opening"));
    engine.send(Command::OpenDocument { request, path });
}

/// Asks the question in the field, where that can be done.
pub(crate) fn ask(state: &mut State, engine: &mut dyn EngineClient) {
    let Remote::Ready(report) = &state.document else { return };
    if !state.can_ask() {
        return;
    }
    let document = report.id;
    let question = std::mem::take(&mut state.question).trim().to_owned();
    let request = state.next_request();
    state.trouble = None;
    state.focus_question = true;
    state.turns.push(Turn { question: question.clone(), ..Turn::default() });
    state.work = Some(Work::started(request, WorkKind::Ask, "Looking for the pages that matter"));
    engine.send(Command::Ask { request, document, question });
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
    match event {
        Event::Progress { request, stage, done, total } => on_progress(state, request, stage, done, total),
        Event::Warning { request, diagnostic } => on_warning(state, request, diagnostic.to_string()),
        Event::Token { request, text } => on_token(state, request, &text),
        Event::Done { request, outcome } => on_done(state, request, outcome),
        Event::Failed { request, report } => {
            let trouble = Trouble { message: report.message, hint: report.hint };
            on_failed(state, request, trouble);
        }
        Event::Cancelled { request } => on_cancelled(state, request),
    }
}

fn on_progress(state: &mut State, request: RequestId, stage: Stage, done: u64, total: Option<u64>) {
    if let Some(work) = followed(state, request) {
        words_for(stage).clone_into(&mut work.stage);
        work.done = done;
        work.total = total;
    }
}

fn on_warning(state: &mut State, request: RequestId, warning: String) {
    match followed(state, request).map(|work| &work.kind) {
        Some(WorkKind::Ask) => state.turns.last_mut().map(|turn| turn.warnings.push(warning)),
        Some(WorkKind::Open(_)) => Some(state.warnings.push(warning)),
        None => None,
    };
}

fn on_token(state: &mut State, request: RequestId, text: &str) {
    if is_followed(state, request)
        && let Some(turn) = state.turns.last_mut()
    {
        turn.answer.push_str(text);
    }
}

fn on_done(state: &mut State, request: RequestId, outcome: Outcome) {
    match outcome {
        Outcome::ModelLoaded { name, note } => state.model = Remote::Ready(Model { name, note }),
        Outcome::DocumentOpened { document, name, page_count } if is_followed(state, request) => {
            state.work = None;
            state.document = Remote::Ready(Report { id: document, name, page_count });
        }
        Outcome::Answered(answer) if is_followed(state, request) => {
            state.work = None;
            if let Some(turn) = state.turns.last_mut() {
                turn.end = TurnEnd::Answered;
                turn.answer = answer.text;
                turn.evidence = answer.citations.into_iter().map(evidence).collect();
            }
        }
        Outcome::DocumentOpened { .. } | Outcome::Answered(_) => {}
    }
}

fn on_failed(state: &mut State, request: RequestId, trouble: Trouble) {
    if state.model_request == Some(request) {
        state.model = Remote::Failed;
        state.trouble = Some(trouble);
    } else if is_followed(state, request) {
        end_work(state, TurnEnd::Failed, Remote::Failed);
        state.trouble = Some(trouble);
    }
}

fn on_cancelled(state: &mut State, request: RequestId) {
    if is_followed(state, request) {
        end_work(state, TurnEnd::Cancelled, Remote::Absent);
    }
}

/// The work that is followed came to nothing.
fn end_work(state: &mut State, turn_end: TurnEnd, document: Remote<Report>) {
    match state.work.take().map(|work| work.kind) {
        Some(WorkKind::Open(_)) => state.document = document,
        Some(WorkKind::Ask) => {
            if let Some(turn) = state.turns.last_mut() {
                turn.end = turn_end;
            }
        }
        None => {}
    }
}

fn is_followed(state: &State, request: RequestId) -> bool {
    state.work.as_ref().is_some_and(|work| work.request == request)
}

fn followed(state: &mut State, request: RequestId) -> Option<&mut Work> {
    state.work.as_mut().filter(|work| work.request == request)
}

fn evidence(citation: Citation) -> Evidence {
    Evidence { page: citation.page, text: citation.text, is_figure: citation.is_figure, share: citation.share }
}

fn words_for(stage: Stage) -> &'static str {
    match stage {
        Stage::LoadingModel => "Loading the model",
        Stage::ReadingPages => "Reading pages",
        Stage::Encoding => "Encoding",
        Stage::Answering => "Answering",
    }
}
