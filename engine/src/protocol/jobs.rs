//! What the application asks for: files, questions, and how to work on them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::document::geometry::Rect;

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
