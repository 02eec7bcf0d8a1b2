//! Who may read Recto's own files: the user alone, whatever the umask is. What was read of a report tells its text.
//!
//! On Unix folders have the mode 0700 and files 0600. On Windows both lie in the user's profile, which other users cannot
//! read by default, and files inherit that; nothing needs to be done there.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::{Directories, StoreFolder};

/// Closes Recto's folders to other users. Where an earlier version left a folder open, the files in it are closed once too;
/// models and downloads are no secret, so there the folder is enough.
///
/// A folder that cannot be closed, such as one of another user, is logged.
pub fn close_to_others(directories: &Directories) {
    let close = |path: &Path| {
        if let Err(error) = close_folder(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "a folder cannot be closed to other users");
        }
    };
    close(directories.data());
    close(directories.cache());
    for folder in [
        StoreFolder::Models,
        StoreFolder::Downloads,
        StoreFolder::Encodings,
        StoreFolder::Vision,
        StoreFolder::Pages,
        StoreFolder::Library,
        StoreFolder::Log,
    ] {
        let path = folder.path(directories);
        if matches!(folder, StoreFolder::Models | StoreFolder::Downloads) {
            close(&path);
        } else if is_open(&path) {
            // The folder comes last, so that what is interrupted is done again.
            close_content(&path, &close);
            close(&path);
        }
    }
}

/// Closes everything in a folder. Links are not followed.
fn close_content(folder: &Path, close: &dyn Fn(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                close_content(&path, close);
                close(&path);
            }
            Ok(kind) if kind.is_file() => {
                // One that is deleted meanwhile needs no closing.
                let _ = close_path(&path);
            }
            _ => {}
        }
    }
}

/// Options to create a file that only the user may read.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(FILE);
    }
    options.create(true);
    options
}

/// Creates a missing folder that only the user may read, with its parents.
pub(super) fn create_private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        // One of another user stays as it is.
        let _ = close_folder(path);
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir()) {
        create_private_folder(parent)?;
    }
    match std::fs::create_dir(path) {
        // Another thread or process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        other => other?,
    }
    close_folder(path)
}

#[cfg(unix)]
mod unix {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::{File, Path, io};

    /// Mode of folders.
    const FOLDER: u32 = 0o700;
    /// Mode of files and sockets.
    pub(super) const FILE: u32 = 0o600;

    /// Whether other users have any right to a path.
    pub(super) fn is_open(path: &Path) -> bool {
        path.metadata().is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
    }

    /// Closes a folder.
    pub(in super::super) fn close_folder(path: &Path) -> io::Result<()> {
        let mode = path.metadata()?.permissions().mode() & 0o777;
        if mode == FOLDER { Ok(()) } else { std::fs::set_permissions(path, Permissions::from_mode(FOLDER)) }
    }

    /// Closes a file or a socket.
    pub(in super::super) fn close_path(path: &Path) -> io::Result<()> {
        std::fs::set_permissions(path, Permissions::from_mode(FILE))
    }

    /// Closes an open file.
    pub(in super::super) fn close_file(file: &File) -> io::Result<()> {
        let mode = file.metadata()?.permissions().mode() & 0o777;
        if mode == FILE { Ok(()) } else { file.set_permissions(Permissions::from_mode(FILE)) }
    }
}

#[cfg(unix)]
use unix::{FILE, is_open};
#[cfg(unix)]
pub(super) use unix::{close_file, close_folder, close_path};

#[cfg(not(unix))]
mod others {
    use super::{File, Path, io};

    /// The user's profile is closed.
    pub(super) fn is_open(_: &Path) -> bool {
        false
    }

    /// The user's profile is closed.
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
    pub(in super::super) fn close_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// The user's profile is closed.
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
    pub(in super::super) fn close_path(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// The user's profile is closed.
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
    pub(in super::super) fn close_file(_: &File) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(not(unix))]
use others::is_open;
#[cfg(not(unix))]
pub(super) use others::{close_file, close_folder, close_path};

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::store::{encodings, library, lock, log, output};

