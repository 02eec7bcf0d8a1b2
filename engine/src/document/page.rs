//! A document as the rest of Recto sees it: pages of lines and figures, each with its box.

use serde::{Deserialize, Serialize};

use super::geometry::Rect;
use super::raw::RawLink;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DocumentKind {
    /// A PDF.
    Pdf,
    /// An image, or several in one file (TIFF).
    Image,
    /// Plain text or Markdown.
    Text,
}

/// A document that was read: all pages, or those that were asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// SHA-256 of the file, in hexadecimal: the identity of a document.
    pub hash: String,
    /// The file's name without its folder.
    pub name: String,
    /// What the file is.
    pub kind: DocumentKind,
    /// Title, author and the like, if the file has one.
    pub metadata: Metadata,
    /// Table of contents as stored in the file.
    pub outline: Vec<OutlineItem>,
    /// How many pages the file has, read or not.
    pub page_count: u32,
    /// The pages read, in order.
    pub pages: Vec<Page>,
}

/// What a file says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Title.
    pub title: Option<String>,
    /// Author.
    pub author: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// Program that wrote it.
    pub creator: Option<String>,
    /// Date of creation as the file gives it.
    pub created: Option<String>,
}

/// An entry of the stored table of contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineItem {
    /// Its text.
    pub title: String,
    /// Page it leads to, counted from 1, if any.
    pub page: Option<u32>,
    /// Nesting depth, from 0.
    pub depth: u16,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Counted from 1 over the file.
    pub number: u32,
    /// Its printed label ("iv", "A-3"), if the file has one.
    pub label: Option<String>,
    /// Width as displayed, in points.
    pub width_pt: f32,
    /// Height as displayed, in points.
    pub height_pt: f32,
    /// Whether and how it could be read.
    pub content: PageContent,
    /// Lines in reading order, including those inside figures.
    pub lines: Vec<Line>,
    /// Figures from top to bottom.
    pub figures: Vec<Figure>,
    /// Links.
    pub links: Vec<RawLink>,
}

/// Whether and how a page could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageContent {
    /// It has a text layer.
    Text,
    /// It is a picture of a page, with no text layer or one that cannot be trusted. One figure covers it.
    Scan,
    /// It is blank.
    Blank,
    /// It could not be read; the reason, as one sentence without a full stop.
    Failed(String),
}

/// A line of text. In a table a line is a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its text; cells of a table row are separated by `" | "`.
    pub text: String,
    /// Where it is.
    pub bbox: Rect,
    /// Number of its block (paragraph, table, heading) on the page, rising in reading order.
    pub block: u32,
    /// Its role on the page.
    pub role: LineRole,
    /// Ends in a hyphen that only breaks a word and is dropped when lines are joined.
    pub hyphenated: bool,
    /// Words in order.
    pub words: Vec<Word>,
    /// Cells of a table row in order; empty for other lines.
    pub cells: Vec<Cell>,
}

/// The role of a line on its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineRole {
    /// Running text.
    Body,
    /// A heading.
    Heading,
    /// A row of a table.
    TableRow,
    /// Part of a figure's or table's caption.
    Caption,
    /// Inside a figure: axis labels, legends.
    FigureText,
    /// Repeated at the top of pages.
    Header,
    /// Repeated at the foot of pages, such as page numbers.
    Footer,
}

/// A word of a line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// Where it starts in the line's text, in bytes.
    pub start: u32,
    /// Where it ends in the line's text, in bytes.
    pub end: u32,
    /// Where it is.
    pub bbox: Rect,
}

/// A cell of a table row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Where it starts in the line's text, in bytes.
    pub start: u32,
    /// Where it ends in the line's text, in bytes.
    pub end: u32,
    /// Column of the table, from 0.
    pub column: u16,
    /// Where it is.
    pub bbox: Rect,
}

/// A region to look at rather than read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its box, with axis labels and legends, without a caption that stands apart.
    pub bbox: Rect,
    /// What it is made of.
    pub kind: FigureKind,
    /// The caption that belongs to it.
    pub caption: Option<Caption>,
    /// Indices into the page's lines of the text inside it.
    pub lines: Vec<u32>,
}

/// What a figure consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FigureKind {
    /// A raster image.
    Raster,
    /// A vector drawing.
    Vector,
    /// A whole page, or a part of one, that is a picture of text.
    Scan,
}

/// A figure's caption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caption {
    /// Its text, lines joined.
    pub text: String,
    /// Where it is.
    pub bbox: Rect,
    /// Indices into the page's lines.
    pub lines: Vec<u32>,
}
