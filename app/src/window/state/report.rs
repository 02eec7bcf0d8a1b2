//! State of an open report as plain data: no egui, no engine thread.

use std::path::PathBuf;

use engine::protocol::{ComputeOptions, ModelSummary, PageEvidence, PageReport, Place, ReadSoFar, RequestId};
use serde::{Deserialize, Serialize};

use crate::window::remote::Remote;
use crate::window::state::figures::FoundFigure;
use crate::window::state::pace::{LastUpdate, ReadingPace};
use crate::window::state::reading_map::ReadingMap;
use crate::window::state::scope::{Scope, file_name};

/// State of an open report.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The model in use; known from the first question.
    pub model: Option<ModelSummary>,
    /// The report.
    pub document: Remote<Report>,
    /// Questions and answers, oldest first.
    pub turns: Vec<Turn>,
    /// Text in the question field.
    pub question: String,
    /// Scope of the next question.
    pub scope: Scope,
    /// Text in the pages field, while it is shown.
    pub scope_pages: Option<String>,
    /// The question being edited in the question field.
    pub editing: Option<Editing>,
    /// The turn deleted last, for undo.
    pub deleted: Option<DeletedTurn>,
    /// The current request; only the latest is followed.
    pub work: Option<Work>,
    /// The background reading of the report.
    pub background: Option<BackgroundReading>,
    /// Whether reading is paused because the computer runs on battery.
    pub rests_on_battery: bool,
    /// How much of the report is encoded; `None` until known.
    pub encoded: Option<ReadSoFar>,
    /// First and last page being read now.
    pub reading_now: Option<(u32, u32)>,
    /// The page to read first.
    pub read_first: Option<u32>,
    /// Pages listed so far while the report is opening, and their total number.
    pub looked_at: (Vec<PageReport>, u32),
    /// State of each page.
    pub reading_map: ReadingMap,
    /// Figures found in the report.
    pub figures: Vec<FoundFigure>,
    /// Figures excluded by the user.
    pub left_out: Vec<Place>,
    /// Excluded figures of other reports in scope, as numbered by the engine.
    pub left_out_elsewhere: Vec<Place>,
    /// The last error, until dismissed.
    pub error: Option<ErrorNotice>,
    /// A notice, until dismissed.
    pub note: Option<String>,
    /// Warnings about the report.
    pub warnings: Vec<String>,
    /// Model and device.
    pub compute: ComputeOptions,
    /// Number of the last request.
    pub requests: u64,
    /// Turn to scroll to in the next frame, counted from 0.
    pub show_turn: Option<usize>,
    /// Turn highlighted as a search hit, counted from 0.
    pub pointed_out: Option<usize>,
    /// Whether to focus the question field in the next frame.
    pub focus_question: bool,
    /// Whether the question waits to be asked.
    pub draft: Draft,
    /// Whether to focus the pages field in the next frame.
    pub focus_pages: bool,
}

impl State {
    /// Whether the report is being opened.
    pub(crate) fn is_opening(&self) -> bool {
        self.work.as_ref().is_some_and(|work| matches!(work.kind, WorkKind::Open(_)))
    }

    /// Scrolls to a turn and highlights it.
    pub(crate) fn point_out(&mut self, turn: usize) {
        self.show_turn = Some(turn);
        self.pointed_out = Some(turn);
    }

    /// The turn of the current request.
    pub(crate) fn asked(&mut self) -> Option<&mut Turn> {
        let request = self.work.as_ref()?.request;
        self.turns.iter_mut().find(|turn| turn.request == Some(request))
    }

    /// A new request id.
    pub(crate) fn next_request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    /// Whether a question can be asked now.
    pub(crate) fn can_ask(&self) -> bool {
        let is_clear = !self.question.trim().is_empty() && self.scope_pages.is_none();
        self.work.is_none() && matches!(self.document, Remote::Ready(_)) && is_clear
    }

    /// Number of pages; 0 while unknown.
    pub(crate) fn num_pages(&self) -> u32 {
        match &self.document {
            Remote::Ready(report) => report.num_pages,
            _ => 0,
        }
    }
}

/// State of the text in the question field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Draft {
    /// Being written.
    #[default]
    Written,
    /// To be asked once the report is open.
    AskedOnceOpen,
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report {
    /// The file.
    pub path: PathBuf,
    /// The file's name without its folder.
    pub name: String,
    /// Pages in the file.
    pub num_pages: u32,
    /// Result of reading each page.
    pub pages: Vec<PageReport>,
}

