//! What the engine keeps between jobs: the loaded model, the latest encodings, and the memory built from them.

use std::rc::Rc;
use std::sync::Arc;

use super::Error;
use super::encoding::cache::EncodingCache;
use super::encoding::memory::{PreparedMemory, choose_memory};
use super::encoding::windows::{EncodingKey, WindowEncodings};
use super::event_sink::Job;
use super::load::{LoadedModel, ModelKey, find_model, load_model};
use super::partial_answers::PartialAnswers;
use crate::cancel::Cancelled;
use crate::document::pages::PagesOptions;
use crate::model::ModelError;
use crate::model::memory::MemoryKind;
use crate::protocol::{ComputeOptions, Event, MemoryChoice, Stage};
use crate::store::Directories;
use crate::store::encodings::EncodingStore;
use crate::store::models::ModelFolder;

/// Options for starting an engine.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Where Recto keeps its files; `None` for the user's standard directories.
    pub directories: Option<Directories>,
    /// How to start the process that reads PDFs; `None` for this executable with the PDFium library found by default.
    pub pages: Option<PagesOptions>,
    /// Size limit of the encoding cache in bytes, 0 to disable it; `None` for the user's setting or the default.
    pub kept_bytes: Option<u64>,
    /// Whether the text of each completely read report is stored in the library, for full-text search.
    pub keeps_texts: bool,
    /// Whether reading in the background runs at low priority and leaves some processors free.
    pub is_considerate: bool,
}

/// State that lives as long as the engine thread.
pub(super) struct Session {
    pub(super) options: EngineOptions,
    model: Option<(ModelKey, Rc<LoadedModel>)>,
    pub(super) encodings: Option<(EncodingKey, WindowEncodings)>,
    pub(super) memory: Option<PreparedMemory>,
    pub(super) partial_answers: PartialAnswers,
}

impl Session {
    pub(super) fn new(options: EngineOptions) -> Self {
        Self { options, model: None, encodings: None, memory: None, partial_answers: PartialAnswers::default() }
    }

    /// Where Recto keeps its files.
    pub(super) fn directories(&self) -> Result<Directories, Error> {
        Ok(match &self.options.directories {
            Some(directories) => directories.clone(),
            None => Directories::of_user()?,
        })
    }

    /// The encodings on disk; `None` if caching is disabled or there is no directory for them.
    pub(super) fn store(&self) -> Option<Arc<EncodingStore>> {
        let store = EncodingStore::new(&self.directories().ok()?, self.options.kept_bytes);
        (store.limit_bytes() > 0).then(|| Arc::new(store))
    }

    /// The model named in `options`, or the best one installed.
    pub(super) fn find_model(&self, options: &ComputeOptions) -> Result<ModelFolder, Error> {
        find_model(&self.directories()?, options)
    }

    /// Returns the model for `options`, loading it unless it is loaded already, and reports which one it is.
    pub(super) fn load_model(&mut self, job: &Job<'_>, options: &ComputeOptions) -> Result<Rc<LoadedModel>, Error> {
        let key = ModelKey::new(self.find_model(options)?, options);
        let loaded = match self.model.take() {
            Some((loaded_key, loaded)) if loaded_key == key => loaded,
            other => {
                // Freed first: two models may not fit into memory.
                drop(other);
                self.drop_encodings();
                job.send(Event::Progress { request: job.request, stage: Stage::Model, done: 0, total: 1 });
                let loaded = Rc::new(load_model(&key, job)?);
                job.send(Event::Progress { request: job.request, stage: Stage::Model, done: 1, total: 1 });
                loaded
            }
        };
        job.send(Event::Model { request: job.request, model: loaded.summary.clone() });
        self.model = Some((key, Rc::clone(&loaded)));
        Ok(loaded)
    }

    /// Drops the model and all encodings. Called after a panic, which may have left them incomplete.
    pub(super) fn reset(&mut self) {
        self.model = None;
        self.drop_encodings();
    }

    /// Drops the encodings and the memory built from them.
    pub(super) fn drop_encodings(&mut self) {
        self.encodings = None;
        self.memory = None;
    }

    /// Whether there is a memory to build while the engine is idle.
    pub(super) fn has_background_work(&self) -> bool {
        match (&self.memory, &self.encodings) {
            (Some(memory), _) => memory.is_provisional,
            (None, Some((key, encodings))) => key.question.is_none() && encodings.are_finished(),
            (None, None) => false,
        }
    }

    /// Builds the memory for the next questions: keys and values of every layer, which answer fastest, if they fit, else
    /// one memory shared by all layers. `should_stop` is called before each layer; a stopped build starts over next time.
    pub(super) fn build_memory_in_background(&mut self, should_stop: &mut dyn FnMut() -> bool) {
        let store = self.store();
        let (Some((_, loaded)), Some((key, encodings))) = (&self.model, &self.encodings) else { return };
        let choice = choose_memory(MemoryChoice::Auto, loaded.model.config(), loaded.summary.dtype, encodings.tokens());
        let kind = if choice == MemoryChoice::KeysValues { MemoryKind::KeysValues } else { MemoryKind::Shared };
        if let Some(prepared) = &mut self.memory
            && (kind == prepared.memory.kind() || prepared.key != *key)
        {
            prepared.is_provisional = false;
            return;
        }
        let cache = EncodingCache::new(store, None, loaded, &[]);
        let built = encodings.finished(&cache).and_then(|finished| {
            let built = loaded.model.remember(&finished.states, Some(&finished.inverse_norms), kind, &mut |_| {
                if should_stop() { Err(ModelError::Cancelled(Cancelled)) } else { Ok(()) }
            });
            // Windows evicted from the disk meanwhile are encoded again for the next question.
            Ok((finished.num_windows == encodings.windows.len()).then_some(built?))
        });
        match built {
            Ok(Some(memory)) => self.memory = Some(PreparedMemory { key: key.clone(), memory, is_provisional: false }),
            Err(Error::Cancelled(_)) => {}
            other => {
                // The provisional memory answers as well, only slower.
                if let Err(error) = other {
                    tracing::warn!(%error, "cannot build the memory in the background");
                }
                if let Some(prepared) = &mut self.memory {
                    prepared.is_provisional = false;
                }
            }
        }
    }
}
