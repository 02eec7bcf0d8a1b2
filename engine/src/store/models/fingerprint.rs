//! Fingerprints of a model's content, computed without reading gigabytes.
//!
//! An installed model has hashes of its files in `recto.toml`. A folder that was not installed is identified by
//! `config.json`, file names, lengths and modification times, the headers of its safetensors (every tensor's name, type,
//! shape and offset), and samples of every tensor's bytes. A copy with a new modification time counts as another model,
//! which costs reading again, never a wrong answer. A change would go unnoticed only if it kept length and time and missed
//! every sample; training changes all numbers of a tensor, so that happens only on purpose.
//!
//! The vision tower's fingerprint must be the same in models of all sizes, so it covers its tensors only: names, types,
//! shapes, and samples of each. No training produces two towers that agree in all of these (437 tensors in the published
//! one, 4 samples of up to 256 bytes each) and differ elsewhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use serde::Deserialize;

use super::{MAX_CONFIG_BYTES, ModelFiles, ModelFolder};
use crate::regular_file;
use crate::store::StoreError;
use crate::store::encodings::{Key, KeyHasher};

/// Every reader of the format refuses larger safetensors headers.
const MAX_HEAD_BYTES: u64 = 100_000_000;
/// Samples per tensor, spread evenly from its start to its end.
const SAMPLES: u64 = 4;
/// Bytes of a sample.
const SAMPLE_BYTES: u64 = 256;
/// Common part of the vision tower's tensor names, after any prefix.
const TOWER: &str = "vision_tower.";

/// Fingerprints of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of the whole model.
    pub model: Key,
    /// Of its vision tower, where it has one.
    pub tower: Option<Key>,
}

/// A tensor as in a safetensors header.
#[derive(Deserialize)]
struct TensorHead {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl ModelFolder {
    /// The model's fingerprint.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] where a file of the model cannot be read.
    pub fn fingerprint(&self) -> Result<Fingerprint, StoreError> {
        let (config, weights) = match &self.files {
            ModelFiles::Gguf(path) => (None, vec![path.clone()]),
            ModelFiles::Published { config, weights, .. } => (Some(config), weights.clone()),
        };
        let mut tower = BTreeMap::new();
        let mut model = KeyHasher::new("model");
        for path in &weights {
            let samples = sample(path, &mut tower).map_err(StoreError::read(path))?;
            if self.manifest.is_none() {
                model = add_file(model, path)?.with("samples", samples.bytes());
            }
        }
        if let Some(manifest) = &self.manifest {
            for file in &manifest.files {
                model = model.with(&file.name, file.sha256.as_bytes());
            }
        } else if let Some(config) = config {
            model =
                model.with("config", &regular_file::read(config, MAX_CONFIG_BYTES).map_err(StoreError::read(config))?);
        }
        let tower = (!tower.is_empty()).then(|| {
            let begun = KeyHasher::new("tower");
            tower.iter().fold(begun, |key, (name, content): (&String, &Key)| key.with(name, content.bytes())).finish()
        });
        Ok(Fingerprint { model: model.finish(), tower })
    }
}

/// A file's name, length and modification time.
fn add_file(key: KeyHasher, path: &Path) -> Result<KeyHasher, StoreError> {
    let metadata = path.metadata().map_err(StoreError::read(path))?;
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let changed = changed.map_or(0, |since| since.as_nanos());
    Ok(key
        .with("name", name.as_bytes())
        .with("bytes", &metadata.len().to_le_bytes())
        .with("time", &changed.to_le_bytes()))
}

/// Hashes the header of a weights file and samples of its tensors; those of the vision tower also go into `tower`, with
/// their names from its prefix on. Other files than safetensors are sampled as one piece.
fn sample(path: &Path, tower: &mut BTreeMap<String, Key>) -> std::io::Result<Key> {
    let mut file = regular_file::open(path)?;
    let len = file.metadata()?.len();
    let mut all = KeyHasher::new("weights");
    let Some((head, start)) = head(&mut file, len)? else {
        return Ok(add_samples(all, &mut file, 0, len)?.finish());
    };
    for (name, value) in &head {
        let Ok(tensor) = TensorHead::deserialize(value) else { continue };
        let (from, to) = (start.saturating_add(tensor.data_offsets.0), start.saturating_add(tensor.data_offsets.1));
        let described = KeyHasher::new("tensor")
            .with("dtype", tensor.dtype.as_bytes())
            .with("shape", format!("{:?}", tensor.shape).as_bytes());
        let content = add_samples(described, &mut file, from.min(len), to.min(len))?.finish();
        all = all.with(name, content.bytes()).with("place", &from.to_le_bytes());
        if let Some(at) = name.find(TOWER) {
            tower.insert(name[at..].to_owned(), content);
        }
    }
    Ok(all.finish())
}

/// The header of a safetensors file by tensor, and the offset of the tensors' bytes.
fn head(file: &mut File, len: u64) -> std::io::Result<Option<(BTreeMap<String, serde_json::Value>, u64)>> {
    let mut length = [0; 8];
    if len < 8 {
        return Ok(None);
    }
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEAD_BYTES.min(len - 8) {
        return Ok(None);
    }
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes).ok().map(|head| (head, 8 + length)))
}

