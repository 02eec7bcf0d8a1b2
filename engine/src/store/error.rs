//! What can go wrong on disk.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::free_bytes;
use crate::cancel::Cancelled;
use crate::diagnostic::Hint;

/// Why something could not be kept or found on disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The platform names no directories for the user.
    #[error("there is no home directory to keep files in")]
    NoHome,
    /// A file or folder could not be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A `recto.toml` that the user wrote cannot be understood.
    #[error("cannot understand {path}: {why}", path = path.display())]
    BadNote {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A file or folder could not be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The disk is too small for what is to be written.
    #[error("the disk of {path} is full: {} needed{}", megabytes(*needed_bytes), free(*free_bytes), path = path.display())]
    DiskFull {
        /// What was to be written.
        path: PathBuf,
        /// How much room it takes.
        needed_bytes: u64,
        /// How much there is, where known.
        free_bytes: Option<u64>,
    },
    /// Another process holds the lock.
    #[error("another Recto is working on {path}", path = path.display())]
    Busy {
        /// The folder that is locked.
        path: PathBuf,
    },
    /// A name that no model can have.
    #[error("`{name}` cannot be the name of a model")]
    BadName {
        /// The name.
        name: String,
    },
    /// No model of this name is installed.
    #[error("no model `{name}` is installed")]
    NotInstalled {
        /// The name that was asked for.
        name: String,
        /// Names that are installed.
        installed: Vec<String>,
    },
    /// No model at all is installed.
    #[error("no model is installed")]
    NothingInstalled,
    /// The name is taken.
    #[error("a model `{name}` is installed already")]
    AlreadyInstalled {
        /// The name.
        name: String,
    },
    /// The folder of an installed model is not as it was installed.
    #[error("the model `{name}` is damaged: {}", join(faults))]
    Damaged {
        /// The model's name.
        name: String,
        /// What differs, one line each.
        faults: Vec<String>,
    },
    /// There is something at the model's place that Recto did not put there.
    #[error("{path} is not a model that Recto installed: {why}", path = path.display())]
    Foreign {
        /// The folder or file.
        path: PathBuf,
        /// How that shows.
        why: String,
    },
    /// A path that holds no model.
    #[error("{path} holds no model: {why}", path = path.display())]
    NoModelAt {
        /// The path.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// The work was given up.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl StoreError {
    /// A failed read of `path`.
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Read { path: path.to_owned(), source }
    }

    /// A failed write of `path`; a full disk is told apart.
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
            Self::NoHome => "set RECTO_HOME to a folder of your own".to_owned(),
            Self::Read { source, .. } | Self::Write { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => "check who may read and write it".to_owned(),
                io::ErrorKind::NotFound => "check the path".to_owned(),
                io::ErrorKind::InvalidInput | io::ErrorKind::FileTooLarge => {
                    "check that it is the right file".to_owned()
                }
                io::ErrorKind::ReadOnlyFilesystem => {
                    "set RECTO_HOME to a folder on a disk that can be written".to_owned()
                }
                _ => return None,
            },
            Self::BadNote { .. } => {
                "name the prompt as in `prompt = \"passages_v1\"`, or take the file away".to_owned()
            }
            Self::DiskFull { .. } => "make room, or set RECTO_HOME to a folder on another disk".to_owned(),
            Self::Busy { .. } => "wait until it is done, then try again".to_owned(),
            Self::BadName { .. } => {
                "use up to 64 letters, digits, dots, dashes and underscores, and start with a letter or a digit"
                    .to_owned()
            }
            Self::NotInstalled { installed, .. } if !installed.is_empty() => {
                format!(
                    "installed: {}; `recto models pull NAME` and `recto models add FILE…` get more",
                    installed.join(", ")
                )
            }
            Self::NotInstalled { .. } | Self::NothingInstalled => {
                "`recto models pull starter` fetches a small one; `recto models add FILE…` takes files you have"
                    .to_owned()
            }
            Self::AlreadyInstalled { name } => {
                format!("`recto models verify {name}` checks it; `--name` installs beside it under another name")
            }
            Self::Damaged { name, .. } => format!("`recto models remove {name}`, then install it again"),
            Self::Foreign { .. } => "move it elsewhere; Recto leaves alone what it did not install".to_owned(),
            Self::NoModelAt { .. } => {
                "give a folder as published (config.json, tokenizer.json, *.safetensors) or a .gguf file".to_owned()
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
    if bytes == 0 { "more room".to_owned() } else { format!("{} MB", bytes.div_ceil(1_000_000)) }
}

fn free(bytes: Option<u64>) -> String {
    bytes.map_or_else(String::new, |bytes| format!(", {} MB free", bytes / 1_000_000))
}
