//! What the window shows, as plain data: no egui, no engine thread.

use std::path::PathBuf;

use engine::protocol::{ComputeOptions, ModelSummary, PageEvidence, PageReport, Place, ReadSoFar, RequestId};
use serde::{Deserialize, Serialize};

use super::figures::FoundFigure;
use super::pace::{Paces, Told};
use super::reading_map::ReadingMap;
use super::scope::{Scope, file_name};

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The model that answers, known from the first question on.
    pub model: Option<ModelSummary>,
    /// The report that is open.
    pub document: Remote<Report>,
    /// Questions about it, oldest first.
    pub turns: Vec<Turn>,
    /// What stands in the question's field.
    pub question: String,
    /// What it is about.
    pub scope: Scope,
    /// What stands in the field for pages, while the user is asked for them.
    pub scope_pages: Option<String>,
    /// The question that is asked in another form, while its new form stands in the field.
    pub editing: Option<Editing>,
    /// What was taken away last, until something else is done.
    pub taken_away: Option<TakenAway>,
    /// What the engine is doing for the user; the newest request alone is followed.
    pub work: Option<Work>,
    /// The reading of the open report that goes on behind, so that questions can come while it does.
    pub behind: Option<Behind>,
    /// Reading rests because the computer runs on its battery.
    pub rests_on_battery: bool,
    /// How much of the open report is encoded; `None` until that is known.
    pub encoded: Option<ReadSoFar>,
    /// First and last page of what is being read now.
    pub reading_now: Option<(u32, u32)>,
    /// The page that the user wants read before the others.
    pub read_first: Option<u32>,
    /// Pages that were looked at while the report is being opened, and how many it has.
    pub looked_at: (Vec<PageReport>, u32),
    /// What became of each page.
    pub reading_map: ReadingMap,
    /// Figures that were found.
    pub figures: Vec<FoundFigure>,
    /// Figures that the user left out.
    pub left_out: Vec<Place>,
    /// Those of other reports that the next question is about too, as the engine numbers them.
    pub left_out_elsewhere: Vec<Place>,
    /// What went wrong last, until it is dismissed.
    pub trouble: Option<Trouble>,
    /// That something was done which cannot be seen, until it is dismissed.
    pub note: Option<String>,
    /// What the user should know about the report.
    pub warnings: Vec<String>,
    /// With which model and how the engine computes.
    pub compute: ComputeOptions,
    /// The number of the last request.
    pub requests: u64,
    /// The question that is scrolled to in the next frame, counted from 0.
    pub show_turn: Option<usize>,
    /// The question that was looked for and is pointed out, counted from 0.
    pub pointed_out: Option<usize>,
    /// The question's field gets the focus in the next frame.
    pub focus_question: bool,
    /// Whether what stands in that field waits to be asked.
    pub draft: Draft,
    /// The field for the pages that a question is about gets the focus in the next frame.
    pub focus_pages: bool,
}

impl State {
    /// Whether the report is being looked through for the first time.
    pub(crate) fn is_opening(&self) -> bool {
        self.work.as_ref().is_some_and(|work| matches!(work.kind, WorkKind::Open(_)))
    }

    /// Brings a question into sight that was looked for.
    pub(crate) fn point_out(&mut self, turn: usize) {
        self.show_turn = Some(turn);
        self.pointed_out = Some(turn);
    }

    /// The question that the engine is busy with.
    pub(crate) fn asked(&mut self) -> Option<&mut Turn> {
        let request = self.work.as_ref()?.request;
        self.turns.iter_mut().find(|turn| turn.request == Some(request))
    }

    /// A request id that was not used before.
    pub(crate) fn next_request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    /// Whether a question could be asked now.
    pub(crate) fn can_ask(&self) -> bool {
        let is_clear = !self.question.trim().is_empty() && self.scope_pages.is_none();
        self.work.is_none() && matches!(self.document, Remote::Ready(_)) && is_clear
    }

    /// Pages of the report, where that is known.
    pub(crate) fn num_pages(&self) -> u32 {
        match &self.document {
            Remote::Ready(report) => report.num_pages,
            _ => 0,
        }
    }
}

/// What is to become of the text in the question's field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Draft {
    /// It is being written.
    #[default]
    Written,
    /// It is asked as soon as the report is open.
    AskedOnceOpen,
}

