//! How a pull ends: with a model that it has installed, or with one that was installed before and is verified.

use super::error::HubError;
use super::progress::{Meter, Progress, Stage};
use crate::cancel::CancelToken;
use crate::store::StoreError;
use crate::store::models::{Manifest, ModelStore};

/// The file that a licence's notice is kept in, beside the model.
pub(super) const NOTICE_FILE: &str = "NOTICE";

/// How a pull ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// It was there already, and every byte of it is right.
    AlreadyThere(Manifest),
    /// It was fetched, checked and installed.
    Installed(Manifest),
}

/// Verifies an installed model, where it is the one that was asked for.
pub(super) fn already_there(
    name: &str,
    is_same: &dyn Fn(&Manifest) -> bool,
    store: &ModelStore,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Manifest, HubError> {
    let manifest = store.manifest(name)?;
    if !is_same(&manifest) {
        // The user has added something else under this name.
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
