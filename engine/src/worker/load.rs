//! Loads models from a folder or a GGUF file.

use std::path::Path;

use candle_core::Device;

use super::event_sink::Job;
use super::{Error, device};
use crate::kernels::cpu::Precision;
use crate::model::Model;
use crate::model::config::ModelConfig;
use crate::prompt::{ExpectedIds, GgufVocabulary, Template, Tokenizer};
use crate::protocol::{ComputeOptions, DeviceChoice, Event, ModelSummary, WeightType};
use crate::regular_file;
use crate::store::Directories;
use crate::store::encodings::{Key, KeyHasher};
use crate::store::models::{AdapterFiles, Fingerprint, MAX_CONFIG_BYTES, ModelFiles, ModelFolder, ModelStore};
use crate::weights::gguf::{GgufModel, GgufVocabulary as FileVocabulary};
use crate::weights::lora::LoraAdapter;
use crate::weights::random::RandomSource;
use crate::weights::{TensorSource, Weights};

/// Identifies a loaded model: it is reused as long as the key stays the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModelKey {
    folder: ModelFolder,
    device: DeviceChoice,
    dtype: Option<WeightType>,
}

impl ModelKey {
    pub(super) fn new(folder: ModelFolder, options: &ComputeOptions) -> Self {
        Self { folder, device: options.device, dtype: options.dtype }
    }
}

/// A model with its tokenizer.
pub(super) struct LoadedModel {
    pub(super) summary: ModelSummary,
    pub(super) model: Model,
    pub(super) tokenizer: Tokenizer,
    /// The prompt template it was trained with, or the default.
    pub(super) template: Template,
    /// Part of the cache keys of its encodings; `None` for a model without an encoder.
    pub(super) fingerprint: Option<Fingerprint>,
    /// Hash of the adapter that was applied to its weights.
    pub(super) adapter: Option<Key>,
}

/// The folder of the model named in `options`, or of the best one installed.
pub(super) fn find_model(directories: &Directories, options: &ComputeOptions) -> Result<ModelFolder, Error> {
    let store = ModelStore::new(directories);
    Ok(match &options.model {
        Some(name) => store.find(name)?,
        None => store.default_model()?,
    })
}

/// Loads a model with its tokenizer, prompt template and adapter.
pub(super) fn load_model(key: &ModelKey, job: &Job<'_>) -> Result<LoadedModel, Error> {
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
            // On one thread, the vocabulary takes as long to load as the weights of a small model.
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
        let diagnostic =
            crate::diagnostic::Diagnostic::general(format!("the model's configuration has an unknown field, {field}"));
        job.send(Event::Warning { request: job.request, diagnostic });
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
        // The adapter changes the vision features, so they must not be shared with models that use the published tower.
        let with_adapter =
            |tower: Key| KeyHasher::new("tower").with("base", tower.bytes()).with("adapter", adapter.bytes());
        fingerprint.tower = fingerprint.tower.map(|tower| with_adapter(tower).finish());
    }
    let template = Template::taught(key.folder.prompt.as_deref(), has_encoder)?;
    Ok(LoadedModel { summary, model, tokenizer, template, fingerprint, adapter: adapter_key })
}

/// Reads and validates the adapter that belongs to a model; returns it with the hash of its files.
pub(super) fn open_adapter(folder: &ModelFolder) -> Result<Option<(LoraAdapter, Key)>, Error> {
    let Some(folder) = folder.adapter() else { return Ok(None) };
    let files = AdapterFiles::in_folder(folder)?;
    Ok(Some((LoraAdapter::parse(&files.config, &files.weights)?, files.key())))
}

/// Loads the model and vocabulary of a GGUF file, with an adapter applied and the weights converted to `dtype`.
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

/// Applies an adapter to weights.
fn adapted(source: Box<dyn TensorSource>, adapter: Option<LoraAdapter>) -> Result<Box<dyn TensorSource>, Error> {
    Ok(match adapter {
        Some(adapter) => Box::new(adapter.onto(source)?),
        None => source,
    })
}

/// Loads the model of a checkpoint folder, with an adapter applied.
pub(super) fn load_published(
    folder: &Path,
    adapter: Option<LoraAdapter>,
    device: Device,
    dtype: Option<WeightType>,
) -> Result<(Model, WeightType), Error> {
    let path = folder.join("config.json");
    let text =
        regular_file::read_to_string(&path, MAX_CONFIG_BYTES).map_err(|source| Error::ModelFile { path, source })?;
    let config = ModelConfig::from_json(&text)?;
    let dtype = device::weight_type(&device, dtype)?;
    let source = adapted(Weights::source_in(folder)?, adapter)?;
    Ok((Model::load(Weights::from_source(source, device, precision(dtype)), config)?, dtype))
}

/// A model with random weights.
pub(super) fn load_random(
    source: RandomSource,
    config: ModelConfig,
    device: Device,
    dtype: Option<WeightType>,
) -> Result<(Model, WeightType), Error> {
    let dtype = device::weight_type(&device, dtype)?;
    Ok((Model::load(Weights::from_source(Box::new(source), device, precision(dtype)), config)?, dtype))
}

/// Checks that tokenizer and model agree on the control tokens.
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
