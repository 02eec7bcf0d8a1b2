//! Installed models: one folder each under [`StoreFolder::Models`], with a manifest `recto.toml`.
//!
//! The manifest is written and the folder renamed last, so that an interrupted installation never looks like a model. Damaged
//! models and foreign folders are reported, never run and never deleted.

mod adaptation;
mod adapter;
mod fingerprint;
mod install;
mod kind;
mod layout;
mod manifest;
mod name;
mod verify;

use std::path::{Path, PathBuf};

pub use adaptation::Adaptation;
pub use adapter::{ADAPTER_CONFIG, ADAPTER_WEIGHTS, AdapterFiles};
pub use fingerprint::Fingerprint;
pub use install::{Installation, StagedFile};
pub use kind::ModelKind;
pub(crate) use layout::MAX_CONFIG_BYTES;
pub use layout::ModelFiles;
pub use manifest::{About, MANIFEST_FILE, Manifest, ManifestAdapter, ManifestFile};
pub use name::check_name;
pub use verify::{FaultKind, FileFault, hash_file};

use self::install::ADDING;
use super::folder::{publish, remove_folder, sweep};
use super::{Directories, FileLock, StoreError, StoreFolder};
use crate::cancel::CancelToken;

/// Prefix of models being removed.
const REMOVING: &str = ".removing-";

/// The models installed for this user.
#[derive(Clone, Debug)]
pub struct ModelStore {
    root: PathBuf,
}

/// A model that can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFolder {
    /// Its name, or the last part of its path where it is not installed.
    pub name: String,
    /// What kind of model it is.
    pub kind: ModelKind,
    /// Its files.
    pub files: ModelFiles,
    /// Its manifest, where it is installed.
    pub manifest: Option<Manifest>,
    /// The folder of its adapter.
    pub adapter: Option<PathBuf>,
    /// Name of its prompt template; `None` for the default one.
    pub prompt: Option<String>,
}

/// A folder among the installed models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedModel {
    /// The folder's name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its state.
    pub state: ModelState,
}

/// The state of a folder among the installed models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelState {
    /// All files are present with the right length.
    Ready(Manifest),
    /// Files are missing or have the wrong length.
    Damaged(Manifest, Vec<FileFault>),
    /// Not installed by Recto, or incomplete; with the reason.
    Foreign(String),
}

impl ModelStore {
    /// The models under these directories; nothing is created before a model is installed.
    pub fn new(directories: &Directories) -> Self {
        Self { root: StoreFolder::Models.path(directories) }
    }

    /// The folder that holds the models.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Everything among the installed models, sorted by name. Contents are not hashed. What killed installations and
    /// removals have left behind is removed.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] when the folder cannot be listed.
    pub fn list(&self) -> Result<Vec<ListedModel>, StoreError> {
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(StoreError::read(&self.root)(source)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StoreError::read(&self.root))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        if names.iter().any(|name| is_leftover(name)) {
            self.sweep();
        }
        names.sort_unstable();
        Ok(names.into_iter().filter(|name| !name.starts_with('.')).map(|name| self.listed(name)).collect())
    }

    /// The model called `name_or_path`: an installed one, a published folder, or a GGUF file.
    ///
    /// # Errors
    /// Returns [`StoreError::NotInstalled`], [`StoreError::Damaged`], [`StoreError::Foreign`] or
    /// [`StoreError::NoModelAt`]: only models that look complete are returned.
    pub fn find(&self, name_or_path: &str) -> Result<ModelFolder, StoreError> {
        if check_name(name_or_path).is_ok() && self.root.join(name_or_path).symlink_metadata().is_ok() {
            return ready(self.listed(name_or_path.to_owned()));
        }
        let path = Path::new(name_or_path);
        if path.exists() {
            return at_path(path);
        }
        if looks_like_path(name_or_path) {
            return Err(StoreError::NoModelAt { path: path.to_owned(), why: "no such file or folder".to_owned() });
        }
        let installed = self.list()?.into_iter().map(|model| model.name).collect();
        Err(StoreError::NotInstalled { name: name_or_path.to_owned(), installed })
    }

