//! Installing a model: its files go into a staging folder, which is renamed when it is complete.

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::manifest::{About, MANIFEST_FILE, Manifest, ManifestFile, is_plain_file_name};
use super::verify::{CHUNK_BYTES, hexadecimal};
use crate::cancel::CancelToken;
use crate::regular_file;
use crate::store::folder::publish;
use crate::store::{FileLock, StoreError};

/// Prefix of the folders of installations in progress.
pub(super) const ADDING: &str = ".adding-";

/// An installation in progress. Dropped before [`Installation::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct Installation {
    name: String,
    staging: TempDir,
    place: PathBuf,
    files: Vec<ManifestFile>,
    _lock: FileLock,
}

/// A file being installed.
#[derive(Debug)]
pub struct StagedFile<'a> {
    installation: &'a mut Installation,
    name: String,
    path: PathBuf,
    file: File,
    hasher: Sha256,
    bytes: u64,
}

impl Installation {
    pub(super) fn new(root: &Path, name: &str, lock: FileLock) -> Result<Self, StoreError> {
        let staging = tempfile::Builder::new()
            .prefix(&format!("{ADDING}{name}-"))
            .tempdir_in(root)
            .map_err(StoreError::write(root))?;
        Ok(Self { name: name.to_owned(), staging, place: root.join(name), files: Vec::new(), _lock: lock })
    }

    /// The staging folder; it is gone once the installation is finished or dropped.
    pub fn folder(&self) -> &Path {
        self.staging.path()
    }

    /// Starts a file of the model.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] when it cannot be created, or exists already.
    pub fn create_file(&mut self, name: &str) -> Result<StagedFile<'_>, StoreError> {
        let path = self.path_for(name)?;
        let file = File::options().write(true).create_new(true).open(&path).map_err(StoreError::write(&path))?;
        Ok(StagedFile { installation: self, name: name.to_owned(), path, file, hasher: Sha256::new(), bytes: 0 })
    }

    /// Adds a small file from memory.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`].
    pub fn add_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let mut staged = self.create_file(name)?;
        staged.append(bytes)?;
        staged.finish().map(|_| ())
    }

    /// Moves a file of a known hash into the model, or copies it from another disk.
    ///
    /// `on_bytes` is called with the number of bytes moved or copied since its last call.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`], [`StoreError::Write`], [`StoreError::DiskFull`] or [`StoreError::Cancelled`].
    pub fn take_file(
        &mut self,
        name: &str,
        from: &Path,
        sha256: &str,
        cancel: &CancelToken,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<(), StoreError> {
        let to = self.path_for(name)?;
        let bytes = from.metadata().map_err(StoreError::read(from))?.len();
        match rename(from, &to) {
            Ok(()) => {
                on_bytes(bytes);
                self.files.push(ManifestFile { name: name.to_owned(), bytes, sha256: sha256.to_owned() });
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
                let mut source = regular_file::open(from).map_err(StoreError::read(from))?;
                let mut staged = self.create_file(name)?;
                staged.copy(&mut source, from, cancel, on_bytes)?;
                if staged.finish()?.sha256.eq_ignore_ascii_case(sha256) {
                    return Ok(());
                }
                let source = std::io::Error::new(std::io::ErrorKind::InvalidData, "it changed while being copied");
                Err(StoreError::Read { path: from.to_owned(), source })
            }
            Err(error) => Err(StoreError::write(&to)(error)),
        }
    }

    /// The path of a new file, provided its name is valid and not taken.
    fn path_for(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.staging.path().join(name);
        let error = |kind, why: &str| StoreError::Write { path: path.clone(), source: std::io::Error::new(kind, why) };
        if !is_plain_file_name(name) || name == MANIFEST_FILE {
            return Err(error(std::io::ErrorKind::InvalidFilename, "not a valid file name"));
        }
        if path.symlink_metadata().is_ok() {
            return Err(error(std::io::ErrorKind::AlreadyExists, "it exists already"));
        }
        Ok(path)
    }

    /// Writes the manifest and renames the folder: only now is the model installed.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; then nothing is installed.
    pub fn finish(self, about: About) -> Result<Manifest, StoreError> {
        let manifest = Manifest::new(&self.name, about, self.files);
        manifest.write(self.staging.path())?;
        publish(self.staging.path(), &self.place)?;
        // The folder was renamed, so there is nothing to remove.
        let _ = self.staging.keep();
        Ok(manifest)
    }
}

impl StagedFile<'_> {
    /// Appends the content of `source`; `from` is its path, for errors.
    ///
    /// `on_bytes` is called with the number of bytes copied since its last call.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`], [`StoreError::Write`], [`StoreError::DiskFull`] or [`StoreError::Cancelled`].
    pub fn copy(
        &mut self,
        source: &mut dyn Read,
        from: &Path,
        cancel: &CancelToken,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<(), StoreError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            cancel.check()?;
            match source.read(&mut chunk).map_err(StoreError::read(from))? {
                0 => return Ok(()),
                read => {
                    self.append(&chunk[..read])?;
                    on_bytes(read as u64);
                }
            }
        }
    }

    /// Closes the file and returns its length and hash.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`] when it cannot be synced to disk.
    pub fn finish(self) -> Result<ManifestFile, StoreError> {
        self.file.sync_all().map_err(StoreError::write(&self.path))?;
        let file = ManifestFile { name: self.name, bytes: self.bytes, sha256: hexadecimal(&self.hasher.finalize()) };
        self.installation.files.push(file.clone());
        Ok(file)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(StoreError::write(&self.path))?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the store is where files are renamed")]
    std::fs::rename(from, to)
}
