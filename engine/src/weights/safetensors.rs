//! Safetensors of a checkpoint folder, memory-mapped: one file, or shards with their index.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use candle_core::safetensors::{Load, MmapedSafetensors};
use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use super::error::WeightsError;
use super::names::canonical;
use super::source::{TensorSource, numbers_of};
use crate::regular_file;

/// The largest model has 1,327 tensors, whose index takes some 100 kilobytes.
const MAX_INDEX_BYTES: u64 = 16 << 20;

/// Mapped files and the published name of each tensor in them.
pub(super) struct SafetensorsFiles {
    mapped: MmapedSafetensors,
    stored_names: BTreeMap<String, String>,
}

impl SafetensorsFiles {
    pub(super) fn open(folder: &Path) -> Result<Self, WeightsError> {
        let files = files_of(folder)?;
        for file in &files {
            // The mapping library waits for pipes, and reports a missing file without its name.
            regular_file::open(file).map_err(|source| WeightsError::Io { path: file.clone(), source })?;
        }
        let mapped = map(&files)
            .map_err(|source| WeightsError::Damaged { path: folder.to_owned(), detail: source.to_string() })?;
        let mut stored_names: BTreeMap<String, String> = BTreeMap::new();
        for (stored, view) in mapped.tensors() {
            let name = canonical(&stored);
            let Some(first) = stored_names.get(&name) else {
                stored_names.insert(name, stored);
                continue;
            };
            // Some programs save tied tensors under both names: harmless as long as they agree.
            let agrees =
                mapped.get(first).is_ok_and(|other| other.shape() == view.shape() && other.data() == view.data());
            if !agrees {
                return Err(WeightsError::Ambiguous { name, first: first.clone(), second: stored });
            }
        }
        Ok(Self { mapped, stored_names })
    }

    /// Type in which a tensor is stored.
    pub(super) fn dtype(&self, name: &str) -> Option<DType> {
        let view = self.mapped.get(self.stored(name)?).ok()?;
        DType::try_from(view.dtype()).ok()
    }

    fn stored(&self, name: &str) -> Option<&str> {
        self.stored_names.get(name).map(String::as_str)
    }
}

impl TensorSource for SafetensorsFiles {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let view = self.mapped.get(self.stored(name)?).ok()?;
        Some(view.shape().to_vec())
    }

    fn names(&self) -> Vec<String> {
        self.stored_names.keys().cloned().collect()
    }

    fn load(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor, WeightsError> {
        let stored = self.stored(name).ok_or_else(|| WeightsError::Missing(name.into()))?;
        let loaded = self.mapped.get(stored).and_then(|view| view.load(device)?.to_dtype(dtype));
        loaded.map_err(|source| WeightsError::Load { name: name.into(), source })
    }

    fn numbers(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        let stored = self.stored(name).ok_or_else(|| WeightsError::Missing(name.into()))?;
        let view = self.mapped.get(stored).map_err(|source| WeightsError::Load { name: name.into(), source })?;
        let data = view.data();
        // Directly from the map: an intermediate tensor would copy a large matrix twice more.
        Ok(match view.dtype() {
            safetensors::Dtype::F32 => {
                data.par_chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
            }
            safetensors::Dtype::BF16 => {
                data.par_chunks_exact(2).map(|b| f32::from_bits(u32::from_le_bytes([0, 0, b[0], b[1]]))).collect()
            }
            _ => return numbers_of(name, &self.load(name, DType::F32, &Device::Cpu)?),
        })
    }
}

#[expect(unsafe_code, reason = "mapping a file is always unsafe; reading gigabytes into memory is not an option")]
fn map(files: &[PathBuf]) -> candle_core::Result<MmapedSafetensors> {
    // SAFETY: the mapped files are only read. A file changed by another program while it is mapped would change the
    // numbers seen here, as it would with any other way of reading it twice; installed models are written once, under
    // another name, and renamed into place.
    unsafe { MmapedSafetensors::multi(files) }
}

/// The weights files: those in the index, or the single file.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, WeightsError> {
    let index = folder.join("model.safetensors.index.json");
    if !index.exists() {
        let single = folder.join("model.safetensors");
        if single.exists() {
            return Ok(vec![single]);
        }
        return Err(WeightsError::NoWeights(folder.to_owned()));
    }
    let text = regular_file::read_to_string(&index, MAX_INDEX_BYTES)
        .map_err(|source| WeightsError::Io { path: index.clone(), source })?;
    let parsed: Index = serde_json::from_str(&text)
        .map_err(|error| WeightsError::Damaged { path: index.clone(), detail: error.to_string() })?;
    let names: BTreeSet<String> = parsed.weight_map.into_values().collect();
    if let Some(outside) = names.iter().find(|name| name.contains(['/', '\\']) || name.starts_with('.')) {
        let detail = format!("the index names a file outside the folder, {outside}");
        return Err(WeightsError::Damaged { path: index, detail });
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// `model.safetensors.index.json`.
#[derive(serde::Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}
