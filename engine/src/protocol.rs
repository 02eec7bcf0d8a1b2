//! What the application and the engine say to each other: plain data, nothing that is open, drawn or computed.
//!
//! Work carries a [`RequestId`], and so does everything that is told about it. Each request that was sent ends in
//! exactly one of [`Event::Done`], [`Event::Failed`] and [`Event::Cancelled`]; only [`Event::MoreRead`] may come after it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::document::geometry::Rect;
use crate::document::page::{DocumentKind, FigureKind};

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

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// Password of an encrypted file.
    pub password: Option<String>,
}

/// Documents to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadJob {
    /// The files, in the order in which they are read.
    pub sources: Vec<Source>,
    /// What of them.
    pub reading: ReadingOptions,
    /// With which model and how.
    pub compute: ComputeOptions,
    /// Only find out what would be read: no model.
    pub plan_only: bool,
    /// Also write the figures found into this folder, as PNG with a JSON of boxes.
    pub figures_to: Option<PathBuf>,
}

/// A question on documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskJob {
    /// The files.
    pub sources: Vec<Source>,
    /// The question.
    pub question: String,
    /// Which parts of them the question is about, and its evidence comes from; empty for all that is read.
    pub scope: Vec<Part>,
    /// What of the files.
    pub reading: ReadingOptions,
    /// With which model and how.
    pub compute: ComputeOptions,
    /// How to answer.
    pub answering: AnsweringOptions,
}

/// A part of documents that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// Pages of a document.
    Pages {
        /// Number of the document among the sources, from 0.
        document: u32,
        /// First page, counted from 1.
        first: u32,
        /// Last page.
        last: u32,
    },
    /// A region of a page: lines and figures that lie mostly in it, and, for a model with eyes, the region as a picture.
    Region(Place),
}

/// A place on a page.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Number of the document among the sources, from 0.
    pub document: u32,
    /// Page, counted from 1.
    pub page: u32,
    /// Where on it.
    pub bbox: Rect,
}

/// One pass of the model over given ids and pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForwardJob {
    /// Safetensors with `encoder_ids`, `decoder_ids` and optionally `pixel_values`.
    pub input: PathBuf,
    /// Where the results go, as safetensors.
    pub output: PathBuf,
    /// With which model and how.
    pub compute: ComputeOptions,
    /// Tokens to write from the first decoder id on, by the highest logit.
    pub greedy_tokens: Option<usize>,
}

/// What of a document is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadingOptions {
    /// Pages, counted from 1, as ranges with both ends; `None` for all.
    pub pages: Option<Vec<(u32, u32)>>,
    /// Leave figures alone: text only.
    pub without_figures: bool,
    /// Figures that are left out: neither looked at nor cited, with the text inside them.
    pub left_out: Vec<Place>,
    /// Tokens that are encoded together at most; `None` for the default.
    pub window_tokens: Option<usize>,
}

/// Which model, and how it computes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputeOptions {
    /// Name of an installed model, or a folder; `None` for the best one installed.
    pub model: Option<String>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// How weights are held; `None` for what suits the device.
    pub dtype: Option<WeightType>,
    /// How the encoder's output is kept for answering.
    pub memory: MemoryChoice,
}

/// Where to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceChoice {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA card.
    Cuda,
    /// An Apple GPU.
    Metal,
}

/// How weights are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeightType {
    /// 32 bits: exact.
    F32,
    /// 16 bits with the range of f32: what the checkpoints are published in.
    Bf16,
    /// Bytes with a scale per few numbers, multiplied as integers; on the CPU alone.
    Int8,
}

/// How the encoder's output is kept for answering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemoryChoice {
    /// Keys and values where there is room, else shared.
    #[default]
    Auto,
    /// Keys and values of every layer.
    KeysValues,
    /// One memory for all layers.
    Shared,
}

/// Where the question stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layout {
    /// The encoder holds the document alone, the decoder's prompt the question: one encoding serves every question.
    #[default]
    Document,
    /// The question stands behind the pages in the encoder.
    Question,
}

/// How an answer is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnsweringOptions {
    /// Where the question stands.
    pub layout: Layout,
    /// Tokens that an answer has at most.
    pub max_tokens: usize,
    /// 0 for always the likeliest token.
    pub temperature: f32,
    /// Likeliest tokens to choose among; 0 for all.
    pub top_k: usize,
    /// Probability that the tokens to choose among reach together.
    pub top_p: f32,
    /// More than 1 makes tokens that were written before less likely.
    pub repetition_penalty: f32,
    /// Start of the chain of chance.
    pub seed: u64,
    /// Answer from what has been read after so many seconds, as soon as that is anything; `None` for when all is read, or
    /// at once where a reading of the same documents is under way.
    pub within_secs: Option<f32>,
}

impl Default for AnsweringOptions {
    fn default() -> Self {
        Self {
            layout: Layout::Document,
            max_tokens: 128,
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            repetition_penalty: 1.0,
            seed: 0,
            within_secs: None,
        }
    }
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

/// A document that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentSummary {
    /// Its number among the sources, from 0.
    pub index: u32,
    /// The file's name without its folder.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// What the file is.
    pub kind: DocumentKind,
    /// Title, where the file says.
    pub title: Option<String>,
    /// Pages in the file.
    pub pages: u32,
}

/// The model that does the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// Its name.
    pub name: String,
    /// Whether it encodes documents; without an encoder, chosen passages stand in its prompt.
    pub has_encoder: bool,
    /// Whether it sees figures.
    pub has_eyes: bool,
    /// Whether it is the small stand-in that comes with Recto.
    pub stand_in: bool,
    /// How its weights are held.
    pub dtype: WeightType,
    /// How the encoding is kept for answering, once that is decided.
    pub memory: Option<MemoryChoice>,
}