    /// The default model: one with vision before one without, then the newest.
    ///
    /// # Errors
    /// Returns [`StoreError::NothingInstalled`], or [`StoreError::Damaged`] when there are only damaged ones.
    pub fn default_model(&self) -> Result<ModelFolder, StoreError> {
        let mut models = self.list()?;
        models.sort_by_key(|model| match &model.state {
            ModelState::Ready(manifest) => (0, !manifest.kind.has_encoder(), u64::MAX - manifest.installed_secs),
            ModelState::Damaged(..) => (1, false, 0),
            ModelState::Foreign(_) => (2, false, 0),
        });
        match models.into_iter().next() {
            Some(first) if !matches!(first.state, ModelState::Foreign(_)) => ready(first),
            _ => Err(StoreError::NothingInstalled),
        }
    }

    /// Hashes every file of an installed model again and returns what has changed since the installation.
    ///
    /// `on_bytes` is called with the number of bytes read since its last call.
    ///
    /// # Errors
    /// Returns [`StoreError::NotInstalled`], [`StoreError::Foreign`] or [`StoreError::Cancelled`].
    pub fn verify(
        &self,
        name: &str,
        cancel: &CancelToken,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<Vec<FileFault>, StoreError> {
        let manifest = self.manifest(name)?;
        let folder = self.root.join(name);
        let mut faults = verify::verify_files(&folder, &manifest.files, cancel, on_bytes)?;
        if let Some(adapter) = &manifest.adapter {
            faults.extend(verify::verify_files(&folder.join(&adapter.folder), &adapter.files, cancel, on_bytes)?);
        }
        Ok(faults)
    }

    /// The manifest of an installed model, complete or damaged.
    ///
    /// # Errors
    /// Returns [`StoreError::BadName`], [`StoreError::NotInstalled`] or [`StoreError::Foreign`].
    pub fn manifest(&self, name: &str) -> Result<Manifest, StoreError> {
        check_name(name)?;
        let path = self.root.join(name);
        if path.symlink_metadata().is_err() {
            let installed = self.list()?.into_iter().map(|model| model.name).collect();
            return Err(StoreError::NotInstalled { name: name.to_owned(), installed });
        }
        Manifest::read(&path).map_err(|why| StoreError::Foreign { path, why })
    }

    /// The files of an installed model, regardless of its adapter, which may be damaged.
    ///
    /// # Errors
    /// As [`ModelStore::manifest`], and [`StoreError::Damaged`] where files are missing or have the wrong length.
    pub fn base_files(&self, name: &str) -> Result<ModelFiles, StoreError> {
        let manifest = self.manifest(name)?;
        let folder = self.root.join(name);
        let faults = verify::check_sizes(&folder, &manifest.files);
        if !faults.is_empty() {
            let faults = faults.iter().map(ToString::to_string).collect();
            return Err(StoreError::Damaged { name: name.to_owned(), faults });
        }
        ModelFiles::of_folder(&folder)
    }

    /// Removes an installed model; a path is refused, and so is a folder that Recto did not install.
    ///
    /// # Errors
    /// Returns [`StoreError::BadName`], [`StoreError::NotInstalled`], [`StoreError::Foreign`] or [`StoreError::Busy`].
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.manifest(name)?;
        let _lock = FileLock::of_folder(&self.root)?;
        sweep(&self.root, is_leftover)?;
        // After the rename it is no longer a model, so an interrupted removal leaves no partial one.
        let aside = self.root.join(format!("{REMOVING}{name}"));
        publish(&self.root.join(name), &aside)?;
        remove_folder(&aside)
    }

