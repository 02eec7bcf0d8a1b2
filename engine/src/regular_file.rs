//! Opens regular files only, without blocking.
//!
//! A path may lead to a named pipe, device or socket instead of a file, and opening or reading those may block forever.
//! Symbolic links are followed. Independent of what the files contain.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// The path is neither a file nor a folder. The source of the [`io::Error`] (kind `InvalidInput`) that is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is {found}, not a regular file")]
pub struct NotRegular {
    /// What it is, with its article.
    found: &'static str,
}

/// Whether an error is due to a path that is not a regular file.
pub fn is_not_regular(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(source) if source.is::<NotRegular>())
}

/// Opens a regular file for reading.
///
/// # Errors
/// As for [`File::open`]; [`NotRegular`] for pipes, devices and sockets; [`ErrorKind::IsADirectory`] for a folder.
pub fn open(path: &Path) -> io::Result<File> {
    open_with(OpenOptions::new().read(true), path)
}

/// Opens a regular file with the given options, such as to create it.
///
/// # Errors
/// As for [`open`].
pub fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    // Opening a device can have effects, and a socket cannot be opened, so the type is checked first.
    match std::fs::metadata(path) {
        Ok(metadata) => require_regular(metadata.file_type())?,
        // Not an error if the options create the file.
        Err(missing) if missing.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // It may have been replaced in between: opening a pipe must not wait for a writer.
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    let file = options.open(path)?;
    require_regular(file.metadata()?.file_type())?;
    #[cfg(windows)]
    require_disk(&file)?;
    Ok(file)
}

/// Reads a regular file of at most `max_bytes`.
///
/// # Errors
/// As for [`open`]; [`ErrorKind::FileTooLarge`] for a longer file.
pub fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let too_large = || {
        io::Error::new(ErrorKind::FileTooLarge, format!("it has more than the {max_bytes} bytes that are read of it"))
    };
    let known_bytes = file.metadata()?.len();
    if known_bytes > max_bytes {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(known_bytes).unwrap_or_default());
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes { Err(too_large()) } else { Ok(bytes) }
}

/// Reads a regular file of at most `max_bytes` as UTF-8.
///
/// # Errors
/// As for [`read`]; [`ErrorKind::InvalidData`] for other text.
pub fn read_to_string(path: &Path, max_bytes: u64) -> io::Result<String> {
    String::from_utf8(read(path, max_bytes)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8"))
}

fn require_regular(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder, not a file"));
    }
    Err(io::Error::new(ErrorKind::InvalidInput, NotRegular { found: name_of(kind) }))
}

#[cfg(unix)]
fn name_of(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn name_of(_: FileType) -> &'static str {
    "a device or a pipe"
}

/// On Windows, names such as `CON` and pipes pass for files until they are opened.
#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library does not tell disk files from devices")]
fn require_disk(file: &File) -> io::Result<()> {
    use std::os::windows::io::AsRawHandle as _;
    use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_DISK, GetFileType};
    // SAFETY: the handle is open for as long as `file` is borrowed.
    let kind = unsafe { GetFileType(file.as_raw_handle()) };
    if kind == FILE_TYPE_DISK {
        return Ok(());
    }
    Err(io::Error::new(ErrorKind::InvalidInput, NotRegular { found: "a device or a pipe" }))
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_none_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        let _listener = UnixListener::bind(at("socket")).unwrap();
        let mut file = File::options().write(true).create_new(true).open(at("file")).unwrap();
        file.write_all(b"text").unwrap();
        for (link, target) in [("to-file", "file"), ("to-pipe", "pipe"), ("to-nothing", "nothing")] {
            symlink(at(target), at(link)).unwrap();
        }
        assert_eq!(read_to_string(&at("to-file"), 4).unwrap(), "text");
        for (path, said) in [
            (at("pipe"), "it is a named pipe, not a regular file"),
            (at("to-pipe"), "it is a named pipe, not a regular file"),
            (at("socket"), "it is a socket, not a regular file"),
            ("/dev/zero".into(), "it is a device, not a regular file"),
        ] {
            let error = open(&path).unwrap_err();
            assert_eq!(error.to_string(), said);
            assert!(is_not_regular(&error));
        }
        assert_eq!(open(folder.path()).unwrap_err().kind(), ErrorKind::IsADirectory);
        assert_eq!(open(&at("to-nothing")).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(read(&at("file"), 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
        // Says that it is empty, and never ends to give.
        assert!(read(Path::new("/proc/self/maps"), 10).is_err());
    }
}

#[cfg(all(test, windows))]
mod windows_tests {
    use super::*;

    #[test]
    fn a_device_is_not_opened() {
        assert!(open(Path::new(r"\\.\NUL")).is_err());
    }
}
