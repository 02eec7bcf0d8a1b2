//! The adapter of an installed model: a subfolder of the model's folder, named in `recto.toml`.
//!
//! The complete folder is renamed into place, then `recto.toml` is replaced by one that names it: only then is it in use.
//! What a dead process has left behind is removed by the next change.

use std::borrow::Cow;
use std::io::{Error, ErrorKind};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::manifest::{Manifest, ManifestAdapter, ManifestFile, prompt_in};
use super::verify::{hexadecimal, verify_files};
use super::{ModelFolder, ModelStore};
use crate::cancel::CancelToken;
use crate::regular_file;
use crate::store::encodings::{Key, KeyHasher};
use crate::store::folder::{publish, remove_folder, sweep};
use crate::store::{FileLock, StoreError, atomic, require_free};

/// File name of an adapter's configuration, as in the `peft` library.
pub const ADAPTER_CONFIG: &str = "adapter_config.json";
/// File name of an adapter's weights, as in the `peft` library.
pub const ADAPTER_WEIGHTS: &str = "adapter_model.safetensors";

/// Prefix of adapter folders.
const ADAPTER: &str = "adapter-";
/// Prefix of adapter folders being written.
const ADDING: &str = ".adding-";
/// A configuration takes a few kilobytes; larger files are not one.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// The largest adapter that is loaded.
const MAX_BYTES: u64 = 4 << 30;
/// Digits of the hash in the folder's name.
const DIGITS: usize = 16;

/// An adapter to add to a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterFiles {
    /// Its name.
    pub name: String,
    /// Name of its prompt template; `None` for the default one.
    pub prompt: Option<String>,
    /// `adapter_config.json`.
    pub config: Cow<'static, [u8]>,
    /// `adapter_model.safetensors`.
    pub weights: Cow<'static, [u8]>,
}

impl AdapterFiles {
    /// The adapter in a folder, with the prompt template that a `recto.toml` there names.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] where one of its two files cannot be read or is too long, and
    /// [`StoreError::BadManifest`] where its `recto.toml` cannot be parsed.
    pub fn in_folder(folder: &Path) -> Result<Self, StoreError> {
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let name = absolute.file_name().unwrap_or(absolute.as_os_str()).to_string_lossy().into_owned();
        let config = read_file(&folder.join(ADAPTER_CONFIG), MAX_CONFIG_BYTES)?.into();
        let weights = read_file(&folder.join(ADAPTER_WEIGHTS), MAX_BYTES)?.into();
        Ok(Self { name, prompt: prompt_in(folder)?, config, weights })
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
        let prompt = manifest.adapter.as_ref().and_then(|adapter| adapter.prompt.as_deref());
        self.files().into_iter().all(has) && prompt == self.prompt.as_deref()
    }

    /// A hash of its content, independent of the model.
    pub fn key(&self) -> Key {
        let files = self.files().into_iter();
        files.fold(KeyHasher::new("adapter"), |key, (name, bytes)| key.with(name, sha256(bytes).as_bytes())).finish()
    }
}

impl ModelFolder {
    /// The folder of the model's adapter.
    pub fn adapter(&self) -> Option<&Path> {
        self.adapter.as_deref()
    }
}

impl ModelStore {
    /// Adds an adapter and its prompt template to an installed model; it replaces the present one. The caller has checked
    /// that it fits.
    ///
    /// # Errors
    /// Returns [`StoreError::NotInstalled`], [`StoreError::Busy`], or a disk error; the model is then unchanged.
    pub fn adapt(&self, name: &str, adapter: &AdapterFiles) -> Result<Manifest, StoreError> {
        let _lock = FileLock::of_folder(self.root())?;
        let mut manifest = self.manifest(name)?;
        let model = self.root().join(name);
        sweep(&model, |folder| folder.starts_with(ADDING))?;
        require_free(&model, (adapter.config.len() + adapter.weights.len()) as u64)?;
        let staging = tempfile::Builder::new().prefix(ADDING).tempdir_in(&model).map_err(StoreError::write(&model))?;
        let mut files = Vec::new();
        for (file, bytes) in adapter.files() {
            atomic::write_file(&staging.path().join(file), bytes)?;
            files.push(ManifestFile { name: file.to_owned(), bytes: bytes.len() as u64, sha256: sha256(bytes) });
        }
        let folder = format!("{ADAPTER}{:.DIGITS$}", adapter.key().to_string());
        let place = model.join(&folder);
        if place.exists() && !verify_files(&place, &files, &CancelToken::default(), &mut |_| ())?.is_empty() {
            // One of its files was changed, or its removal was interrupted.
            remove_folder(&place)?;
        }
        if !place.exists() {
            publish(staging.path(), &place)?;
            // The folder was renamed, so there is nothing to remove.
            let _ = staging.keep();
        }
        let (name, prompt) = (adapter.name.clone(), adapter.prompt.clone());
        manifest.adapter = Some(ManifestAdapter { name, folder: folder.clone(), prompt, files });
        manifest.write(&model)?;
        // The new one is in use already; what cannot be removed now is removed by the next change.
        let _ = sweep(&model, |other| other.starts_with(ADAPTER) && other != folder);
        Ok(manifest)
    }

    /// Removes the adapter of an installed model together with its prompt template; `false` where it has none.
    ///
    /// # Errors
    /// As [`ModelStore::adapt`].
    pub fn remove_adapter(&self, name: &str) -> Result<bool, StoreError> {
        let _lock = FileLock::of_folder(self.root())?;
        let mut manifest = self.manifest(name)?;
        let Some(adapter) = manifest.adapter.take() else { return Ok(false) };
        let model = self.root().join(name);
        manifest.write(&model)?;
        let folder = model.join(adapter.folder);
        if folder.exists() {
            remove_folder(&folder)?;
        }
        Ok(true)
    }
}

/// Reads a regular file of at most `most_bytes`.
fn read_file(path: &Path, most_bytes: u64) -> Result<Vec<u8>, StoreError> {
    regular_file::read(path, most_bytes).map_err(|error| {
        let source = match error.kind() {
            ErrorKind::FileTooLarge => Error::new(ErrorKind::FileTooLarge, "it is too long for an adapter"),
            _ => error,
        };
        StoreError::Read { path: path.to_owned(), source }
    })
}

fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}
