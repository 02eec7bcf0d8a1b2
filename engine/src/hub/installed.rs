//! The result of a pull: a model that is new, or one that was already installed and is verified.

use super::error::HubError;
use super::progress::{Meter, Progress, Stage};
use crate::cancel::CancelToken;
use crate::store::StoreError;
use crate::store::models::{Manifest, ModelStore};

/// The file with the licence notice in a model's folder.
pub(super) const NOTICE_FILE: &str = "NOTICE";

/// The result of a successful pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// It was already installed, and its files are intact.
    AlreadyThere(Manifest),
    /// It was downloaded, verified and installed.
    Installed(Manifest),
}

/// Verifies an installed model, provided it is the requested one.
pub(super) fn already_there(
    name: &str,
    is_same: &dyn Fn(&Manifest) -> bool,
    store: &ModelStore,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Manifest, HubError> {
    let manifest = store.manifest(name)?;
    if !is_same(&manifest) {
        // Another model has this name.
        return Err(StoreError::AlreadyInstalled { name: name.to_owned() }.into());
    }
    let mut meter = Meter::new(Stage::Verify, manifest.total_bytes(), observe);
    let faults = store.verify(name, cancel, &mut |bytes| meter.add(bytes))?;
    if faults.is_empty() {
        return Ok(manifest);
    }
    let faults = faults.iter().map(ToString::to_string).collect();
    Err(StoreError::Damaged { name: name.to_owned(), faults }.into())
}
