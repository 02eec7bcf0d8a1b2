//! An adapter beside an installed model: a folder of its own in the model's folder, named in `recto.toml`.
//!
//! The folder appears whole, then `recto.toml` is replaced by one that names it: only then is it in use. What a process
//! that died left behind goes with the next change.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::manifest::{is_plain_file_name, prompt_in};
use super::verify::hexadecimal;
use super::{Manifest, ManifestFile, ModelFiles, ModelFolder, ModelStore};
use crate::store::encodings::{Key, KeyHasher};
use crate::store::folder::{publish, remove_folder, sweep};
use crate::store::{FileLock, StoreError, atomic, require_free};

/// An adapter's configuration, as the `peft` library names the file.
pub const ADAPTER_CONFIG: &str = "adapter_config.json";
/// An adapter's weights, as the `peft` library names the file.
pub const ADAPTER_WEIGHTS: &str = "adapter_model.safetensors";

/// Prefix of folders that hold a model's adapter.
const ADAPTER: &str = "adapter-";
/// Prefix of folders that are about to.
const ADDING: &str = ".adding-";
/// The largest adapter that is taken into memory.
const MAX_BYTES: u64 = 4 << 30;
/// Digits of the hash in the folder's name.
const DIGITS: usize = 16;
/// How a checkpoint folder that was not installed may call the folder of its adapter.
const BESIDE: &str = "adapter";

/// What is written down about the adapter of an installed model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestAdapter {
    /// What the user's folder was called.
    pub name: String,
    /// The folder in the model's folder.
    pub folder: String,
    /// Its files.
    #[serde(rename = "file")]
    pub files: Vec<ManifestFile>,
}

/// An adapter that is to be put on a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterFiles {
    /// What it is called.
    pub name: String,
    /// The prompt that it teaches, by name; the usual one where `None`.
    pub prompt: Option<String>,
    /// `adapter_config.json`.
    pub config: Cow<'static, [u8]>,
    /// `adapter_model.safetensors`.
    pub weights: Cow<'static, [u8]>,
}

impl AdapterFiles {
    /// The adapter in a folder, with the prompt that its `recto.toml` names, where there is one.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] where one of its two files cannot be read.
    pub fn in_folder(folder: &Path) -> Result<Self, StoreError> {
        let read = |name: &str| -> Result<Cow<'static, [u8]>, StoreError> {
            let path = folder.join(name);
            let bytes = path.metadata().map_err(StoreError::read(&path))?.len();
            if bytes > MAX_BYTES {
                let source = std::io::Error::new(std::io::ErrorKind::FileTooLarge, "too long for an adapter");
                return Err(StoreError::Read { path, source });
            }
            Ok(std::fs::read(&path).map_err(StoreError::read(&path))?.into())
        };
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let name = absolute.file_name().map_or_else(|| BESIDE.to_owned(), |name| name.to_string_lossy().into_owned());
        Ok(Self { name, prompt: prompt_in(folder), config: read(ADAPTER_CONFIG)?, weights: read(ADAPTER_WEIGHTS)? })
    }

    /// Its files by name.
    fn files(&self) -> [(&'static str, &[u8]); 2] {
        [(ADAPTER_CONFIG, &self.config), (ADAPTER_WEIGHTS, &self.weights)]
    }

    /// Whether a model has this adapter already.
    pub fn is_on(&self, manifest: &Manifest) -> bool {
        let has = |(name, bytes): (&str, &[u8])| {
            let files = manifest.adapter.iter().flat_map(|adapter| &adapter.files);
            files.into_iter().any(|file| file.name == name && file.sha256 == sha256(bytes))
        };
        self.files().into_iter().all(has) && manifest.prompt == self.prompt
    }
}

impl ModelFolder {
    /// The folder of the adapter that belongs to the model.
    pub fn adapter(&self) -> Option<&Path> {
        self.adapter.as_deref()
    }

