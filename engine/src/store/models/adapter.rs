//! An adapter beside an installed model: a folder of its own in the model's folder, named in `recto.toml`.
//!
//! The folder appears whole, then `recto.toml` is replaced by one that names it: only then is it in use. What a process
//! that died left behind goes with the next change.

use std::borrow::Cow;
use std::io::{Error, ErrorKind};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::manifest::{Manifest, ManifestAdapter, ManifestFile, prompt_in};
use super::verify::{hexadecimal, verify_files};
use super::{ModelFolder, ModelStore};
use crate::cancel::CancelToken;
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
/// A configuration is a few kilobytes; anything beyond this is not one.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// The largest adapter that is taken into memory.
const MAX_BYTES: u64 = 4 << 30;
/// Digits of the hash in the folder's name.
const DIGITS: usize = 16;

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
    /// Returns [`StoreError::Read`] where one of its two files cannot be read, or is too long to be one, and
    /// [`StoreError::BadNote`] where its `recto.toml` cannot be understood.
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

    /// A hash of its content; the same for the same adapter in whatever model's folder.
    pub fn key(&self) -> Key {
        let files = self.files().into_iter();
        files.fold(KeyHasher::new("adapter"), |key, (name, bytes)| key.with(name, sha256(bytes).as_bytes())).finish()
    }
}

impl ModelFolder {
    /// The folder of the adapter that belongs to the model.
    pub fn adapter(&self) -> Option<&Path> {
        self.adapter.as_deref()
    }
}

impl ModelStore {
    /// Gives an installed model an adapter, in place of the one it had, and the prompt that it teaches. The caller has checked
    /// that it fits.
    ///
    /// # Errors
    /// Returns [`StoreError::NotInstalled`], [`StoreError::Busy`], or what the disk has against it; then the model is as it was.
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
            // A file of it was changed, or a removal of it was cut short.
            remove_folder(&place)?;
        }
        if !place.exists() {
            publish(staging.path(), &place)?;
            // The folder has another name now, so there is nothing left to take away.
            let _ = staging.keep();
        }
        let (name, prompt) = (adapter.name.clone(), adapter.prompt.clone());
        manifest.adapter = Some(ManifestAdapter { name, folder: folder.clone(), prompt, files });
        manifest.write(&model)?;
        // The new one is in use already; what cannot be swept now is swept by the next change.
        let _ = sweep(&model, |other| other.starts_with(ADAPTER) && other != folder);
        Ok(manifest)
    }

    /// Takes the adapter off an installed model, and the prompt that it taught with it; `false` where it has none.
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

/// A plain file, unless it is longer than what it should hold can be.
fn read_file(path: &Path, most_bytes: u64) -> Result<Vec<u8>, StoreError> {
    let metadata = path.metadata().map_err(StoreError::read(path))?;
    let fault = match metadata.len() {
        _ if !metadata.is_file() => Some((ErrorKind::InvalidInput, "it is no plain file")),
        bytes if bytes > most_bytes => Some((ErrorKind::FileTooLarge, "it is too long to belong to an adapter")),
        _ => None,
    };
    match fault {
        Some((kind, why)) => Err(StoreError::Read { path: path.to_owned(), source: Error::new(kind, why) }),
        None => std::fs::read(path).map_err(StoreError::read(path)),
    }
}

fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}
