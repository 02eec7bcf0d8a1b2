//! Errors of the store.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::free_bytes;
use crate::cancel::Cancelled;
use crate::diagnostic::Hint;

/// Why something could not be stored or found on disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The platform has no directories for the user.
    #[error("no home directory found to store files in")]
    NoHome,
    /// A file or folder could not be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A `recto.toml` written by the user cannot be parsed.
    #[error("cannot parse {path}: {why}", path = path.display())]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A file or folder could not be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Write {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The disk is full.
    #[error("the disk of {path} is full: {} needed{}", megabytes(*needed_bytes), free(*free_bytes), path = path.display())]
    DiskFull {
        /// The path.
        path: PathBuf,
        /// How much space is needed; 0 where unknown.
        needed_bytes: u64,
        /// How much is free, where known.
        free_bytes: Option<u64>,
    },
    /// Another process holds the lock.
    #[error("another Recto is working on {path}", path = path.display())]
    Busy {
        /// The folder that is locked.
        path: PathBuf,
    },
    /// Not a valid model name.
    #[error("`{name}` is not a valid model name")]
    BadName {
        /// The name.
        name: String,
    },
    /// No model of this name is installed.
    #[error("no model `{name}` is installed")]
    NotInstalled {
        /// The requested name.
        name: String,
        /// Names that are installed.
        installed: Vec<String>,
    },
    /// No model at all is installed.
    #[error("no model is installed")]
    NothingInstalled,
    /// The name is taken.
    #[error("a model named `{name}` is already installed")]
    AlreadyInstalled {
        /// The name.
        name: String,
    },
    /// The files of an installed model have changed.
    #[error("the model `{name}` is damaged: {}", join(faults))]
    Damaged {
        /// The model's name.
        name: String,
        /// What differs, one line each.
        faults: Vec<String>,
    },
    /// A folder among the models that Recto did not install.
    #[error("{path} is not a model that Recto installed: {why}", path = path.display())]
    Foreign {
        /// The folder or file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// A path without a model.
    #[error("no model found in {path}: {why}", path = path.display())]
    NoModelAt {
        /// The path.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl StoreError {
    /// A failed read of `path`.
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Read { path: path.to_owned(), source }
    }

    /// A failed write of `path`; a full disk has its own variant.
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path: path.to_owned(), needed_bytes: 0, free_bytes: free_bytes(path) }
            }
            _ => Self::Write { path: path.to_owned(), source },
        }
    }
}

impl Hint for StoreError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoHome => "set RECTO_HOME to a folder you can write to".to_owned(),
            Self::Read { source, .. } | Self::Write { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => "check its permissions".to_owned(),
                io::ErrorKind::NotFound => "check the path".to_owned(),
                io::ErrorKind::InvalidInput | io::ErrorKind::FileTooLarge | io::ErrorKind::IsADirectory => {
                    "check that it is the right file".to_owned()
                }
                io::ErrorKind::ReadOnlyFilesystem => {
                    "set RECTO_HOME to a folder on a writable disk".to_owned()
                }
                _ => return None,
            },
            Self::BadManifest { .. } => {
                "name the prompt template as in `prompt = \"passages_v1\"`, or remove the file".to_owned()
            }
            Self::DiskFull { .. } => "free up space, or set RECTO_HOME to a folder on another disk".to_owned(),
            Self::Busy { .. } => "wait for it to finish, then try again".to_owned(),
            Self::BadName { .. } => {
                "use up to 64 letters, digits, dots, dashes and underscores, and start with a letter or a digit"
                    .to_owned()
            }
            Self::NotInstalled { installed, .. } if !installed.is_empty() => {
                format!(
                    "installed: {}; get more with `recto models pull NAME` or `recto models add FILE…`",
                    installed.join(", ")
                )
            }
            Self::NotInstalled { .. } | Self::NothingInstalled => {
                "download a small model with `recto models pull starter`, or add your own files with `recto models add FILE…`"
                    .to_owned()
            }
            Self::AlreadyInstalled { name } => {
                format!("check it with `recto models verify {name}`, or use `--name` to install under another name")
            }
            Self::Damaged { name, .. } => format!("`recto models remove {name}`, then install it again"),
            Self::Foreign { .. } => "move it elsewhere; Recto does not touch what it did not install".to_owned(),
            Self::NoModelAt { .. } => {
                "give a published model folder (config.json, tokenizer.json, *.safetensors) or a .gguf file".to_owned()
            }
            Self::Cancelled(_) => return None,
        };
        Some(hint)
    }
}

fn join(lines: &[String]) -> String {
    lines.join("; ")
}

fn megabytes(bytes: u64) -> String {
    if bytes == 0 { "more space".to_owned() } else { format!("{} MB", bytes.div_ceil(1_000_000)) }
}

fn free(bytes: Option<u64>) -> String {
    bytes.map_or_else(String::new, |bytes| format!(", {} MB free", bytes / 1_000_000))
}