/// A value that somebody else makes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Remote<T> {
    /// Nobody asked for it.
    #[default]
    Absent,
    /// It is being made.
    Pending,
    /// Here it is.
    Ready(T),
    /// It could not be made; the error card says why.
    Failed,
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
    /// What could be made of each page.
    pub pages: Vec<PageReport>,
}

/// A reading that goes on behind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Behind {
    /// Its number.
    pub request: RequestId,
    /// Whether it is still under way.
    pub is_running: bool,
    /// Whether the user halted it.
    pub is_paused: bool,
    /// Whether that was for good.
    pub is_stopped: bool,
    /// What is being done, and how fast.
    pub paces: Paces,
    /// When it was told last how far it is.
    pub told: Told,
}

impl Behind {
    /// A reading that was just asked for.
    pub(crate) fn started(request: RequestId) -> Self {
        Self {
            request,
            is_running: true,
            is_paused: false,
            is_stopped: false,
            paces: Paces::default(),
            told: Told::now(),
        }
    }

    /// Part of the stage that is done.
    pub(crate) fn share(&self) -> Option<f32> {
        self.paces.share()
    }

    /// "Encoding the text, 40 %, about 3 min left".
    pub(crate) fn words(&self) -> String {
        self.paces.words().unwrap_or_else(|| "Getting ready to read".to_owned())
    }
}

/// A question that is being changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Editing {
    /// Which one, counted from 0.
    pub turn: usize,
    /// What stood in the field before, and stands there again afterwards.
    pub before: String,
}

/// A question with its answers that was taken away.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TakenAway {
    /// Where it stood, counted from 0.
    pub at: usize,
    /// What it was.
    pub turn: Turn,
}

/// A question and what came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Turn {
    /// Its number.
    pub request: Option<RequestId>,
    /// As it was asked.
    pub question: String,
    /// What it was about.
    pub scope: Scope,
    /// The answer, as far as it has come.
    pub answer: String,
    /// Where it came from, best page first.
    pub evidence: Vec<PageEvidence>,
    /// Whether the report does not hold the answer, as the engine says.
    pub not_found: bool,
    /// Which page of the evidence is looked at, counted from 0.
    pub source: usize,
    /// What the user should know about it.
    pub warnings: Vec<String>,
    /// How much had been read when it was answered, where that was not all.
    pub from_part: Option<ReadSoFar>,
    /// How much has been read since, where that is more.
    pub more_read: Option<ReadSoFar>,
    /// How it stands.
    pub end: TurnEnd,
    /// Why it failed, where it did.
    pub trouble: Option<Trouble>,
    /// The name of the model that answered.
    pub model: Option<String>,
    /// Other answers to it, oldest first; theirs are empty.
    pub others: Vec<Turn>,
    /// Where this answer stands among all of them, counted from 0.
    pub shown: usize,
}

impl Turn {
    /// The answer with the pages that it comes from, as one would paste it into a text.
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

    /// Whether the question was answered and the report does not hold the answer.
    pub(crate) fn found_nothing(&self) -> bool {
        self.end == TurnEnd::Answered && self.not_found
    }
}

/// How a question stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TurnEnd {
    /// The answer is on its way.
    #[default]
    Open,
    /// It was answered.
    Answered,
    /// The user stopped it.
    Cancelled,
    /// It failed; its trouble says why.
    Failed,
}

/// A request the engine is busy with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// Its number.
    pub request: RequestId,
    /// What it is for.
    pub kind: WorkKind,
    /// What is being done, in words.
    pub stage: String,
    /// Steps done.
    pub done: u64,
    /// Steps in all; 0 until that is known.
    pub total: u64,
    /// What the steps are called where they mean something to the user.
    pub unit: Option<&'static str>,
    /// The user asked to stop it.
    pub cancelling: bool,
}

impl Work {
    /// Work that was just asked for.
    pub(crate) fn started(request: RequestId, kind: WorkKind, stage: &str) -> Self {
        Self { request, kind, stage: stage.to_owned(), done: 0, total: 0, unit: None, cancelling: false }
    }

    /// Part that is done, between 0 and 1, where the total is known.
    pub(crate) fn share(&self) -> Option<f32> {
        (self.total > 0).then(|| (self.done as f32 / self.total as f32).clamp(0.0, 1.0))
    }
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WorkKind {
    /// Reading a file.
    Open(PathBuf),
    /// Answering the question with the same number.
    Ask,
}

/// What went wrong: told apart, shown apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    /// What failed.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}
