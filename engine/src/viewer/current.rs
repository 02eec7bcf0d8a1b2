//! What the viewer is working on, so that a page that takes long does not hold up other reports.

use std::sync::{Arc, Mutex, PoisonError};

use super::{DocumentId, ViewCommand};
use crate::cancel::CancelToken;

/// The document that the viewer is reading or drawing, and what stops it. Shared by the thread and its callers.
#[derive(Clone, Debug, Default)]
pub(super) struct Current(Arc<Mutex<Option<(DocumentId, CancelToken)>>>);

impl Current {
    /// Begins work on a document.
    pub(super) fn begin(&self, document: DocumentId) -> CancelToken {
        let token = CancelToken::default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((document, token.clone()));
        token
    }

    /// Ends the work.
    pub(super) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Stops the work if `command` makes it pointless: its document is closed, or only others are wanted now. What is
    /// merely scrolled out of sight is finished, because stopping it ends the process that reads the PDF.
    pub(super) fn stop_for(&self, command: &ViewCommand) {
        self.stop_if(|document| match command {
            ViewCommand::Close(closed) => *closed == document,
            ViewCommand::Want(wanted) => {
                !wanted.is_empty() && wanted.iter().all(|wanted| wanted.document() != document)
            }
            ViewCommand::Open { .. } | ViewCommand::Find { .. } => false,
        });
    }

    /// Stops whatever is going on.
    pub(super) fn stop(&self) {
        self.stop_if(|_| true);
    }

    fn stop_if(&self, is_pointless: impl FnOnce(DocumentId) -> bool) {
        let current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((document, token)) = current.as_ref()
            && is_pointless(*document)
        {
            token.cancel();
        }
    }
}
