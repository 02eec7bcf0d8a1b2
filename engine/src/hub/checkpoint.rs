//! Checking, before installation, whether a folder holds a model that Recto can run.
//!
//! Every tensor that the configuration asks for must be present, with the right shape and a supported type. Weights are not
//! read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::HubError;
use super::inspect::{self, StoredTensor};
use crate::model::config::ModelConfig;
use crate::model::tensors::{ExpectedTensor, expected_tensors};
use crate::prompt::{PromptError, Tokenizer};
use crate::regular_file;
use crate::store::StoreError;
use crate::store::models::{MAX_CONFIG_BYTES, ModelFiles, ModelKind};
use crate::weights::canonical;
use crate::weights::gguf::GgufModel;

/// A model found in a folder or file.
#[derive(Debug)]
pub(super) struct Checkpoint {
    /// What kind of model it is.
    pub(super) kind: ModelKind,
    /// Its files, with their names once installed.
    pub(super) files: Vec<(PathBuf, String)>,
}

/// Supported types of weights.
const READ_TYPES: [&str; 3] = ["BF16", "F16", "F32"];
/// Names of a GGUF file, and of weights in one file, once installed.
const GGUF_FILE: &str = "model.gguf";
const SAFETENSORS_FILE: &str = "model.safetensors";

/// Checks the model in `folder`.
///
/// # Errors
/// Returns [`HubError::Refused`] or [`HubError::Gguf`] with the file, the tensor, what was expected and what was found.
pub(super) fn of_folder(folder: &Path) -> Result<Checkpoint, HubError> {
    let not_a_model = |error| match error {
        StoreError::NoModelAt { why, .. } => refused(folder, why),
        other => other.into(),
    };
    let files = ModelFiles::of_folder(folder).map_err(not_a_model)?;
    let kind = files.kind().map_err(not_a_model)?;
    match files {
        ModelFiles::Gguf(path) => of_gguf(&path),
        ModelFiles::Published { folder, config, tokenizer, index, weights } => {
            let text = regular_file::read_to_string(&config, MAX_CONFIG_BYTES).map_err(StoreError::read(&config))?;
            let shape = ModelConfig::from_json(&text).map_err(|error| refused(&config, error.to_string()))?;
            let Some(tokenizer) = tokenizer else {
                return Err(refused(&folder, "tokenizer.json is missing".to_owned()));
            };
            check_tokenizer(&tokenizer)?;
            let found = inspect::weights(&folder, index.as_deref(), &weights)?;
            check_tensors(&shape, &found.tensors)?;
            let mut files: Vec<(PathBuf, String)> = found.files.into_iter().map(named).collect();
            if let (None, [(_, name)]) = (&index, files.as_mut_slice()) {
                // A single weights file may have any name; installed, it has this one.
                SAFETENSORS_FILE.clone_into(name);
            }
            files.extend([config, tokenizer].into_iter().chain(index).map(named));
            Ok(Checkpoint { kind, files })
        }
    }
}

/// Checks a model in one GGUF file.
///
/// # Errors
/// Returns [`HubError::Gguf`] with what is wrong.
pub(super) fn of_gguf(path: &Path) -> Result<Checkpoint, HubError> {
    GgufModel::open(path).map_err(|source| HubError::Gguf { path: path.to_owned(), source })?;
    Ok(Checkpoint { kind: ModelKind::Gemma3Gguf, files: vec![(path.to_owned(), GGUF_FILE.to_owned())] })
}

/// Checks that a tokenizer is one of Gemma's.
fn check_tokenizer(path: &Path) -> Result<(), HubError> {
    match Tokenizer::from_file(path) {
        Ok(_) => Ok(()),
        Err(PromptError::Unreadable(source)) => Err(StoreError::read(path)(source).into()),
        Err(PromptError::Malformed(error)) => Err(refused(path, format!("it is damaged: {error}"))),
        Err(error) => Err(refused(path, error.to_string())),
    }
}

/// Checks that all tensors of the configuration are present, and no layers beyond it.
fn check_tensors(config: &ModelConfig, stored: &[(PathBuf, String, StoredTensor)]) -> Result<(), HubError> {
    let mut by_name: BTreeMap<String, &(PathBuf, String, StoredTensor)> = BTreeMap::new();
    for entry in stored {
        let name = canonical(&entry.1);
        let Some((_, first, other)) = by_name.get(&name) else {
            by_name.insert(name, entry);
            continue;
        };
        // Some programs save tied tensors under several names; loading compares their values.
        if other.shape != entry.2.shape || other.dtype != entry.2.dtype {
            return Err(refused(
                &entry.0,
                format!("its tensors `{}` and `{first}` should be the same, but have different shapes", entry.1),
            ));
        }
    }
    let somewhere = stored.first().map_or(Path::new("model.safetensors"), |(file, ..)| file.as_path());
    for ExpectedTensor { name, shape, .. } in expected_tensors(config) {
        let Some((file, stored_name, tensor)) = by_name.get(&name) else {
            return Err(refused(
                somewhere.parent().unwrap_or(somewhere),
                format!("its weights lack the tensor `{name}` {shape:?} required by config.json"),
            ));
        };
        if tensor.shape != shape {
            return Err(refused(
                file,
                format!(
                    "its tensor `{stored_name}` has the shape {:?}, but config.json requires {shape:?}",
                    tensor.shape
                ),
            ));
        }
        if !READ_TYPES.contains(&tensor.dtype.as_str()) {
            return Err(refused(
                file,
                format!(
                    "its tensor `{stored_name}` has the type {}; supported are {}",
                    tensor.dtype,
                    READ_TYPES.join(", ")
                ),
            ));
        }
    }
    let vision = config.encoder.as_ref().and_then(|encoder| encoder.vision.as_ref());
    for (stem, num_layers) in [
        ("model.decoder.layers.", Some(config.decoder.layers.len())),
        ("model.encoder.layers.", config.encoder.as_ref().map(|encoder| encoder.text.layers.len())),
        ("model.encoder.vision_tower.encoder.layers.", vision.map(|vision| vision.num_layers)),
    ] {
        // A vision tower that the configuration omits is ignored: a model may be used without it.
        let Some(num_layers) = num_layers else { continue };
        let is_beyond = |name: &str| {
            let rest = name.strip_prefix(stem)?;
            let number: usize = rest.split('.').next()?.parse().ok()?;
            (number >= num_layers).then_some(())
        };
        if let Some((_, (file, stored_name, _))) = by_name.iter().find(|(name, _)| is_beyond(name).is_some()) {
            return Err(refused(
                file,
                format!("config.json has {num_layers} layers {stem}*, but the weights contain `{stored_name}`"),
            ));
        }
    }
    Ok(())
}

fn named(path: PathBuf) -> (PathBuf, String) {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    (path, name)
}

fn refused(path: &Path, why: String) -> HubError {
    HubError::Refused { path: path.to_owned(), why }
}
