//! Locates PDFium's library.
//!
//! The library is code, so a file that merely lies beside the program is not loaded: anyone who can write to a folder of
//! downloads could have it run. It is loaded only from where packages install it, a layout that a single dropped file cannot
//! imitate, and never from a file that other users of the computer can change.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::diagnostic::Hint;

/// The build that Recto was made with, as named in the user's cache.
const BUILD: &str = "5.15.2";

/// The variable that names a library to use before all others.
const VARIABLE: &str = "RECTO_PDFIUM";

/// PDFium's library was not found.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The file named by `RECTO_PDFIUM` does not exist.
    #[error("{VARIABLE} names a file that does not exist: {}", .0.display())]
    Named(PathBuf),
    /// The only one found can be replaced by another user of this computer.
    #[error("PDFium, the library that reads PDFs, can be changed by other users of this computer: {}", .0.display())]
    Untrusted(PathBuf),
    /// It is in none of the usual places.
    #[error("PDFium, the library that reads PDFs, was not found")]
    Missing,
}

impl Hint for LibraryError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Named(_) => format!("set {VARIABLE} to PDFium's library, or unset it"),
            Self::Untrusted(_) => format!("install Recto in a folder of your own, or set {VARIABLE} to the library"),
            Self::Missing => "in a source checkout run: cargo xtask pdfium; otherwise reinstall Recto".to_owned(),
        })
    }
}

/// Finds PDFium's library: the file that the variable `RECTO_PDFIUM` names; where packages put it ([`packaged`]); in the
/// user's cache; where the system keeps libraries.
///
/// # Errors
/// Fails if it is in none of these places, or if `RECTO_PDFIUM` names a file that does not exist.
pub fn find_library() -> Result<PathBuf, LibraryError> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        let named = PathBuf::from(named);
        return if named.is_file() { Ok(named) } else { Err(LibraryError::Named(named)) };
    }
    let cache = ProjectDirs::from("", "", "recto").map(|dirs| dirs.cache_dir().join("pdfium").join(BUILD));
    let program = std::env::current_exe().unwrap_or_default();
    let folders = packaged(&program).into_iter().chain(cache).chain(system_folders());
    choose(folders.map(|folder| folder.join(file_name())).filter(|file| file.is_file()), &program)
}

/// Returns the first of these files that only its owner can change.
fn choose(files: impl Iterator<Item = PathBuf>, program: &Path) -> Result<PathBuf, LibraryError> {
    let mut refused = None;
    for file in files {
        if is_ours(&file, program) {
            return Ok(file);
        }
        refused.get_or_insert(file);
    }
    Err(refused.map_or(LibraryError::Missing, LibraryError::Untrusted))
}

/// Whether a library belongs to root, to this user or to the owner of the program, and is not world-writable.
#[cfg(unix)]
fn is_ours(library: &Path, program: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    /// Write permission for everybody.
    const WORLD: u32 = 0o002;
    let Ok(metadata) = library.metadata() else { return false };
    let user = rustix::process::geteuid().as_raw();
    let owners = [Some(0), Some(user), program.metadata().ok().map(|program| program.uid())];
    owners.contains(&Some(metadata.uid())) && metadata.mode() & WORLD == 0
}

/// On Windows, permissions are inherited from the folder; those that packages use belong to the user.
#[cfg(not(unix))]
fn is_ours(_library: &Path, _program: &Path) -> bool {
    true
}

/// Where packages install the library, relative to the program: in a Linux package's `../lib/recto`, in a Mac application's
/// `../Frameworks`, or next to it in a portable folder or a Windows installation, which are recognised by their folder of
/// licences, PDFium's among them.
fn packaged(program: &Path) -> Vec<PathBuf> {
    // If the program was started through a link, its files are where the link leads.
    let program = program.canonicalize().unwrap_or_else(|_| program.to_path_buf());
    let Some(folder) = program.parent() else { return Vec::new() };
    let is_named = |folder: &Path, name: &str| folder.file_name().is_some_and(|found| found == name);
    let mut folders = Vec::new();
    if folder.join("licences").join("pdfium").is_dir() {
        folders.push(folder.to_path_buf());
    }
    if let Some(root) = folder.parent() {
        if is_named(folder, "bin") {
            folders.push(root.join("lib").join("recto"));
        }
        if is_named(folder, "MacOS") && is_named(root, "Contents") {
            folders.push(root.join("Frameworks"));
        }
    }
    folders
}

/// The library's file name on this platform.
fn file_name() -> &'static str {
    if cfg!(target_os = "windows") {
        "pdfium.dll"
    } else if cfg!(target_os = "macos") {
        "libpdfium.dylib"
    } else {
        "libpdfium.so"
    }
}

/// The system's own library folders; not those of a search path, which anyone may own.
fn system_folders() -> Vec<PathBuf> {
    if cfg!(not(unix)) {
        return Vec::new();
    }
    let multiarch = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    ["/usr/local/lib", "/usr/lib", "/lib", "/usr/lib64", &multiarch].map(PathBuf::from).into()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
mod tests {
    use super::*;

    #[test]
    fn packages_keep_the_library_near_the_program() {
        for (program, library) in [
            ("/usr/bin/recto", Some("/usr/lib/recto")),
            ("/Applications/Recto.app/Contents/MacOS/recto", Some("/Applications/Recto.app/Contents/Frameworks")),
            ("/downloads/recto", None),
            ("/MacOS/recto", None),
            ("", None),
        ] {
            assert_eq!(packaged(Path::new(program)), Vec::from_iter(library.map(PathBuf::from)), "{program}");
        }
    }

    #[test]
    fn a_library_that_was_dropped_beside_the_program_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let program = folder.join("recto");
        for file in ["recto", file_name(), "licences.txt"] {
            std::fs::write(folder.join(file), b"planted").unwrap();
        }
        assert!(packaged(&program).is_empty());
        // The portable folder and the installers of Windows bring this.
        std::fs::create_dir_all(folder.join("licences/pdfium")).unwrap();
        assert_eq!(packaged(&program), [folder]);
    }

    #[cfg(unix)]
    #[test]
    fn a_library_that_others_may_change_is_not_taken() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join(file_name());
        std::fs::write(&library, b"library").unwrap();
        let choice = || choose(std::iter::once(library.clone()), Path::new("/no/such/program"));
        assert_eq!(choice().unwrap(), library);
        std::fs::set_permissions(&library, std::fs::Permissions::from_mode(0o646)).unwrap();
        let error = choice().unwrap_err();
        assert!(error.to_string().contains("changed by other users") && error.hint().is_some(), "{error}");
        assert!(matches!(choose(std::iter::empty(), &library), Err(LibraryError::Missing)));
    }

    /// Makes files and folders of exactly this name.
    #[cfg(unix)]
    fn named(name: &str) -> tempfile::Builder<'_, '_> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(name).rand_bytes(0);
        builder
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_program_leads_to_its_library() {
        let home = tempfile::tempdir().unwrap();
        let contents = named("Contents").tempdir_in(home.path().canonicalize().unwrap()).unwrap();
        let programs = named("MacOS").tempdir_in(&contents).unwrap();
        let program = named("recto").tempfile_in(&programs).unwrap();
        let link = home.path().join("recto");
        std::os::unix::fs::symlink(program.path(), &link).unwrap();
        assert_eq!(packaged(&link), [contents.path().join("Frameworks")]);
    }
}
