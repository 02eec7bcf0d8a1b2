//! What the application requests: files, questions, and options.

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
    /// The files, in reading order.
    pub sources: Vec<Source>,
    /// Which parts of them to read.
    pub reading: ReadingOptions,
    /// Model and device.
    pub compute: ComputeOptions,
    /// Only find out what would be read, without a model.
    pub plan_only: bool,
    /// Also write the figures found to this folder, as PNG with a JSON file of boxes.
    pub figures_to: Option<PathBuf>,
}

/// A question on documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskJob {
    /// The files.
    pub sources: Vec<Source>,
    /// The question.
    pub question: String,
    /// The parts of them that the question is about and its evidence comes from; empty for everything that is read.
    pub scope: Vec<Part>,
    /// Which parts of the files to read.
    pub reading: ReadingOptions,
    /// Model and device.
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
    /// A region of a page: lines and figures that lie mostly in it, and, for a model with vision, the region as a
    /// picture.
    Region(Place),
}

/// A position on a page.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Number of the document among the sources, from 0.
    pub document: u32,
    /// Page, counted from 1.
    pub page: u32,
    /// The box on the page.
    pub bbox: Rect,
}

/// One pass of the model over given ids and pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForwardJob {
    /// Safetensors with `encoder_ids`, `decoder_ids` and optionally `pixel_values`.
    pub input: PathBuf,
    /// Output file, as safetensors.
    pub output: PathBuf,
    /// Model and device.
    pub compute: ComputeOptions,
    /// Tokens to generate after the first decoder id, greedily.
    pub greedy_tokens: Option<usize>,
}

/// Which parts of a document to read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadingOptions {
    /// Pages, counted from 1, as inclusive ranges; `None` for all.
    pub pages: Option<Vec<(u32, u32)>>,
    /// Ignore figures: text only.
    pub without_figures: bool,
    /// Figures to leave out: neither looked at nor cited, with the text inside them.
    pub left_out: Vec<Place>,
    /// Most tokens that are encoded together; `None` for the default.
    pub window_tokens: Option<usize>,
}

/// Model and device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputeOptions {
    /// Name of an installed model, or a folder; `None` for the best one installed.
    pub model: Option<String>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// How weights are stored; `None` for what suits the device.
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

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeightType {
    /// 32 bits: exact.
    F32,
    /// 16 bits with the range of f32: the format of the published checkpoints.
    Bf16,
    /// Bytes with a scale per group of numbers, multiplied as integers; CPU only.
    Int8,
}

/// How the encoder's output is kept for answering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemoryChoice {
    /// Keys and values if there is room, otherwise shared.
    #[default]
    Auto,
    /// Keys and values of every layer.
    KeysValues,
    /// One memory for all layers.
    Shared,
}

/// Where the question goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layout {
    /// The encoder reads the document alone, the question is in the decoder's prompt: one encoding serves every
    /// question.
    #[default]
    Document,
    /// The question follows the pages in the encoder.
    Question,
}

/// How to write an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnsweringOptions {
    /// Where the question goes.
    pub layout: Layout,
    /// Most tokens of an answer.
    pub max_tokens: usize,
    /// 0 always takes the likeliest token.
    pub temperature: f32,
    /// Number of likeliest tokens to choose from; 0 for all.
    pub top_k: usize,
    /// Total probability of the tokens to choose from.
    pub top_p: f32,
    /// Values above 1 make repeated tokens less likely.
    pub repetition_penalty: f32,
    /// Random seed.
    pub seed: u64,
    /// Answer from what has been read after this many seconds, as soon as there is anything; `None` to wait until
    /// everything is read, or to answer at once during a reading of the same documents.
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
