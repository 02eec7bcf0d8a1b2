//! What the engine keeps between pieces of work: the model that was loaded last, and what was encoded last.

use std::sync::Arc;

use super::Error;
use super::encodings::Encodings;
use super::load::{LoadedModel, ModelKey, choose_memory};
use super::offers::Offers;
use super::reading::EncodingKey;
use super::shelf::Shelf;
use crate::cancel::Cancelled;
use crate::document::pages::PagesOptions;
use crate::model::ModelError;
use crate::model::memory::{Memory, MemoryKind};
use crate::protocol::MemoryChoice;
use crate::store::Directories;
use crate::store::encodings::EncodingStore;

/// How an engine is started.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Where Recto keeps its files; the user's own directories where `None`.
    pub directories: Option<Directories>,
    /// How the process that reads PDFs is started; the running program with the library that is found where `None`.
    pub pages: Option<PagesOptions>,
    /// Bytes that kept encodings take at most, 0 for keeping none; what the user set, or the default, where `None`.
    pub kept_bytes: Option<u64>,
    /// The text of each report that is read whole is kept in the library, so that words are found in it later.
    pub keeps_texts: bool,
    /// Reading that nobody waits for leaves the machine to whoever works on it: it has low priority and not all processors.
    pub is_considerate: bool,
}

/// What lives as long as the engine's thread.
pub(super) struct Session {
    pub(super) options: EngineOptions,
    pub(super) model: Option<(ModelKey, LoadedModel)>,
    pub(super) encodings: Option<(EncodingKey, Encodings)>,
    pub(super) remembered: Option<Remembered>,
    pub(super) offers: Offers,
}

/// Encodings as they were last made ready for answering.
pub(super) struct Remembered {
    pub(super) key: EncodingKey,
    pub(super) memory: Memory,
    /// Whether it is shared only so that the first answer after a start comes at once.
    pub(super) in_haste: bool,
}

impl Session {
    pub(super) fn new(options: EngineOptions) -> Self {
        Self { options, model: None, encodings: None, remembered: None, offers: Offers::default() }
    }

    /// Where Recto keeps its files.
    pub(super) fn directories(&self) -> Result<Directories, Error> {
        Ok(match &self.options.directories {
            Some(directories) => directories.clone(),
            None => Directories::of_user()?,
        })
    }

    /// What was encoded earlier; `None` where nothing is to be kept.
    pub(super) fn store(&self) -> Option<Arc<EncodingStore>> {
        let store = EncodingStore::new(&self.directories().ok()?, self.options.kept_bytes);
        (store.limit_bytes() > 0).then(|| Arc::new(store))
    }

    /// Drops what may have been left half done.
    pub(super) fn forget(&mut self) {
        self.model = None;
        self.forget_encodings();
    }

    /// Drops what was encoded.
    pub(super) fn forget_encodings(&mut self) {
        self.encodings = None;
        self.remembered = None;
    }

    /// Whether there is something to do while nobody asks.
    pub(super) fn has_work_behind(&self) -> bool {
        match (&self.remembered, &self.encodings) {
            (Some(remembered), _) => remembered.in_haste,
            (None, Some((key, encodings))) => key.question.is_none() && encodings.are_finished(),
            (None, None) => false,
        }
    }

    /// Makes what was read ready for the questions to come: keys and values of every layer where there is room for them,
    /// with which answers come faster, else one memory for all layers. `stop` is asked before each layer; what was stopped
    /// is begun anew the next time.
    pub(super) fn work_behind(&mut self, stop: &mut dyn FnMut() -> bool) {
        let store = self.store();
        let (Some((_, loaded)), Some((key, encodings))) = (&self.model, &self.encodings) else { return };
        let fits = choose_memory(MemoryChoice::Auto, loaded.model.config(), loaded.summary.dtype, encodings.tokens());
        let kind = if fits == MemoryChoice::KeysValues { MemoryKind::KeysValues } else { MemoryKind::Shared };
        if let Some(remembered) = &mut self.remembered
            && (kind == remembered.memory.kind() || remembered.key != *key)
        {
            remembered.in_haste = false;
            return;
        }
        let shelf = Shelf::new(store, None, loaded, &[]);
        let built = encodings.finished(&shelf).and_then(|finished| {
            let built = loaded.model.remember(&finished.states, Some(&finished.inverse_norms), kind, &mut |_| {
                if stop() { Err(ModelError::Cancelled(Cancelled)) } else { Ok(()) }
            });
            // What went from the disk meanwhile is read again when a question comes.
            Ok((finished.num_windows == encodings.windows.len()).then_some(built?))
        });
        match built {
            Ok(Some(memory)) => self.remembered = Some(Remembered { key: key.clone(), memory, in_haste: false }),
            Err(Error::Cancelled(_)) => {}
            other => {
                // Another memory serves as well.
                if let Err(error) = other {
                    tracing::warn!(%error, "a memory was not built");
                }
                if let Some(remembered) = &mut self.remembered {
                    remembered.in_haste = false;
                }
            }
        }
    }
}
