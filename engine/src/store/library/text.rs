//! The text of a report, stored for searching reports that are not open.

use serde::{Deserialize, Serialize};

use super::super::{StoreError, atomic, folder};
use super::Library;
use crate::regular_file;

/// Name of the file.
const TEXT: &str = "text.json";

/// The text of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptText {
    /// Pages that have text, in order.
    pub pages: Vec<TextPage>,
}

/// The text of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextPage {
    /// Counted from 1.
    pub number: u32,
    /// Its page label, where the file has one.
    pub label: Option<String>,
    /// Its lines, joined by line feeds.
    pub text: String,
}

impl Library {
    /// The text of the report with this hash; `None` where none is stored, or it cannot be parsed.
    pub fn text(&self, hash: &str) -> Option<KeptText> {
        let bytes = regular_file::read(&self.report(hash)?.join(TEXT), super::MAX_RECORD_BYTES).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Whether the text of a report is stored.
    pub fn has_text(&self, hash: &str) -> bool {
        self.report(hash).is_some_and(|folder| folder.join(TEXT).exists())
    }

    /// Stores the text of a report.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; a previous one is then unchanged.
    pub fn keep_text(&self, hash: &str, text: &KeptText) -> Result<(), StoreError> {
        let Some(folder) = self.report(hash) else { return Ok(()) };
        let path = folder.join(TEXT);
        let bytes = serde_json::to_vec(text).map_err(|error| StoreError::write(&path)(error.into()))?;
        folder::create_folder(&folder)?;
        atomic::write_file(&path, &bytes)
    }
}