    /// Starts installing a model under `name`; checks that `needed_bytes` are free.
    ///
    /// # Errors
    /// Returns [`StoreError::BadName`], [`StoreError::AlreadyInstalled`], [`StoreError::Foreign`] when something else has
    /// the name, [`StoreError::DiskFull`], or [`StoreError::Busy`] while another process installs.
    pub fn install(&self, name: &str, needed_bytes: u64) -> Result<Installation, StoreError> {
        self.require_unused(name)?;
        super::require_free(&self.root, needed_bytes)?;
        let lock = FileLock::of_folder(&self.root)?;
        sweep(&self.root, is_leftover)?;
        Installation::new(&self.root, name, lock)
    }

    /// Checks that a model may be installed under `name`.
    ///
    /// # Errors
    /// Returns [`StoreError::BadName`], [`StoreError::AlreadyInstalled`] or [`StoreError::Foreign`].
    pub fn require_unused(&self, name: &str) -> Result<(), StoreError> {
        match self.manifest(name) {
            Ok(_) => Err(StoreError::AlreadyInstalled { name: name.to_owned() }),
            Err(StoreError::NotInstalled { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Removes leftovers, unless a living process is installing or removing: it holds the lock. What cannot be removed
    /// takes up space until the next time.
    fn sweep(&self) {
        let Some(_lock) = FileLock::if_free(&self.root) else { return };
        if let Err(error) = sweep(&self.root, is_leftover) {
            tracing::warn!(%error, "leftovers of an installation cannot be removed");
        }
    }

    fn listed(&self, name: String) -> ListedModel {
        let path = self.root.join(&name);
        let state = match Manifest::read(&path) {
            Ok(manifest) => {
                let mut faults = verify::check_sizes(&path, &manifest.files);
                if let Some(adapter) = &manifest.adapter {
                    faults.extend(verify::check_sizes(&path.join(&adapter.folder), &adapter.files));
                }
                if faults.is_empty() { ModelState::Ready(manifest) } else { ModelState::Damaged(manifest, faults) }
            }
            Err(why) => ModelState::Foreign(why),
        };
        ListedModel { name, path, state }
    }
}

/// Whether a folder belongs to an installation or a removal, which only the holder of the lock has.
fn is_leftover(name: &str) -> bool {
    name.starts_with(ADDING) || name.starts_with(REMOVING)
}

/// The model in a listed folder, provided it is complete.
fn ready(listed: ListedModel) -> Result<ModelFolder, StoreError> {
    match listed.state {
        ModelState::Ready(manifest) => {
            let files = ModelFiles::of_folder(&listed.path)?;
            let adapter = manifest.adapter.as_ref().map(|adapter| listed.path.join(&adapter.folder));
            let prompt = manifest.prompt_in_use().map(str::to_owned);
            let kind = manifest.kind;
            Ok(ModelFolder { name: listed.name, kind, files, manifest: Some(manifest), adapter, prompt })
        }
        ModelState::Damaged(_, faults) => {
            Err(StoreError::Damaged { name: listed.name, faults: faults.iter().map(ToString::to_string).collect() })
        }
        ModelState::Foreign(why) => Err(StoreError::Foreign { path: listed.path, why }),
    }
}

/// A model that is not installed: a published folder, or a GGUF file.
fn at_path(path: &Path) -> Result<ModelFolder, StoreError> {
    let files = if path.is_dir() { ModelFiles::of_folder(path)? } else { ModelFiles::of_file(path)? };
    let kind = files.kind()?;
    let stem = if path.is_dir() { path.file_name() } else { path.file_stem() };
    let name = stem.map_or_else(|| path.display().to_string(), |stem| stem.to_string_lossy().into_owned());
    let adaptation = files.adaptation()?;
    let prompt = adaptation.prompt_in_use().map(str::to_owned);
    Ok(ModelFolder { name, kind, files, manifest: None, adapter: adaptation.adapter, prompt })
}

fn looks_like_path(text: &str) -> bool {
    text.starts_with(['.', '~'])
        || text.contains(['/', '\\'])
        || Path::new(text).extension().is_some_and(|end| end == "gguf")
}