fn add_samples(mut key: KeyHasher, file: &mut File, from: u64, to: u64) -> std::io::Result<KeyHasher> {
    let size = SAMPLE_BYTES.min(to.saturating_sub(from));
    let reach = to.saturating_sub(from) - size;
    let mut bytes = [0; SAMPLE_BYTES as usize];
    for i in 0..SAMPLES {
        let at = from + reach / (SAMPLES - 1) * i;
        file.seek(SeekFrom::Start(if i == SAMPLES - 1 { from + reach } else { at }))?;
        let sample = &mut bytes[..size as usize];
        file.read_exact(sample)?;
        key = key.with("sample", sample);
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Directories;
    use crate::store::models::ModelStore;

    /// A model of a tower and a text part, `side` of the latter, `prefix` before the tower's names.
    fn write(folder: &Path, prefix: &str, side: usize, tower: u8) {
        let tower_bytes = vec![tower; 4096];
        let text_bytes = vec![7; side];
        let head = format!(
            r#"{{"{prefix}vision_tower.a":{{"dtype":"BF16","shape":[2048],"data_offsets":[{side},{}]}},
            "text":{{"dtype":"U8","shape":[{side}],"data_offsets":[0,{side}]}}}}"#,
            side + 4096
        );
        let bytes = [&(head.len() as u64).to_le_bytes(), head.as_bytes(), &text_bytes, &tower_bytes].concat();
        for (name, content) in
            [("config.json", br#"{"model_type": "t5gemma2"}"#.as_slice()), ("model.safetensors", &bytes)]
        {
            crate::store::output::write_file(&folder.join(name), content).unwrap();
        }
    }

    fn fingerprint(folder: &Path) -> Fingerprint {
        let store = ModelStore::new(&Directories::under(folder));
        store.find(folder.to_str().unwrap()).unwrap().fingerprint().unwrap()
    }

    #[test]
    fn models_of_all_sizes_share_their_tower_and_nothing_else() {
        let (small, large, other) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(small.path(), "model.encoder.", 64, 1);
        write(large.path(), "encoder.", 640, 1);
        write(other.path(), "model.encoder.", 64, 2);
        let [small_name, large_name, other_name] = [&small, &large, &other].map(|folder| fingerprint(folder.path()));
        assert_eq!(small_name.tower, large_name.tower);
        assert_ne!(small_name.tower, other_name.tower);
        assert_ne!(small_name.model, large_name.model);
        assert_ne!(small_name.model, other_name.model);
        assert_eq!(fingerprint(small.path()), small_name);
    }

    #[test]
    fn a_new_time_or_a_new_configuration_is_another_model() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "", 64, 1);
        let before = fingerprint(folder.path());
        let weights = File::options().write(true).open(folder.path().join("model.safetensors")).unwrap();
        weights.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1)).unwrap();
        let touched = fingerprint(folder.path());
        assert_ne!(touched.model, before.model);
        assert_eq!(touched.tower, before.tower);
        let config = br#"{"model_type": "t5gemma2", "eos_token_id": 1}"#;
        crate::store::output::write_file(&folder.path().join("config.json"), config).unwrap();
        assert_ne!(fingerprint(folder.path()).model, touched.model);
    }

    #[test]
    fn a_file_that_is_no_safetensors_is_sampled_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "", 64, 1);
        for bytes in [&b""[..], b"short", &[0xff; 4000]] {
            crate::store::output::write_file(&folder.path().join("model.safetensors"), bytes).unwrap();
            assert_eq!(fingerprint(folder.path()).tower, None);
        }
    }
}
