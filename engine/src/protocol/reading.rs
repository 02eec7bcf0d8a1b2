//! What the engine reports of documents: their properties, the state of each page, and progress.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::jobs::{MemoryChoice, WeightType};
use crate::document::geometry::Rect;
use crate::document::page::{DocumentKind, FigureKind};

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
    /// Title, if the file has one.
    pub title: Option<String>,
    /// Pages in the file.
    pub pages: u32,
}

/// The model in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// Its name.
    pub name: String,
    /// Whether it encodes documents; without an encoder it sees selected passages in its prompt.
    pub has_encoder: bool,
    /// Whether it sees figures.
    pub has_eyes: bool,
    /// Whether it is the small stand-in that comes with Recto.
    pub stand_in: bool,
    /// How its weights are stored.
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
    /// Its printed label ("iv", "A-3"), if the file has one.
    pub label: Option<String>,
    /// How it was read.
    pub state: PageState,
    /// Lines of text.
    pub lines: u32,
    /// Tables.
    pub tables: u32,
    /// Figures.
    pub figures: u32,
    /// Details of each figure.
    pub figure_list: Vec<FigureReport>,
    /// Text tokens; 0 until they are counted.
    pub tokens: u32,
    /// Why it was not read, or only in part.
    pub reason: Option<String>,
}

/// A figure that was found on a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureReport {
    /// Its box.
    pub bbox: Rect,
    /// What it consists of.
    pub kind: FigureKind,
    /// The caption that belongs to it.
    pub caption: Option<String>,
}

/// How a page was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageState {
    /// Its text was read, with its figures if the model has vision.
    Read,
    /// It is a picture, and the model has vision.
    Seen,
    /// It is blank.
    Blank,
    /// It is a picture, and this model has no vision (or figures were left out).
    Unread,
    /// It could not be opened.
    Failed,
}

/// The result of a reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadingMap {
    /// The documents.
    pub documents: Vec<DocumentSummary>,
    /// Their pages, as far as requested.
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
    /// Figures that were written, if requested.
    pub figures_written: Vec<PathBuf>,
}

/// A window: tokens that are encoded together.
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
    /// It was made by this request.
    Encoded,
    /// It was found in the cache.
    Kept,
}

/// How much of the documents has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadSoFar {
    /// Encoded windows, and windows in total.
    pub windows: (u32, u32),
    /// Pages whose text is read completely (pictures, on pages without text), and pages in total.
    pub pages: (u32, u32),
    /// Figures that were looked at, counting the parts of large ones, and figures in total.
    pub figures: (u32, u32),
    /// Pages not read yet: index of the document among the sources, from 0, and page, counted from 1.
    pub waiting: Vec<(u32, u32)>,
}

impl ReadSoFar {
    /// Whether nothing is left to read.
    pub fn is_all(&self) -> bool {
        self.windows.0 == self.windows.1
    }
}
