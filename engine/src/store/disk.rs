//! How much room a disk has left.

use std::path::Path;

use super::StoreError;

/// Disk space and memory to leave for the system and other programs when a model is chosen or downloaded.
pub const SPARE_BYTES: u64 = 1_000_000_000;

/// Bytes that the user may still write on the disk that holds `path`, which need not exist; `None` where the platform
/// does not say.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|ancestor| ancestor.exists())?;
    free_on_disk_of(existing)
}

#[cfg(unix)]
fn free_on_disk_of(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library does not tell how much room a disk has")]
fn free_on_disk_of(path: &Path) -> Option<u64> {
    use std::os::windows::ffi::OsStrExt as _;
    use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
    let folder = if path.is_dir() { path } else { path.parent()? };
    let wide: Vec<u16> = folder.as_os_str().encode_wide().chain([0]).collect();
    let mut free_bytes = 0;
    // SAFETY: the name ends with a zero and the number lives through the call; the two other numbers may be left out.
    let done =
        unsafe { GetDiskFreeSpaceExW(wide.as_ptr(), &raw mut free_bytes, std::ptr::null_mut(), std::ptr::null_mut()) };
    (done != 0).then_some(free_bytes)
}

#[cfg(not(any(unix, windows)))]
fn free_on_disk_of(_path: &Path) -> Option<u64> {
    None
}

/// Whether a file can be moved from one path to the other without being copied, as far as that can be known before; neither
/// needs to exist.
pub fn are_on_one_disk(one: &Path, other: &Path) -> bool {
    let existing = |path: &Path| path.ancestors().find(|ancestor| ancestor.exists()).map(Path::to_owned);
    match (existing(one), existing(other)) {
        (Some(one), Some(other)) => disk_of(&one).is_some_and(|disk| disk_of(&other) == Some(disk)),
        _ => false,
    }
}

#[cfg(unix)]
fn disk_of(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    Some(path.metadata().ok()?.dev())
}

/// A drive by its letter.
#[cfg(not(unix))]
fn disk_of(path: &Path) -> Option<std::ffi::OsString> {
    Some(path.canonicalize().ok()?.components().next()?.as_os_str().to_owned())
}

/// Checks that `needed_bytes` fit on the disk that holds `path`, before anything is written.
///
/// # Errors
/// Returns [`StoreError::DiskFull`] when they do not.
pub fn require_free(path: &Path, needed_bytes: u64) -> Result<(), StoreError> {
    match free_bytes(path) {
        Some(free_bytes) if free_bytes < needed_bytes => {
            Err(StoreError::DiskFull { path: path.to_owned(), needed_bytes, free_bytes: Some(free_bytes) })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_does_not_exist_yet_is_measured_by_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("a/b/c");
        assert_eq!(free_bytes(&missing).is_some(), cfg!(any(unix, windows)));
    }

    #[test]
    #[cfg(any(unix, windows))]
    fn more_than_any_disk_holds_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        require_free(folder.path(), 1).unwrap();
        let error = require_free(folder.path(), u64::MAX).unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { needed_bytes: u64::MAX, .. }), "{error}");
    }
}
