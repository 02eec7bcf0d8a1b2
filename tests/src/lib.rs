//! What the tests share: fixture paths, comparisons, and a page to begin with.

pub mod layout_check;

use std::path::{Path, PathBuf};

use engine::document::page::{Line, Page, PageContent};

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A file under `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// A sheet of letter paper with these lines.
pub fn text_page(number: u32, lines: Vec<Line>) -> Page {
    Page {
        number,
        label: None,
        width_pt: 612.0,
        height_pt: 792.0,
        content: PageContent::Text,
        lines,
        figures: Vec::new(),
        links: Vec::new(),
    }
}
