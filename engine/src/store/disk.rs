//! Free space of disks, and whether two paths are on the same one.

use std::path::Path;

/// Disk space and memory to leave for the system and other programs when a model is chosen or downloaded.
pub const SPARE_BYTES: u64 = 1_000_000_000;

/// Free space for the user on the disk of `path`, which need not exist; `None` where unknown.
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
#[expect(unsafe_code, reason = "the standard library cannot query free space")]
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

/// Whether two paths, which need not exist, are on the same disk, so that a file can be moved without a copy.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_does_not_exist_yet_is_measured_by_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("a/b/c");
        assert_eq!(free_bytes(&missing).is_some(), cfg!(any(unix, windows)));
    }
}
