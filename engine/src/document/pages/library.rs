//! Locates PDFium's library.

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
    /// It is in none of the usual places.
    #[error("PDFium, the library that reads PDFs, was not found")]
    Missing,
}

impl Hint for LibraryError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Named(_) => format!("set {VARIABLE} to PDFium's library, or unset it"),
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
    packaged(&program)
        .into_iter()
        .chain(cache)
        .chain(system_folders())
        .map(|folder| folder.join(file_name()))
        .find(|file| file.is_file())
        .ok_or(LibraryError::Missing)
}

/// Where packages install the library, relative to the program: next to it, in a Linux package's `../lib/recto`, or in
/// a Mac application's `../Frameworks`.
fn packaged(program: &Path) -> Vec<PathBuf> {
    // If the program was started through a link, its files are where the link leads.
    let program = program.canonicalize().unwrap_or_else(|_| program.to_path_buf());
    let Some(folder) = program.parent() else { return Vec::new() };
    let mut folders = vec![folder.to_path_buf()];
    if let Some(root) = folder.parent() {
        folders.extend([root.join("lib").join("recto"), root.join("Frameworks")]);
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

/// Where the system's loader looks, as far as it says.
fn system_folders() -> Vec<PathBuf> {
    let variable = if cfg!(target_os = "windows") {
        "PATH"
    } else if cfg!(target_os = "macos") {
        "DYLD_LIBRARY_PATH"
    } else {
        "LD_LIBRARY_PATH"
    };
    let mut folders: Vec<PathBuf> = std::env::var_os(variable)
        .map(|list| std::env::split_paths(&list).filter(|folder| folder.is_absolute()).collect())
        .unwrap_or_default();
    if cfg!(unix) {
        folders.extend(["/usr/local/lib", "/usr/lib", "/lib"].map(PathBuf::from));
        let multiarch = format!("{}-linux-gnu", std::env::consts::ARCH);
        folders.push(Path::new("/usr/lib").join(multiarch));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_keep_the_library_near_the_program() {
        for (program, library) in [
            ("/opt/recto/recto", "/opt/recto"),
            ("/usr/bin/recto", "/usr/lib/recto"),
            ("/Applications/Recto.app/Contents/MacOS/recto", "/Applications/Recto.app/Contents/Frameworks"),
        ] {
            assert!(packaged(Path::new(program)).contains(&PathBuf::from(library)), "{program}: {library}");
        }
        assert!(packaged(Path::new("")).is_empty());
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
        assert!(packaged(&link).contains(&contents.path().join("Frameworks")));
    }
}
