//! Joining the parts of a model's file from Python wheels.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::{CatalogueEntry, HubError, Meter, Part, PipSource};
use crate::cancel::CancelToken;
use crate::regular_file;
use crate::store::StoreError;
use crate::store::models::{Installation, StagedFile};

/// Whether a file is the wheel of a part, by its table of contents.
pub(super) fn holds(wheel: &Path, part: &Part) -> bool {
    open(wheel).is_ok_and(|archive| archive.index_for_name(&part.member).is_some())
}

/// The wheels that hold the parts of one model, in the order of its parts.
#[derive(Debug)]
pub(super) struct Wheels(Vec<PathBuf>);

impl Wheels {
    /// Assigns `paths`, given in any order, to the parts of `entry`.
    ///
    /// # Errors
    /// Returns [`HubError::BadWheel`] for a file that cannot be opened, [`HubError::MissingParts`] when some are missing.
    pub(super) fn sort_out(entry: &CatalogueEntry, pip: &PipSource, paths: &[PathBuf]) -> Result<Self, HubError> {
        let mut found = vec![None; pip.parts.len()];
        for path in paths {
            let archive = open(path)?;
            for (part, slot) in pip.parts.iter().zip(&mut found) {
                if archive.index_for_name(&part.member).is_some() {
                    *slot = Some(path.clone());
                }
            }
        }
        let missing: Vec<String> = pip
            .parts
            .iter()
            .zip(&found)
            .filter(|(_, slot)| slot.is_none())
            .map(|(part, _)| format!("{} {}", part.package, part.version))
            .collect();
        if missing.is_empty() {
            Ok(Self(found.into_iter().flatten().collect()))
        } else {
            Err(HubError::MissingParts { name: entry.name.clone(), missing })
        }
    }

    /// Joins the parts and checks the result against the published file.
    ///
    /// # Errors
    /// Returns [`HubError::BadWheel`], [`HubError::Mismatch`], a disk error or a cancellation.
    pub(super) fn join(
        &self,
        entry: &CatalogueEntry,
        pip: &PipSource,
        installation: &mut Installation,
        cancel: &CancelToken,
        meter: &mut Meter<'_>,
    ) -> Result<(), HubError> {
        let mismatch = |why: String| HubError::Mismatch { name: entry.name.clone(), why };
        let mut left_bytes = pip.bytes;
        let mut staged = installation.create_file(&pip.file)?;
        for (part, wheel) in pip.parts.iter().zip(&self.0) {
            let bytes = append(&mut staged, wheel, &part.member, left_bytes, cancel, meter)?;
            left_bytes = left_bytes.checked_sub(bytes).ok_or_else(|| mismatch("it is too long".to_owned()))?;
        }
        let file = staged.finish()?;
        if left_bytes > 0 {
            return Err(mismatch(format!("it has {} of {} bytes", file.bytes, pip.bytes)));
        }
        if !file.sha256.eq_ignore_ascii_case(&pip.sha256) {
            return Err(mismatch(format!("its SHA-256 is {} instead of {}", file.sha256, pip.sha256)));
        }
        Ok(())
    }
}

/// The model that a wheel belongs to.
///
/// # Errors
/// Returns [`HubError::BadWheel`] for a file that cannot be opened.
pub(super) fn belongs_to<'a>(
    wheel: &Path,
    models: &'a [CatalogueEntry],
) -> Result<Option<(&'a CatalogueEntry, &'a PipSource)>, HubError> {
    let archive = open(wheel)?;
    let holds = |pip: &PipSource| pip.parts.iter().any(|part| archive.index_for_name(&part.member).is_some());
    Ok(models.iter().filter_map(|entry| Some((entry, entry.pip.as_ref()?))).find(|(_, pip)| holds(pip)))
}

fn open(path: &Path) -> Result<ZipArchive<File>, HubError> {
    let file = regular_file::open(path).map_err(StoreError::read(path))?;
    ZipArchive::new(file).map_err(|error| bad(path, &format!("it is truncated or not a wheel ({error})")))
}

/// Appends one part; unpacks at most one byte more than `limit_bytes`, whatever the wheel claims.
fn append(
    staged: &mut StagedFile<'_>,
    wheel: &Path,
    member: &str,
    limit_bytes: u64,
    cancel: &CancelToken,
    meter: &mut Meter<'_>,
) -> Result<u64, HubError> {
    let mut archive = open(wheel)?;
    let part = archive.by_name(member).map_err(|error| bad(wheel, &error.to_string()))?;
    let mut copied_bytes = 0;
    let mut on_bytes = |bytes| {
        copied_bytes += bytes;
        meter.add(bytes);
    };
    match staged.copy(&mut part.take(limit_bytes.saturating_add(1)), wheel, cancel, &mut on_bytes) {
        Ok(()) => Ok(copied_bytes),
        Err(StoreError::Read { source, .. }) => Err(bad(wheel, &source.to_string())),
        Err(other) => Err(other.into()),
    }
}

fn bad(path: &Path, why: &str) -> HubError {
    HubError::BadWheel { path: path.to_owned(), why: why.to_owned() }
}