/// What was found on a page: a cell of the reading map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageReport {
    /// Number of the document among the sources, from 0.
    pub document: u32,
    /// Page, counted from 1.
    pub number: u32,
    /// What is printed for it, where the file says.
    pub label: Option<String>,
    /// How it was read.
    pub state: PageState,
    /// Lines of text.
    pub lines: u32,
    /// Tables.
    pub tables: u32,
    /// Figures.
    pub figures: u32,
    /// What is known of each of them.
    pub figure_list: Vec<FigureReport>,
    /// Text tokens; 0 until they are counted.
    pub tokens: u32,
    /// Why it was not read, or not whole.
    pub reason: Option<String>,
}

/// A figure that was found on a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureReport {
    /// Where it is.
    pub bbox: Rect,
    /// What it is made of.
    pub kind: FigureKind,
    /// The caption that belongs to it.
    pub caption: Option<String>,
}

/// How a page was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageState {
    /// Its text was read, and figures where it has some and the model has eyes.
    Read,
    /// It is a picture, and the model has eyes for it.
    Seen,
    /// There is nothing on it.
    Blank,
    /// It is a picture, and this model has no eyes (or figures were left out).
    Unread,
    /// It could not be opened.
    Failed,
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

/// What was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadingMap {
    /// The documents.
    pub documents: Vec<DocumentSummary>,
    /// Their pages, as far as they were asked for.
    pub pages: Vec<PageReport>,
    /// Windows that were (or would be) encoded.
    pub windows: Vec<WindowReport>,
    /// Tokens in all windows.
    pub tokens: u64,
    /// Whether a model encoded them.
    pub encoded: bool,
    /// Seconds spent on pages.
    pub pages_secs: f64,
    /// Seconds spent on encoding.
    pub encoding_secs: f64,
    /// Figures that were written, where that was asked for.
    pub figures_written: Vec<PathBuf>,
}

/// A window of tokens that is encoded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowReport {
    /// Number of the document among the sources, from 0.
    pub document: u32,
    /// First page in it, counted from 1.
    pub first_page: u32,
    /// Last page in it.
    pub last_page: u32,
    /// Tokens.
    pub tokens: u32,
    /// Figures in it.
    pub figures: u32,
    /// Where its encoding comes from.
    pub origin: WindowOrigin,
}

/// Where the encoding of a window comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowOrigin {
    /// There is none: the window was only planned.
    Planned,
    /// It was made by this work.
    Encoded,
    /// It was kept on disk since an earlier reading.
    Kept,
}

/// An answer with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer's text.
    pub text: String,
    /// Why it ended where it does.
    pub finish: Finish,
    /// The model that wrote it.
    pub model: ModelSummary,
    /// The documents it was asked of.
    pub documents: Vec<DocumentSummary>,
    /// Pages that it comes from, best first.
    pub evidence: Vec<PageEvidence>,
    /// Pages that could not be read and so had no say.
    pub unread: Vec<PageReport>,
    /// How much of the documents had been read when it was written.
    pub read: ReadSoFar,
    /// What it took.
    pub cost: AnswerCost,
}

/// How much of documents has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadSoFar {
    /// Windows that are encoded, and windows in all.
    pub windows: (u32, u32),
    /// Pages of which all text is read (of those without text, all pictures), and pages in all.
    pub pages: (u32, u32),
    /// Figures that were looked at, in parts where they are large, and figures to look at in all.
    pub figures: (u32, u32),
    /// Pages that are not read yet: number of the document among the sources, from 0, and page, counted from 1.
    pub waiting: Vec<(u32, u32)>,
}

impl ReadSoFar {
    /// Whether nothing is left to read.
    pub fn is_all(&self) -> bool {
        self.windows.0 == self.windows.1
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finish {
    /// The model ended it.
    Complete,
    /// It reached the most tokens allowed.
    Length,
}

/// What an answer took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerCost {
    /// Tokens whose encoding the answer is written over.
    pub encoded_tokens: u64,
    /// Those of them whose encoding was kept from an earlier reading, on disk or in memory.
    pub kept_tokens: u64,
    /// Tokens of the decoder's prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub answer_tokens: u64,
    /// Seconds spent on pages.
    pub pages_secs: f64,
    /// Seconds spent on encoding.
    pub encoding_secs: f64,
    /// Seconds from the end of encoding to the first token.
    pub first_token_secs: f64,
    /// Seconds spent on writing the answer.
    pub answer_secs: f64,
}

/// A page that an answer comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageEvidence {
    /// Number of the document among the sources, from 0.
    pub document: u32,
    /// Page, counted from 1.
    pub page: u32,
    /// What is printed for it, where the file says.
    pub label: Option<String>,
    /// How much of the answer's evidence lies on this page, between 0 and 1; all pages together make 1.
    pub share: f32,
    /// Lines and figures on it, best first.
    pub spans: Vec<SpanEvidence>,
}

/// A line or figure that an answer comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanEvidence {
    /// What it is.
    pub kind: SpanKind,
    /// The line's text, or the figure's caption.
    pub text: String,
    /// Where it is on the page: points, origin at the top left, y down.
    pub boxes: Vec<Rect>,
    /// How much of the answer's evidence lies in it, between 0 and 1.
    pub share: f32,
    /// Share of the model's attention alone.
    pub attention: f32,
    /// Words and numbers of the answer that stand in it.
    pub matches: Vec<String>,
}

/// What a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanKind {
    /// A line of text, or a table row.
    Line,
    /// A figure.
    Figure(FigureKind),
}

/// Why something failed, as the user reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// What failed, in one line.
    pub message: String,
    /// What to do about it, in one line.
    pub hint: Option<String>,
}
