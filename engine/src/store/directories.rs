//! The directories of Recto's own files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::StoreError;

/// Environment variable that puts all of Recto's files under one folder, for portable use and tests.
pub(super) const HOME_VARIABLE: &str = "RECTO_HOME";

/// Recto's two directories: one for data, one for what can be recreated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    data: PathBuf,
    cache: PathBuf,
}

impl Directories {
    /// The current user's directories: the platform's, or those under `RECTO_HOME`.
    ///
    /// # Errors
    /// Returns [`StoreError::NoHome`] for a user without a home directory.
    pub fn of_user() -> Result<Self, StoreError> {
        Self::from_home(std::env::var_os(HOME_VARIABLE))
    }

    /// Both directories under one folder.
    pub fn under(root: &Path) -> Self {
        Self { data: root.join("data"), cache: root.join("cache") }
    }

    /// Directory of data: models, library, history.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Directory of what can be recreated: downloads, encodings.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    fn from_home(home: Option<OsString>) -> Result<Self, StoreError> {
        if let Some(home) = home.filter(|home| !home.is_empty()) {
            let home = std::path::absolute(PathBuf::from(home)).map_err(|_| StoreError::NoHome)?;
            return Ok(Self::under(&home));
        }
        let project = directories::ProjectDirs::from("", "", "recto").ok_or(StoreError::NoHome)?;
        Ok(Self { data: project.data_dir().to_owned(), cache: project.cache_dir().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recto_home_takes_both_directories() {
        let directories = Directories::from_home(Some("/media/stick/recto".into())).unwrap();
        assert_eq!(directories, Directories::under(Path::new("/media/stick/recto")));
        assert!(directories.data().starts_with("/media/stick/recto"));
        assert!(directories.cache().starts_with("/media/stick/recto"));
        assert_ne!(directories.data(), directories.cache());
    }

    #[test]
    fn a_relative_recto_home_does_not_depend_on_later_folders() {
        let directories = Directories::from_home(Some("portable".into())).unwrap();
        assert!(directories.data().is_absolute());
    }

    #[test]
    fn an_empty_recto_home_counts_as_unset() {
        let unset = Directories::from_home(None).unwrap();
        assert_eq!(Directories::from_home(Some(OsString::new())).unwrap(), unset);
    }
}
