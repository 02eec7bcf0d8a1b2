//! What the engine keeps between pieces of work: the model that was loaded last, and what was encoded last.

use super::load::{LoadedModel, ModelKey};
use super::reading::{EncodingKey, Encodings};
use crate::document::pages::PagesOptions;
use crate::store::Directories;

/// How an engine is started.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Where Recto keeps its files; the user's own directories where `None`.
    pub directories: Option<Directories>,
    /// How the process that reads PDFs is started; the running program with the library that is found where `None`.
    pub pages: Option<PagesOptions>,
}

/// What lives as long as the engine's thread.
pub(super) struct Session {
    pub(super) options: EngineOptions,
    pub(super) model: Option<(ModelKey, LoadedModel)>,
    pub(super) encodings: Option<(EncodingKey, Encodings)>,
}

impl Session {
    pub(super) fn new(options: EngineOptions) -> Self {
        Self { options, model: None, encodings: None }
    }

    /// Drops what may have been left half done.
    pub(super) fn forget(&mut self) {
        self.model = None;
        self.encodings = None;
    }
}
