//! What the screen of models shows, as plain data.

use std::path::PathBuf;

use super::model_keeper::{ModelEvent, ModelShelf};
use super::state::Trouble;

/// Models, and what is being done about them.
#[derive(Debug, Default)]
pub(crate) struct Models {
    /// What there is; `None` until that was told.
    pub shelf: Option<ModelShelf>,
    /// What is under way.
    pub work: Option<ModelWork>,
    /// What went wrong last.
    pub trouble: Option<Trouble>,
    /// What the user is asked.
    pub asked: Option<Asked>,
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelWork {
    /// The model.
    pub name: String,
    /// What is being done, in words.
    pub stage: &'static str,
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all; 0 until that is known.
    pub total_bytes: u64,
}

/// What a measurement is called while it is under way.
pub(crate) const MEASURING: &str = "Measuring";

/// What the user is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Whether the licence of this model of the catalogue is agreed to.
    Fetch(String),
    /// Whether the licence of the model in this folder or file is agreed to.
    Add {
        /// The folder or file.
        path: PathBuf,
        /// The notice.
        notice: String,
    },
    /// Whether this model is to be removed.
    Remove(String),
}

impl Models {
    /// Something was begun.
    pub(crate) fn begin(&mut self, name: &str, stage: &'static str) {
        self.asked = None;
        self.trouble = None;
        self.work = Some(ModelWork { name: name.to_owned(), stage, done_bytes: 0, total_bytes: 0 });
    }

    /// Whether a model is being measured: nothing else should compute meanwhile.
    pub(crate) fn is_measuring(&self) -> bool {
        self.work.as_ref().is_some_and(|work| work.stage == MEASURING)
    }

    /// Takes in what the keeper tells; whether models may have come or gone.
    pub(crate) fn absorb(&mut self, event: ModelEvent) -> bool {
        match event {
            ModelEvent::Listed(shelf) => self.shelf = Some(shelf),
            ModelEvent::Progress { name, stage, done_bytes, total_bytes } => {
                self.work = Some(ModelWork { name, stage, done_bytes, total_bytes });
            }
            ModelEvent::Measured { .. } => self.work = None,
            ModelEvent::Ended => {
                self.work = None;
                return true;
            }
            ModelEvent::AsksToAgree { path, notice } => {
                self.work = None;
                self.asked = Some(Asked::Add { path, notice });
            }
            ModelEvent::Failed(report) => {
                self.work = None;
                self.trouble = Some(Trouble { message: report.message, hint: report.hint });
                return true;
            }
        }
        false
    }

    /// Whether a model is there to answer; `true` until the opposite is known.
    pub(crate) fn has_any(&self) -> bool {
        self.shelf.as_ref().is_none_or(|shelf| shelf.installed.iter().any(|model| model.problem.is_none()))
    }
}
