//! What the engine keeps between pieces of work: the model that was loaded last, and what was encoded last.

use std::sync::Arc;

use super::Error;
use super::encodings::Encodings;
use super::load::{LoadedModel, ModelKey, choose_memory};
use super::offers::Offers;
use super::reading::EncodingKey;
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
        self.remembered.as_ref().is_some_and(|remembered| remembered.in_haste)
    }

    /// Builds keys and values of every layer, with which answers come faster, for what is shared in haste. `stop` is asked
    /// before each layer; what was stopped is begun anew the next time.
    pub(super) fn work_behind(&mut self, stop: &mut dyn FnMut() -> bool) {
        let (Some((_, loaded)), Some((key, encodings)), Some(remembered)) =
            (&self.model, &self.encodings, &mut self.remembered)
        else {
            return;
        };
        let fits = choose_memory(MemoryChoice::Auto, loaded.model.config(), loaded.summary.dtype, encodings.tokens());
        if fits != MemoryChoice::KeysValues || remembered.key != *key {
            remembered.in_haste = false;
            return;
        }
        let built = encodings.joined().and_then(|states| {
            let built = loaded.model.remember(&states, None, MemoryKind::KeysValues, &mut |_| {
                if stop() { Err(ModelError::Cancelled(Cancelled)) } else { Ok(()) }
            });
            Ok(built?)
        });
        match built {
            Ok(memory) => *remembered = Remembered { key: key.clone(), memory, in_haste: false },
            Err(Error::Cancelled(_)) => {}
            Err(error) => {
                // The shared memory serves as well.
                tracing::warn!(%error, "keys and values were not built");
                remembered.in_haste = false;
            }
        }
    }
}
