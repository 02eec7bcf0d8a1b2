//! What is wanted and not yet shown.

use std::collections::VecDeque;

use super::{DocumentId, Wanted};

/// A list that is replaced as a whole, most wanted first.
#[derive(Debug, Default)]
pub(super) struct Wants(VecDeque<Wanted>);

impl Wants {
    /// Forgets what was wanted before.
    pub(super) fn replace(&mut self, wanted: Vec<Wanted>) {
        self.0 = wanted.into();
    }

    /// Forgets what was wanted of a document.
    pub(super) fn forget(&mut self, document: DocumentId) {
        self.0.retain(|wanted| wanted.document() != document);
    }

    /// What is wanted most.
    pub(super) fn next(&mut self) -> Option<Wanted> {
        self.0.pop_front()
    }
}

impl Wanted {
    /// The document that it is a part of.
    pub(super) fn document(&self) -> DocumentId {
        match self {
            Self::Picture(key) => key.page.document,
            Self::Page(key) => key.document,
        }
    }
}
