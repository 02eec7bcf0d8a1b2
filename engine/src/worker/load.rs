//! A model folder or file, made ready to work.

use std::path::Path;

use candle_core::Device;

use super::outlet::Job;
use super::session::Session;
use super::{Error, device};
use crate::kernels::cpu::Precision;
use crate::model::Model;
use crate::model::config::ModelConfig;
use crate::prompt::{ExpectedIds, GgufVocabulary, Template, Tokenizer};
use crate::protocol::{ComputeOptions, DeviceChoice, Event, MemoryChoice, ModelSummary, Stage, WeightType};
use crate::store::encodings::{Key, KeyHasher};
use crate::store::models::{AdapterFiles, Fingerprint, ModelFiles, ModelFolder, ModelStore};
use crate::weights::gguf::{GgufModel, GgufVocabulary as FileVocabulary};
use crate::weights::lora::LoraAdapter;
use crate::weights::random::RandomSource;
use crate::weights::{TensorSource, Weights};

/// What makes a loaded model serve for another piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModelKey {
    folder: ModelFolder,
    device: DeviceChoice,
    dtype: Option<WeightType>,
}

/// A model with its tokenizer.
pub(super) struct LoadedModel {
    pub(super) summary: ModelSummary,
    pub(super) model: Model,
    pub(super) tokenizer: Tokenizer,
    /// The prompt it was taught, or the usual one.
    pub(super) template: Template,
    /// What its encodings are kept under; `None` where it has no encoder.
    pub(super) fingerprint: Option<Fingerprint>,
    /// Hash of what was put on top of its weights.
    pub(super) adapter: Option<Key>,
}

impl Session {
    /// The folder of the model that `options` names, or of the best one installed.
    pub(super) fn find_model(&self, options: &ComputeOptions) -> Result<ModelFolder, Error> {
        let store = ModelStore::new(&self.directories()?);
        Ok(match &options.model {
            Some(name) => store.find(name)?,
            None => store.default_model()?,
        })
    }

    /// Loads a model, or takes the one that is there already, and tells which it is.
    pub(super) fn load_model(&mut self, job: &Job<'_>, options: &ComputeOptions) -> Result<(), Error> {
        let key = ModelKey { folder: self.find_model(options)?, device: options.device, dtype: options.dtype };
        let loaded = match self.model.take() {
            Some((loaded_key, model)) if loaded_key == key => model,
            _ => {
                self.forget_encodings();
                job.tell(Event::Progress { request: job.request, stage: Stage::Model, done: 0, total: 1 });
                let loaded = load(&key, job)?;
                job.tell(Event::Progress { request: job.request, stage: Stage::Model, done: 1, total: 1 });
                loaded
            }
        };
        job.tell(Event::Model { request: job.request, model: loaded.summary.clone() });
        self.model = Some((key, loaded));
        Ok(())
    }
}

fn load(key: &ModelKey, job: &Job<'_>) -> Result<LoadedModel, Error> {
    let device = device::open(key.device)?;
    let (adapter, adapter_key) = open_adapter(&key.folder)?.unzip();
    let changes_vision = adapter.as_ref().is_some_and(LoraAdapter::changes_vision);
    let (model, tokenizer, dtype) = match &key.folder.files {
        ModelFiles::Gguf(path) => {
            let (model, file_vocabulary, dtype) = load_gguf(path, adapter, device, key.dtype)?;
            job.cancel.check()?;
            let vocabulary = GgufVocabulary {
                token_types: file_vocabulary.token_types.iter().map(|kind| kind.number()).collect(),
                tokens: file_vocabulary.tokens,
                scores: file_vocabulary.scores,
            };
            (model, Tokenizer::from_gguf(&vocabulary)?, dtype)
        }
        ModelFiles::Published { folder, tokenizer, .. } => {
            let path = tokenizer.as_ref().ok_or_else(|| Error::NoTokenizer(folder.clone()))?;
            // The vocabulary takes as long as the weights of a small model, and one thread.
            let (loaded, tokenizer) = std::thread::scope(|scope| {
                let tokenizer = scope.spawn(|| Tokenizer::from_file(path));
                let loaded = load_published(folder, adapter, device, key.dtype);
                (loaded, tokenizer.join())
            });
            let (model, dtype) = loaded?;
            (model, tokenizer.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?, dtype)
        }
    };
    check_ids(&tokenizer, model.config())?;
    for field in &model.config().unknown_fields {
        let diagnostic = crate::diagnostic::Diagnostic::general(format!(
            "the model's configuration has a field that is not known, {field}"
        ));
        job.tell(Event::Warning { request: job.request, diagnostic });
    }
    let has_encoder = model.config().encoder.is_some();
    let summary = ModelSummary {
        name: key.folder.name.clone(),
        has_encoder,
        has_eyes: model.num_vision_layers() > 0,
        stand_in: !has_encoder,
        dtype,
        memory: None,
    };
    let mut fingerprint = if has_encoder { Some(key.folder.fingerprint()?) } else { None };
    if let (Some(fingerprint), Some(adapter), true) = (&mut fingerprint, &adapter_key, changes_vision) {
        // What this tower sees is not what the published one does, which others share.
        let with_adapter =
            |tower: Key| KeyHasher::new("tower").with("base", tower.bytes()).with("adapter", adapter.bytes());
        fingerprint.tower = fingerprint.tower.map(|tower| with_adapter(tower).finish());
    }
    let template = Template::taught(key.folder.prompt.as_deref(), has_encoder)?;
    Ok(LoadedModel { summary, model, tokenizer, template, fingerprint, adapter: adapter_key })
}

