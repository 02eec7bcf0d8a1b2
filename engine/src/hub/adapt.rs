//! Adding an adapter to an installed model, after checking that it fits.

use super::HubError;
use crate::prompt::Template;
use crate::store::models::{AdapterFiles, Manifest, ModelFiles, ModelKind, ModelStore};
use crate::weights::gguf::GgufModel;
use crate::weights::lora::LoraAdapter;
use crate::weights::{TensorSource, Weights};

/// Adds an adapter to an installed model; it replaces the present one, even a damaged one. Its tensors are checked against the
/// model's first.
///
/// # Errors
/// Returns what is wrong with the adapter, [`HubError::Prompt`] where its prompt template is unknown for such a model, or
/// an error of the store. The model is then unchanged.
pub fn adapt(store: &ModelStore, name: &str, adapter: &AdapterFiles) -> Result<Manifest, HubError> {
    require_fit(store.base_files(name)?, store.manifest(name)?.kind, adapter)?;
    Ok(store.adapt(name, adapter)?)
}

/// Checks that an adapter and its prompt template fit a model.
///
/// # Errors
/// As [`adapt`].
pub(super) fn require_fit(files: ModelFiles, kind: ModelKind, adapter: &AdapterFiles) -> Result<(), HubError> {
    Template::taught(adapter.prompt.as_deref(), kind.has_encoder())?;
    let lora = LoraAdapter::parse(&adapter.config, &adapter.weights)?;
    let base: Box<dyn TensorSource> = match files {
        ModelFiles::Gguf(path) => {
            Box::new(GgufModel::open(&path).map_err(|source| HubError::Gguf { path: path.clone(), source })?)
        }
        ModelFiles::Published { folder, .. } => {
            Weights::source_in(&folder).map_err(|error| HubError::Weights(Box::new(error)))?
        }
    };
    lora.onto(base)?;
    Ok(())
}
