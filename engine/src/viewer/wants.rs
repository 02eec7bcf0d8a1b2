//! The wanted items that are not yet shown.

use std::collections::VecDeque;

use super::{DocumentId, Wanted};

/// A list that is replaced as a whole, most wanted first.
#[derive(Debug, Default)]
pub(super) struct Wants(VecDeque<Wanted>);

impl Wants {
    /// Replaces all wanted items.
    pub(super) fn replace(&mut self, wanted: Vec<Wanted>) {
        self.0 = wanted.into();
    }

    /// Drops the wanted items of a document.
    pub(super) fn forget(&mut self, document: DocumentId) {
        self.0.retain(|wanted| wanted.document() != document);
    }

    /// Takes the most wanted item.
    pub(super) fn next(&mut self) -> Option<Wanted> {
        self.0.pop_front()
    }
}

impl Wanted {
    /// The document that it belongs to.
    pub(super) fn document(&self) -> DocumentId {
        match self {
            Self::Picture(key) => key.page.document,
            Self::Page(key) => key.document,
        }
    }
}
