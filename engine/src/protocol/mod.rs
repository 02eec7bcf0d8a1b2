//! What the application and the engine say to each other: plain data, nothing that is open, drawn or computed.
//!
//! Work carries a [`RequestId`], and so does everything that is told about it. Each request that was sent ends in
//! exactly one of [`Event::Done`], [`Event::Failed`] and [`Event::Cancelled`]; only [`Event::MoreRead`] may come after it.

mod answer;
mod jobs;
mod reading;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use answer::{Answer, AnswerCost, Finish, NOT_IN_DOCUMENT, PageEvidence, SpanEvidence, SpanKind};
pub use jobs::{
    AnsweringOptions, AskJob, ComputeOptions, DeviceChoice, ForwardJob, Layout, MemoryChoice, Part, Place, ReadJob,
    ReadingOptions, Source, WeightType,
};
pub use reading::{
    DocumentSummary, FigureReport, ModelSummary, PageReport, PageState, ReadSoFar, ReadingMap, WindowOrigin,
    WindowReport,
};

use crate::diagnostic::{Diagnostic, Hint};
use crate::untrusted::{harmless_lines, printable_message};

/// Names a piece of work; chosen by whoever asks, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// What the application asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Read documents: pages, figures, and their encoding where there is an encoder.
    Read {
        /// Name of this work.
        request: RequestId,
        /// What to read.
        job: ReadJob,
    },
    /// Answer a question on documents, reading them first where that was not done.
    Ask {
        /// Name of this work.
        request: RequestId,
        /// What to answer.
        job: AskJob,
    },
    /// Run the model once over given ids and pixels, for comparing implementations.
    Forward {
        /// Name of this work.
        request: RequestId,
        /// What to run.
        job: ForwardJob,
    },
    /// Read a page before everything else that a reading has not begun; without effect once it has ended.
    ReadFirst {
        /// The reading.
        request: RequestId,
        /// Number of the document among its sources, from 0.
        document: u32,
        /// Page, counted from 1.
        page: u32,
    },
    /// Give up a piece of work; without effect once it has ended.
    Cancel {
        /// The work to give up.
        request: RequestId,
    },
    /// End the engine after giving up what is under way.
    Shutdown,
}

/// What the engine tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// How far the work has come; `total` is exact from the first time a stage is told.
    Progress {
        /// The work.
        request: RequestId,
        /// What is being done.
        stage: Stage,
        /// Units done.
        done: u64,
        /// Units in all.
        total: u64,
    },
    /// Something the user should know that does not stop the work.
    Warning {
        /// The work.
        request: RequestId,
        /// What.
        diagnostic: Diagnostic,
    },
    /// A document was opened.
    Opened {
        /// The work.
        request: RequestId,
        /// What it is.
        document: DocumentSummary,
    },
    /// The model that does the work.
    Model {
        /// The work.
        request: RequestId,
        /// What it is.
        model: ModelSummary,
    },
    /// A page was looked at.
    Page {
        /// The work.
        request: RequestId,
        /// What was found on it.
        page: PageReport,
    },
    /// A window is being read now.
    Reading {
        /// The work.
        request: RequestId,
        /// What it holds.
        window: WindowReport,
    },
    /// Windows were finished, or found finished.
    Encoded {
        /// The work.
        request: RequestId,
        /// How much is encoded by now.
        read: ReadSoFar,
    },
    /// The question came while these documents are being read, and waits until there is something to answer it from.
    Waiting {
        /// The work.
        request: RequestId,
    },
    /// More has been read than a question was answered from: it can be asked again.
    MoreRead {
        /// The question that was answered.
        request: RequestId,
        /// How much has been read by now.
        read: ReadSoFar,
    },
    /// The next piece of an answer.
    Token {
        /// The work.
        request: RequestId,
        /// Whole characters.
        text: String,
    },
    /// The work is done.
    Done {
        /// The work.
        request: RequestId,
        /// What came of it.
        outcome: Outcome,
    },
    /// The work failed.
    Failed {
        /// The work.
        request: RequestId,
        /// Why, and what to do.
        report: ErrorReport,
    },
    /// The work was given up because it was asked to.
    Cancelled {
        /// The work.
        request: RequestId,
    },
}

impl Event {
    /// The work that an event is about.
    pub fn request(&self) -> RequestId {
        match self {
            Self::Progress { request, .. }
            | Self::Warning { request, .. }
            | Self::Opened { request, .. }
            | Self::Model { request, .. }
            | Self::Page { request, .. }
            | Self::Reading { request, .. }
            | Self::Encoded { request, .. }
            | Self::Waiting { request }
            | Self::MoreRead { request, .. }
            | Self::Token { request, .. }
            | Self::Done { request, .. }
            | Self::Failed { request, .. }
            | Self::Cancelled { request } => *request,
        }
    }

    /// Whether it is the last one about its work.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed { .. } | Self::Cancelled { .. })
    }
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// Reading pages; units are pages.
    Pages,
    /// Loading the model; units are bytes.
    Model,
    /// Encoding text; units are tokens × layers.
    Text,
    /// Looking at figures; units are figures × layers.
    Figures,
    /// Making the encoding ready for answering; units are layers.
    Memory,
    /// Reading the prompt; units are tokens.
    Prompt,
    /// Writing the answer; units are tokens, and the total is the most there can be.
    Answer,
}

/// What came of a piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Documents were read.
    Read(ReadingMap),
    /// A question was answered.
    Answer(Answer),
    /// The model ran once; what was written where.
    Forward {
        /// The file.
        output: PathBuf,
        /// Names and shapes of its tensors.
        tensors: Vec<(String, Vec<usize>)>,
    },
}

/// Why something failed, as the user reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// What failed, in one line.
    pub message: String,
    /// What to do about it, in one line.
    pub hint: Option<String>,
    /// What another program said of it, in some lines, for those who want to know.
    #[serde(default)]
    pub details: Option<String>,
}

impl ErrorReport {
    /// A report without details. Whatever a file or server put into its texts, it is fit to be shown.
    pub fn new(message: &str, hint: Option<String>) -> Self {
        Self {
            message: printable_message(message).to_string(),
            hint: hint.map(|hint| harmless_lines(&hint).into_owned()),
            details: None,
        }
    }

    /// The report of an error.
    pub fn of(error: &(impl std::error::Error + Hint)) -> Self {
        let details = error.details().map(|details| harmless_lines(&details).into_owned());
        Self { details, ..Self::new(&error.to_string(), error.hint()) }
    }
}
