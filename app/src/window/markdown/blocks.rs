//! An answer as plain data: blocks of styled text, with marks on its numbers.

use engine::document::geometry::Rect;

pub(crate) use pulldown_cmark::Alignment;

/// A block of text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Block {
    /// Running text.
    Paragraph(Vec<Span>),
    /// A heading, the first level being 1.
    Heading(u8, Vec<Span>),
    /// Preformatted lines.
    Code(String),
    /// A quotation.
    Quote(Vec<Block>),
    /// A list; numbered if `start` is given.
    List {
        /// The first number.
        start: Option<u64>,
        /// Its items.
        items: Vec<Vec<Block>>,
    },
    /// A table.
    Table {
        /// Alignment of each column.
        columns: Vec<Alignment>,
        /// Its rows, the header first.
        rows: Vec<Vec<Vec<Span>>>,
    },
    /// A horizontal rule.
    Rule,
}

/// Text in one style.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Span {
    /// The text.
    pub text: String,
    /// How it looks.
    pub style: Style,
    /// The address of a link.
    pub link: Option<String>,
    /// If it is a number, whether the evidence contains it.
    pub mark: Option<Mark>,
}

impl Span {
    /// The same text, strong.
    pub(crate) fn stronger(mut self) -> Self {
        self.style.strong = true;
        self
    }
}

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each of them goes with each other one")]
pub(crate) struct Style {
    /// Bold.
    pub strong: bool,
    /// Italic.
    pub slanted: bool,
    /// Monospaced.
    pub code: bool,
    /// Struck through.
    pub struck: bool,
}

/// Whether the evidence contains a number of the answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// It does.
    Found(Place),
    /// It is on none of the pages that the answer comes from, as far as their text is known.
    Lost,
}

/// The place of a number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// Counted from 1.
    pub page: u32,
    /// The lines that contain it, in points of the page.
    pub boxes: Vec<Rect>,
}
