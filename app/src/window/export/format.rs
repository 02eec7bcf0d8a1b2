//! File formats of an exported conversation.

use std::path::Path;

/// A file format for conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExportFormat {
    /// Markdown.
    Markdown,
    /// A self-contained web page, ready for printing.
    WebPage,
}

impl ExportFormat {
    /// File extensions of all formats, in lower case.
    pub(crate) const ALL_EXTENSIONS: &[&str] = &["md", "markdown", "html", "htm"];

    /// The format's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown",
            Self::WebPage => "Web page",
        }
    }

    /// The usual extension of its files.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::WebPage => "html",
        }
    }

    /// The format for the extension of a file.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" => Some(Self::WebPage),
            _ => None,
        }
    }
}