    fn mode(path: &Path) -> u32 {
        path.symlink_metadata().unwrap().permissions().mode() & 0o777
    }

    /// Everything below a folder that other users may read, write or enter.
    fn open_paths(folder: &Path) -> Vec<String> {
        let mut open = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if mode(&path) & 0o077 != 0 {
                open.push(format!("{} {:o}", path.display(), mode(&path)));
            }
            if path.is_dir() {
                open.extend(open_paths(&path));
            }
        }
        open
    }

    /// Writes something of every kind.
    fn fill(directories: &Directories) {
        let library = library::Library::new(directories);
        let hash = "5".repeat(64);
        library.update_record(library::Record::Desk, |_| b"{}".to_vec()).unwrap();
        library.keep_record(library::Record::Settings, b"{}").unwrap();
        library.keep_conversation(&hash, b"{}").unwrap();
        library.keep_text(&hash, &library::KeptText::default()).unwrap();
        let store = encodings::EncodingStore::new(directories, Some(1 << 20));
        let about = encodings::About::now("report.pdf", &hash, "small");
        for kind in [encodings::EntryKind::Window, encodings::EntryKind::Vision, encodings::EntryKind::Pages] {
            let (content, states) = ([1; 16], [1; 16]);
            let entry = encodings::Entry {
                about: &about,
                content: &content,
                rows: 2,
                columns: 4,
                states: &states,
                scalars: &[],
            };
            store.put(kind, &encodings::KeyHasher::new("a").finish(), &entry).unwrap();
        }
        drop(lock::FileLock::of_folder(&StoreFolder::Models.path(directories)).unwrap());
        log::log_file(directories).unwrap();
    }

    /// The test below, under the umask of another process.
    #[test]
    #[ignore = "run by `nothing_is_open_to_others_whatever_the_umask_is`"]
    fn fill_the_named_home() {
        let home = std::env::var_os("RECTO_TEST_HOME").unwrap();
        fill(&Directories::under(Path::new(&home)));
        output::write_file(&Path::new(&home).join("export.html"), b"").unwrap();
    }

    #[test]
    fn nothing_is_open_to_others_whatever_the_umask_is() {
        for umask in ["000", "022", "077", "277"] {
            let home = tempfile::tempdir().unwrap();
            let test = "store::access::tests::fill_the_named_home";
            let status = std::process::Command::new("sh")
                .args(["-c", &format!("umask {umask}; exec \"$0\" --exact --ignored {test}")])
                .arg(std::env::current_exe().unwrap())
                .env("RECTO_TEST_HOME", home.path())
                .stdout(std::process::Stdio::null())
                .status()
                .unwrap();
            assert!(status.success(), "under umask {umask}");
            for folder in ["data", "cache"] {
                let folder = home.path().join(folder);
                assert_eq!(mode(&folder), 0o700, "under umask {umask}");
                assert_eq!(open_paths(&folder), [""; 0], "under umask {umask}");
            }
            let expected = 0o666 & !u32::from_str_radix(umask, 8).unwrap();
            assert_eq!(mode(&home.path().join("export.html")), expected, "what the user exports is as usual");
        }
    }

    /// Gives everything below a folder the usual modes.
    fn reopen(folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = if path.is_dir() { 0o755 } else { 0o644 };
            if path.is_dir() {
                reopen(&path);
            }
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    #[test]
    fn what_an_earlier_version_left_open_is_closed_at_the_start() {
        let home = tempfile::tempdir().unwrap();
        let directories = Directories::under(home.path());
        fill(&directories);
        reopen(home.path());
        assert!(open_paths(home.path()).len() > 10);
        close_to_others(&directories);
        let open = open_paths(home.path());
        assert!(open.iter().all(|path| path.contains("models-v1/.lock")), "{open:?}");
        // A home that is not there yet is no trouble.
        close_to_others(&Directories::under(&home.path().join("absent")));
        assert!(!home.path().join("absent").exists());
    }
}