    /// A hash of the adapter's content; `None` where there is none.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] where its files cannot be read.
    pub fn adapter_key(&self) -> Result<Option<Key>, StoreError> {
        let Some(folder) = &self.adapter else { return Ok(None) };
        let mut key = KeyHasher::new("adapter");
        if let Some(adapter) = self.manifest.as_ref().and_then(|manifest| manifest.adapter.as_ref()) {
            for file in &adapter.files {
                key = key.with(&file.name, file.sha256.as_bytes());
            }
            return Ok(Some(key.finish()));
        }
        for name in [ADAPTER_CONFIG, ADAPTER_WEIGHTS] {
            let path = folder.join(name);
            key = key.with(name, &std::fs::read(&path).map_err(StoreError::read(&path))?);
        }
        Ok(Some(key.finish()))
    }
}

/// The adapter that lies beside the files of a model that was not installed.
pub(super) fn beside(files: &ModelFiles) -> Option<PathBuf> {
    let folder = files.folder()?;
    let candidates = [folder.join(BESIDE), folder.to_owned()];
    candidates.into_iter().find(|folder| folder.join(ADAPTER_CONFIG).is_file())
}

impl ModelStore {
    /// Gives an installed model an adapter, in place of the one it had, and the prompt that it teaches. The caller has checked
    /// that it fits.
    ///
    /// # Errors
    /// Returns [`StoreError::NotInstalled`], [`StoreError::Busy`], or what the disk has against it; then the model is as it was.
    pub fn adapt(&self, name: &str, adapter: &AdapterFiles) -> Result<Manifest, StoreError> {
        let mut manifest = self.manifest(name)?;
        let _lock = FileLock::of_folder(self.root())?;
        let model = self.root().join(name);
        sweep(&model, |folder| folder.starts_with(ADDING))?;
        require_free(&model, (adapter.config.len() + adapter.weights.len()) as u64)?;
        let staging = tempfile::Builder::new().prefix(ADDING).tempdir_in(&model).map_err(StoreError::write(&model))?;
        let mut files = Vec::new();
        let mut digest = KeyHasher::new("adapter");
        for (file, bytes) in adapter.files() {
            atomic::write_file(&staging.path().join(file), bytes)?;
            let sha256 = sha256(bytes);
            digest = digest.with(file, sha256.as_bytes());
            files.push(ManifestFile { name: file.to_owned(), bytes: bytes.len() as u64, sha256 });
        }
        let folder = format!("{ADAPTER}{:.DIGITS$}", digest.finish().to_string());
        if !model.join(&folder).exists() {
            publish(staging.path(), &model.join(&folder))?;
            // The folder has another name now, so there is nothing left to take away.
            let _ = staging.keep();
        }
        manifest.adapter = Some(ManifestAdapter { name: adapter.name.clone(), folder: folder.clone(), files });
        manifest.prompt.clone_from(&adapter.prompt);
        manifest.write(&model)?;
        sweep(&model, |other| other.starts_with(ADAPTER) && other != folder)?;
        Ok(manifest)
    }

    /// Takes the adapter off an installed model, and the prompt with it; `false` where it has none.
    ///
    /// # Errors
    /// As [`ModelStore::adapt`].
    pub fn remove_adapter(&self, name: &str) -> Result<bool, StoreError> {
        let mut manifest = self.manifest(name)?;
        let _lock = FileLock::of_folder(self.root())?;
        let Some(adapter) = manifest.adapter.take() else { return Ok(false) };
        manifest.prompt = None;
        let model = self.root().join(name);
        manifest.write(&model)?;
        let folder = model.join(adapter.folder);
        if folder.exists() {
            remove_folder(&folder)?;
        }
        Ok(true)
    }
}

impl ManifestAdapter {
    /// Whether its names stay inside the model's folder.
    pub(super) fn is_sound(&self) -> bool {
        is_plain_file_name(&self.folder) && self.files.iter().all(|file| is_plain_file_name(&file.name))
    }
}

fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}