/// A reading in the background.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BackgroundReading {
    /// Its id.
    pub request: RequestId,
    /// Whether it is running.
    pub is_running: bool,
    /// Whether the user paused it.
    pub is_paused: bool,
    /// Whether the user stopped it.
    pub is_stopped: bool,
    /// Progress and speed.
    pub pace: ReadingPace,
    /// Time of the last progress event.
    pub last_update: LastUpdate,
}

impl BackgroundReading {
    /// A reading that was just requested.
    pub(crate) fn started(request: RequestId) -> Self {
        Self {
            request,
            is_running: true,
            is_paused: false,
            is_stopped: false,
            pace: ReadingPace::default(),
            last_update: LastUpdate::now(),
        }
    }

    /// Completed part of the current stage.
    pub(crate) fn share(&self) -> Option<f32> {
        self.pace.share()
    }

    /// "Encoding the text, 40 %, about 3 min left".
    pub(crate) fn words(&self) -> String {
        self.pace.words().unwrap_or_else(|| "Preparing to read".to_owned())
    }
}

/// A question being edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Editing {
    /// Its turn, counted from 0.
    pub turn: usize,
    /// The draft that the edit replaced; restored afterwards.
    pub before: String,
}

/// A deleted turn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeletedTurn {
    /// Its position, counted from 0.
    pub at: usize,
    /// The turn.
    pub turn: Turn,
}

/// A question with its answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Turn {
    /// Its id.
    pub request: Option<RequestId>,
    /// The question as asked.
    pub question: String,
    /// Its scope.
    pub scope: Scope,
    /// The answer so far.
    pub answer: String,
    /// Evidence, best page first.
    pub evidence: Vec<PageEvidence>,
    /// Whether the report does not contain the answer, as the engine says.
    pub not_found: bool,
    /// The selected page of the evidence, counted from 0.
    pub source: usize,
    /// Warnings about the answer.
    pub warnings: Vec<String>,
    /// How much had been read when it was answered, if not all.
    pub from_part: Option<ReadSoFar>,
    /// How much has been read since, if more.
    pub more_read: Option<ReadSoFar>,
    /// Its state.
    pub end: TurnEnd,
    /// The error, if it failed.
    pub error: Option<ErrorNotice>,
    /// Name of the model that answered.
    pub model: Option<String>,
    /// Other versions of the answer, oldest first; these have no versions of their own.
    pub others: Vec<Turn>,
    /// Position of this version among all, counted from 0.
    pub shown: usize,
}

impl Turn {
    /// The answer with its source pages, for pasting into a text.
    pub(crate) fn with_citations(&self) -> String {
        let page = |page: &PageEvidence| match self.scope.other(page.document) {
            Some(path) => format!("{} of {}", page.page, file_name(path)),
            None => page.page.to_string(),
        };
        let pages: Vec<String> = self.evidence.iter().map(page).collect();
        match pages.as_slice() {
            [] => self.answer.clone(),
            [only] => format!("{} (page {only})", self.answer),
            _ => format!("{} (pages {})", self.answer, pages.join(", ")),
        }
    }

    /// Whether the question was answered and the report does not contain the answer.
    pub(crate) fn found_nothing(&self) -> bool {
        self.end == TurnEnd::Answered && self.not_found
    }
}

/// State of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TurnEnd {
    /// Being answered.
    #[default]
    Open,
    /// Answered.
    Answered,
    /// Stopped by the user.
    Cancelled,
    /// Failed; `error` says why.
    Failed,
}

/// The current engine request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// Its id.
    pub request: RequestId,
    /// Its purpose.
    pub kind: WorkKind,
    /// The current stage, in words.
    pub stage: String,
    /// Completed steps.
    pub done: u64,
    /// Total steps; 0 until known.
    pub total: u64,
    /// Unit of the steps, if meaningful to the user.
    pub unit: Option<&'static str>,
    /// Whether the user cancelled it.
    pub cancelling: bool,
}

impl Work {
    /// A request that was just sent.
    pub(crate) fn started(request: RequestId, kind: WorkKind, stage: &str) -> Self {
        Self { request, kind, stage: stage.to_owned(), done: 0, total: 0, unit: None, cancelling: false }
    }

    /// Completed part, between 0 and 1, if the total is known.
    pub(crate) fn share(&self) -> Option<f32> {
        (self.total > 0).then(|| (self.done as f32 / self.total as f32).clamp(0.0, 1.0))
    }
}

/// Purpose of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WorkKind {
    /// Opening a file.
    Open(PathBuf),
    /// Answering the question with the same id.
    Ask,
}

/// An error: message and hint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ErrorNotice {
    /// What failed.
    pub message: String,
    /// What the user can do.
    pub hint: Option<String>,
}