/// The adapter that belongs to a model, read and checked in itself, and the hash of what was read.
pub(super) fn open_adapter(folder: &ModelFolder) -> Result<Option<(LoraAdapter, Key)>, Error> {
    let Some(folder) = folder.adapter() else { return Ok(None) };
    let files = AdapterFiles::in_folder(folder)?;
    Ok(Some((LoraAdapter::parse(&files.config, &files.weights)?, files.key())))
}

/// A GGUF file's model and vocabulary; its weights are brought to the type asked for, with an adapter on them.
pub(super) fn load_gguf(
    path: &Path,
    adapter: Option<LoraAdapter>,
    device: Device,
    dtype: Option<WeightType>,
) -> Result<(Model, FileVocabulary, WeightType), Error> {
    let file = GgufModel::open(path)?;
    let config = ModelConfig::from_gguf(&file.hyper, &file.vocabulary, file.has_own_head());
    let vocabulary = file.vocabulary.clone();
    let dtype = device::weight_type(&device, dtype)?;
    let weights = Weights::from_source(adapted(Box::new(file), adapter)?, device, precision(dtype));
    Ok((Model::load(weights, config)?, vocabulary, dtype))
}

/// Weights with an adapter on them.
fn adapted(source: Box<dyn TensorSource>, adapter: Option<LoraAdapter>) -> Result<Box<dyn TensorSource>, Error> {
    Ok(match adapter {
        Some(adapter) => Box::new(adapter.onto(source)?),
        None => source,
    })
}

/// A checkpoint folder's model, with an adapter on it.
pub(super) fn load_published(
    folder: &Path,
    adapter: Option<LoraAdapter>,
    device: Device,
    dtype: Option<WeightType>,
) -> Result<(Model, WeightType), Error> {
    let path = folder.join("config.json");
    let text = std::fs::read_to_string(&path).map_err(|source| Error::ModelFile { path, source })?;
    let config = ModelConfig::from_json(&text)?;
    let dtype = device::weight_type(&device, dtype)?;
    let source = adapted(Weights::source_in(folder)?, adapter)?;
    Ok((Model::load(Weights::from_source(source, device, precision(dtype)), config)?, dtype))
}

/// A model whose weights are chance.
pub(super) fn load_random(
    source: RandomSource,
    config: ModelConfig,
    device: Device,
    dtype: Option<WeightType>,
) -> Result<(Model, WeightType), Error> {
    let dtype = device::weight_type(&device, dtype)?;
    Ok((Model::load(Weights::from_source(Box::new(source), device, precision(dtype)), config)?, dtype))
}

/// The tokenizer must mean the same control tokens as the model.
fn check_ids(tokenizer: &Tokenizer, config: &ModelConfig) -> Result<(), Error> {
    let image = config.encoder.as_ref().map(|encoder| encoder.image);
    tokenizer.check_against(&ExpectedIds {
        pad: Some(config.tokens.pad),
        eos: config.tokens.eos.first().copied(),
        bos: Some(config.tokens.bos),
        boi: image.map(|image| image.start),
        eoi: image.map(|image| image.end),
        image: image.map(|image| image.soft),
    })?;
    Ok(())
}

fn precision(choice: WeightType) -> Precision {
    match choice {
        WeightType::F32 => Precision::F32,
        WeightType::Bf16 => Precision::Bf16,
        WeightType::Int8 => Precision::Int8,
    }
}

/// Keys and values of all layers where they take at most this much, else one shared memory.
const MOST_KEYS_VALUES_BYTES: usize = 4 << 30;

/// How the encoder's output of `tokens` tokens is kept, where that was left open.
pub(super) fn choose_memory(
    choice: MemoryChoice,
    config: &ModelConfig,
    dtype: WeightType,
    tokens: usize,
) -> MemoryChoice {
    if choice != MemoryChoice::Auto {
        return choice;
    }
    let decoder = &config.decoder;
    let numbers = 2 * decoder.layers.len() * decoder.num_kv_heads * decoder.head_dim;
    let bytes = match dtype {
        WeightType::F32 => 4 * numbers,
        WeightType::Bf16 => 2 * numbers,
        // With their scales.
        WeightType::Int8 => numbers + numbers / 4,
    };
    if tokens.saturating_mul(bytes) <= MOST_KEYS_VALUES_BYTES { MemoryChoice::KeysValues } else { MemoryChoice::Shared }
}
