//! The protocol between application and engine: plain data, without handles, windows or tensors.
//!
//! Every request has a [`RequestId`], and so has every event about it. Each request ends in exactly one of
//! [`Event::Done`], [`Event::Failed`] and [`Event::Cancelled`]; only [`Event::MoreRead`] may follow.

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

/// Identifies a request; chosen by the caller, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// A command to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Read documents: pages, figures, and their encoding if the model has an encoder.
    Read {
        /// The new request.
        request: RequestId,
        /// What to read.
        job: ReadJob,
    },
    /// Answer a question on documents, reading them first if necessary.
    Ask {
        /// The new request.
        request: RequestId,
        /// What to answer.
        job: AskJob,
    },
    /// Run the model once on given ids and pixels, to compare implementations.
    Forward {
        /// The new request.
        request: RequestId,
        /// What to run.
        job: ForwardJob,
    },
    /// Read a page before everything else that a reading has not begun; no effect once it has ended.
    ReadFirst {
        /// The reading.
        request: RequestId,
        /// Number of the document among its sources, from 0.
        document: u32,
        /// Page, counted from 1.
        page: u32,
    },
    /// Cancel a request; no effect once it has ended.
    Cancel {
        /// The request to cancel.
        request: RequestId,
    },
    /// Cancel everything and end the engine.
    Shutdown,
}

/// An event from the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Progress of a request; `total` is exact from the first event of a stage.
    Progress {
        /// The request.
        request: RequestId,
        /// The current stage.
        stage: Stage,
        /// Units done.
        done: u64,
        /// Units in total.
        total: u64,
    },
    /// Something the user should know that does not stop the request.
    Warning {
        /// The request.
        request: RequestId,
        /// The warning.
        diagnostic: Diagnostic,
    },
    /// A document was opened.
    Opened {
        /// The request.
        request: RequestId,
        /// The document.
        document: DocumentSummary,
    },
    /// The model in use.
    Model {
        /// The request.
        request: RequestId,
        /// The model.
        model: ModelSummary,
    },
    /// A page was examined.
    Page {
        /// The request.
        request: RequestId,
        /// What was found on it.
        page: PageReport,
    },
    /// A window is being read.
    Reading {
        /// The request.
        request: RequestId,
        /// Its content.
        window: WindowReport,
    },
    /// Windows were encoded, or found in the cache.
    Encoded {
        /// The request.
        request: RequestId,
        /// How much is encoded so far.
        read: ReadSoFar,
    },
    /// The question concerns documents that are still being read, and waits for the first part to answer from.
    Waiting {
        /// The request.
        request: RequestId,
    },
    /// More has been read than a question was answered from: it can be asked again.
    MoreRead {
        /// The question that was answered.
        request: RequestId,
        /// How much has been read so far.
        read: ReadSoFar,
    },
    /// The next piece of an answer.
    Token {
        /// The request.
        request: RequestId,
        /// Whole characters.
        text: String,
    },
    /// The request is done.
    Done {
        /// The request.
        request: RequestId,
        /// Its result.
        outcome: Outcome,
    },
    /// The request failed.
    Failed {
        /// The request.
        request: RequestId,
        /// Why, and what to do about it.
        report: ErrorReport,
    },
    /// The request was cancelled.
    Cancelled {
        /// The request.
        request: RequestId,
    },
}

impl Event {
    /// The request that an event is about.
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

    /// Whether it is the last event of its request.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed { .. } | Self::Cancelled { .. })
    }
}

/// A stage of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// Reading pages; units are pages.
    Pages,
    /// Loading the model; units are bytes.
    Model,
    /// Encoding text; units are tokens × layers.
    Text,
    /// Encoding figures; units are figures × layers.
    Figures,
    /// Preparing the encoding for answering; units are layers.
    Memory,
    /// Processing the prompt; units are tokens.
    Prompt,
    /// Writing the answer; units are tokens, and the total is an upper bound.
    Answer,
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Documents were read.
    Read(ReadingMap),
    /// A question was answered.
    Answer(Answer),
    /// The model ran once.
    Forward {
        /// The output file.
        output: PathBuf,
        /// Names and shapes of its tensors.
        tensors: Vec<(String, Vec<usize>)>,
    },
}

/// An error as shown to the user.
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
