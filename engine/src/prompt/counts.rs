//! Counts how much there is to read, exactly and before anything is encoded.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::document::page::{Document, LineRole, PageContent};

use super::page_text::is_shown;
use super::windows::Window;

/// The content of a document in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentCounts {
    /// Pages read.
    pub pages: usize,
    /// Pages without a trustworthy text layer.
    pub scans: usize,
    /// Blank pages.
    pub blank: usize,
    /// Pages that could not be read.
    pub failed: usize,
    /// Lines shown to the model, without running headers and footers.
    pub lines: usize,
    /// Figures, including page scans.
    pub figures: usize,
    /// Tables.
    pub tables: usize,
}

/// Counts a document's parts.
pub fn count_document(document: &Document) -> DocumentCounts {
    let mut counts = DocumentCounts { pages: document.pages.len(), ..DocumentCounts::default() };
    for page in &document.pages {
        match page.content {
            PageContent::Text => {}
            PageContent::Scan => counts.scans += 1,
            PageContent::Blank => counts.blank += 1,
            PageContent::Failed(_) => counts.failed += 1,
        }
        counts.lines += page.lines.iter().filter(|line| is_shown(line)).count();
        counts.figures += page.figures.len();
        let rows = page.lines.iter().filter(|line| line.role == LineRole::TableRow);
        counts.tables += rows.map(|line| line.block).collect::<BTreeSet<_>>().len();
    }
    counts
}

/// What the encoder will read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCounts {
    /// Passes of the encoder.
    pub windows: usize,
    /// Passes of the vision tower.
    pub images: usize,
    /// Tokens of windows with text alone.
    pub text_tokens: usize,
    /// Tokens of windows with a figure.
    pub figure_tokens: usize,
}

impl TokenCounts {
    /// Tokens of all windows.
    pub fn tokens(&self) -> usize {
        self.text_tokens + self.figure_tokens
    }
}

/// Counts the tokens of planned windows.
pub fn count_tokens(windows: &[Window]) -> TokenCounts {
    let mut counts = TokenCounts { windows: windows.len(), ..TokenCounts::default() };
    for window in windows {
        counts.images += window.images.len();
        let tokens = if window.images.is_empty() { &mut counts.text_tokens } else { &mut counts.figure_tokens };
        *tokens += window.ids.len();
    }
    counts
}
