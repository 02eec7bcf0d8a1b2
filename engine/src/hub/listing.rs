//! Looking up a repository on the hub: its commit, its files with their hashes, and whether it is gated.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use ureq::http::Uri;

use super::net::{Client, NetError};
use super::{HubError, Licence};
use crate::cancel::CancelToken;

/// A listing takes a few hundred bytes per file; no model has so many files.
const MAX_LISTING_BYTES: u64 = 8 << 20;
/// Files other than weights are small; a tokenizer takes some 33 MB.
const MAX_COMPANION_BYTES: u64 = 128 << 20;
/// Recto runs no larger model.
const MAX_WEIGHTS_BYTES: u64 = 1 << 40;

/// Files that belong to a model besides its weights.
pub(super) const COMPANIONS: [&str; 16] = [
    "config.json",
    "tokenizer.json",
    "generation_config.json",
    "processor_config.json",
    "preprocessor_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer_config.json",
    "README.md",
    "LICENSE",
    "LICENSE.md",
    "LICENSE.txt",
    "NOTICE",
    "NOTICE.md",
    "NOTICE.txt",
    "USE_POLICY.md",
];
const INDEX: &str = "model.safetensors.index.json";

/// A request to look up a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubRequest {
    /// `owner/name`.
    pub repository: String,
    /// A branch, tag or commit; `main` by default.
    pub revision: Option<String>,
    /// The file to use, for repositories with several GGUF models.
    pub file: Option<String>,
}

/// A model as the hub lists it: one commit, with the hash of every file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubModel {
    /// `owner/name`.
    pub repository: String,
    /// The commit, in hexadecimal.
    pub commit: String,
    /// Whether the repository is gated.
    pub gated: bool,
    /// Its licence, as far as the hub names it.
    pub licence: Licence,
    /// The files of the model.
    pub(super) files: Vec<HubFile>,
    /// Licence notice to install with the model, where it has none itself.
    pub(super) notice: Option<String>,
}

/// A file of a model on the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HubFile {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) digest: Digest,
}

/// The expected hash of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    /// SHA-256, for large files.
    Sha256(String),
    /// SHA-1 of the git blob, for small ones.
    GitBlob(String),
}

impl Digest {
    /// The hash in hexadecimal.
    pub(super) fn hex(&self) -> &str {
        match self {
            Self::Sha256(hex) | Self::GitBlob(hex) => hex,
        }
    }
}

impl HubModel {
    /// Total size of its files.
    pub fn total_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).fold(0, u64::saturating_add)
    }

    /// Whether it has a file with this content.
    pub(super) fn has_file(&self, name: &str, sha256: &str) -> bool {
        self.files.iter().any(|file| file.name == name && file.digest == Digest::Sha256(sha256.to_ascii_lowercase()))
    }

    /// Its files' names and lengths.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.files.iter().map(|file| (file.name.as_str(), file.bytes))
    }

    /// The default name to install it under: that of the repository, without its owner.
    pub fn default_name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }
}

#[derive(Deserialize)]
struct Listing {
    sha: String,
    #[serde(default)]
    gated: Value,
    #[serde(default, rename = "cardData")]
    card: Value,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    #[serde(rename = "blobId")]
    blob: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
    size: Option<u64>,
}

/// Looks up a repository on the hub.
pub(super) fn look_up(client: &Client, request: &HubRequest, cancel: &CancelToken) -> Result<HubModel, HubError> {
    let HubRequest { repository, revision, file } = request;
    let revision = revision.as_deref().unwrap_or("main");
    if !is_repository(repository) {
        return Err(HubError::BadRepository { name: repository.clone() });
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '+');
    if revision.is_empty() || revision.contains("..") || !revision.chars().all(is_plain) {
        return Err(HubError::NoRevision { repository: repository.clone(), revision: revision.to_owned() });
    }
    // Slashes in a branch name must be escaped here.
    let escaped = revision.replace('/', "%2F");
    let uri = client.endpoint().at(&["api/models", repository, "revision"], &format!("/{escaped}?blobs=true"))?;
    let bytes = client
        .fetch(&uri, MAX_LISTING_BYTES, cancel)?
        .map_err(|error| explain(&error, client, &uri, repository, Some(revision)))?;
    let nonsense = |why: String| HubError::BadResponse { host: host(&uri), why };
    let listing: Listing = serde_json::from_slice(&bytes)
        .map_err(|error| nonsense(format!("its list of files cannot be parsed ({error})")))?;
    if !is_hash(&listing.sha, 40) {
        return Err(nonsense("it names no commit".to_owned()));
    }
    let files = choose(&listing.siblings, file.as_deref(), repository).map_err(|choice| match choice {
        Choice::Nothing(why) => HubError::NoUsableModel { repository: repository.clone(), why },
        Choice::Nonsense(why) => nonsense(why),
    })?;
    Ok(HubModel {
        repository: repository.clone(),
        commit: listing.sha.to_ascii_lowercase(),
        gated: !matches!(listing.gated, Value::Null | Value::Bool(false)),
        licence: licence(&listing.card, client, repository),
        files,
        notice: None,
    })
}

/// The address of a file of a commit.
pub(super) fn file_uri(client: &Client, model: &HubModel, name: &str) -> Result<Uri, HubError> {
    client.endpoint().at(&[&model.repository, "resolve", &model.commit, name], "")
}

/// The page of a repository, for people.
pub(super) fn page(client: &Client, repository: &str) -> String {
    format!("{}/{repository}", client.endpoint().address())
}

pub(super) fn host(uri: &Uri) -> String {
    uri.authority().map_or_else(|| uri.to_string(), |authority| authority.as_str().to_owned())
}

/// Turns a failed request into the error that the user sees.
pub(super) fn explain(
    error: &NetError,
    client: &Client,
    uri: &Uri,
    repository: &str,
    revision: Option<&str>,
) -> HubError {
    let (host, repository) = (host(uri), repository.to_owned());
    let page = || page(client, &repository);
    let refusal = match error {
        NetError::Refused(refusal) => refusal,
        NetError::Unreachable(detail) => return HubError::Unreachable { host, detail: detail.clone() },
        NetError::Untrusted(detail) => return HubError::NotTrusted { host, detail: detail.clone() },
        NetError::BadProxy(variable) => return HubError::BadProxy { variable: variable.clone() },
        NetError::Interrupted(detail) => return HubError::Cut { host, detail: detail.clone() },
        NetError::Silent => {
            let transfer = client.transfer();
            return HubError::Silent { host, secs: transfer.stall.min(transfer.answer).as_secs() };
        }
        NetError::Stalled => return HubError::Silent { host, secs: client.transfer().stall.as_secs() },
        NetError::BadResponse(why) => return HubError::BadResponse { host, why: why.clone() },
        NetError::BadRedirect(why) => return HubError::BadRedirect { host, why: why.clone() },
        NetError::Changed => {
            return HubError::BadResponse { host, why: "the file changed during the download".to_owned() };
        }
        NetError::Abandoned => return HubError::Cancelled(crate::cancel::Cancelled),
    };
    match (refusal.status, refusal.code.as_deref()) {
        (404, Some("RevisionNotFound")) if revision.is_some() => {
            HubError::NoRevision { repository, revision: revision.unwrap_or_default().to_owned() }
        }
        // The hub does not reveal whether a repository exists to those who may not see it.
        (401 | 404, Some("RepoNotFound")) if refusal.had_token => HubError::NoRepository { page: page(), repository },
        (401, _) if refusal.had_token => HubError::TokenRefused { page: page(), repository },
        (401, _) if client.withholds_token() => HubError::ClearText { host },
        (401, _) => HubError::TokenNeeded { page: page(), repository },
        (403, _) => HubError::NotAllowed { page: page(), repository },
        (404, _) => HubError::NoRepository { page: page(), repository },
        (429, _) => HubError::TooMany { host, secs: refusal.retry_after.as_ref().map(Duration::as_secs) },
        (status, _) => HubError::ServerFailed { host, status },
    }
}

enum Choice {
    Nothing(String),
    Nonsense(String),
}

/// Selects the files of a model from those of a repository. Names are only compared, never used to build paths, and none has a
/// folder in it.
fn choose(siblings: &[Sibling], wanted: Option<&str>, repository: &str) -> Result<Vec<HubFile>, Choice> {
    let has = |name: &str| siblings.iter().any(|file| file.rfilename == name);
    let ggufs: Vec<&str> = siblings.iter().map(|file| file.rfilename.as_str()).filter(|name| is_gguf(name)).collect();
    let shards = has(INDEX);
    let is_weights = |name: &str| match (wanted, shards) {
        (Some(wanted), _) => name == wanted,
        (None, true) => is_shard(name),
        (None, false) => name == "model.safetensors" || name == "model-00001-of-00001.safetensors",
    };
    let has_safetensors = siblings.iter().any(|file| is_weights(&file.rfilename));
    let gguf = match (wanted, has_safetensors, ggufs.as_slice()) {
        (Some(name), true, _) if is_gguf(name) => Some(name),
        (Some(name), ..) => return Err(Choice::Nothing(format!("it has no GGUF file {name:?}"))),
        (None, true, _) => None,
        (None, false, [one]) => Some(*one),
        (None, false, [_, _, ..]) => {
            let some: Vec<&str> = ggufs.iter().copied().take(8).collect();
            return Err(Choice::Nothing(format!(
                "it has several GGUF files; choose one with --file: {}",
                some.join(", ")
            )));
        }
        (None, false, []) => {
            return Err(Choice::Nothing("it has no weights (model*.safetensors or *.gguf)".to_owned()));
        }
    };
    if gguf.is_none() && !has("config.json") {
        return Err(Choice::Nothing("config.json is missing".to_owned()));
    }
    let is_meant = |name: &str| match gguf {
        Some(gguf) => name == gguf || is_text(name),
        None => name == INDEX || is_weights(name) || COMPANIONS.contains(&name),
    };
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for sibling in siblings.iter().filter(|sibling| is_meant(&sibling.rfilename)) {
        if !seen.insert(sibling.rfilename.to_ascii_lowercase()) {
            return Err(Choice::Nonsense(format!("{repository} lists {} twice", sibling.rfilename)));
        }
        files.push(checked(sibling)?);
    }
    Ok(files)
}

fn checked(sibling: &Sibling) -> Result<HubFile, Choice> {
    let name = sibling.rfilename.clone();
    let nonsense = |why: &str| Choice::Nonsense(format!("it lists {why} for {name}"));
    let (bytes, digest) = match (&sibling.lfs, &sibling.blob) {
        (Some(lfs), _) => (lfs.size.or(sibling.size), Digest::Sha256(lfs.sha256.to_ascii_lowercase())),
        (None, Some(blob)) => (sibling.size, Digest::GitBlob(blob.to_ascii_lowercase())),
        (None, None) => return Err(nonsense("no hash")),
    };
    let length = if matches!(digest, Digest::Sha256(_)) { 64 } else { 40 };
    if !is_hash(digest.hex(), length) {
        return Err(nonsense("an invalid hash"));
    }
    let bytes = bytes.ok_or_else(|| nonsense("no length"))?;
    let is_weights = name.ends_with(".safetensors") || is_gguf(&name);
    if bytes > if is_weights { MAX_WEIGHTS_BYTES } else { MAX_COMPANION_BYTES } {
        return Err(nonsense(&format!("an impossible length ({bytes} bytes)")));
    }
    Ok(HubFile { name, bytes, digest })
}

fn is_text(name: &str) -> bool {
    ["README", "LICENSE", "NOTICE", "USE_POLICY"].iter().any(|start| name.starts_with(start))
        && COMPANIONS.contains(&name)
}

fn is_gguf(name: &str) -> bool {
    is_plain(name) && Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}

fn is_shard(name: &str) -> bool {
    is_plain(name) && name.starts_with("model") && name.ends_with(".safetensors")
}

/// Whether a name is a plain file name on every platform.
fn is_plain(name: &str) -> bool {
    name.len() <= 128
        && !name.starts_with(['.', '-'])
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

fn is_repository(name: &str) -> bool {
    let is_part = |part: &str| {
        (1..=96).contains(&part.len()) && is_plain(part) && !part.contains("..") && !part.ends_with(['.', '-'])
    };
    name.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

fn is_hash(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The licence that the repository's card names.
fn licence(card: &Value, client: &Client, repository: &str) -> Licence {
    let text = |name: &str| {
        let value = card.get(name).and_then(Value::as_str).unwrap_or_default();
        // Printed to a terminal, so control characters and line breaks are dropped.
        value.chars().filter(|c| !c.is_control()).take(200).collect::<String>()
    };
    let page = page(client, repository);
    let name = match (text("license").as_str(), text("license_name")) {
        ("gemma", _) => "Gemma Terms of Use".to_owned(),
        ("" | "other", named) if !named.is_empty() => named,
        ("", _) => "licence named on its page".to_owned(),
        (id, _) => format!("licence {id:?}"),
    };
    let link = text("license_link");
    let url = match name.as_str() {
        "Gemma Terms of Use" => "https://ai.google.dev/gemma/terms".to_owned(),
        _ if link.starts_with("https://") => link,
        _ => page.clone(),
    };
    let notice =
        format!("{repository} is published under the {name}: {url}\nModel page with the intended uses: {page}");
    Licence { name, url, notice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sibling(name: &str) -> Sibling {
        Sibling { rfilename: name.to_owned(), size: Some(5), blob: Some("a".repeat(40)), lfs: None }
    }

    fn chosen(names: &[&str], wanted: Option<&str>) -> Result<Vec<String>, String> {
        let siblings: Vec<Sibling> = names.iter().map(|name| sibling(name)).collect();
        match choose(&siblings, wanted, "o/n") {
            Ok(files) => Ok(files.into_iter().map(|file| file.name).collect()),
            Err(Choice::Nothing(why) | Choice::Nonsense(why)) => Err(why),
        }
    }

    #[test]
    fn only_what_a_model_needs_is_chosen() {
        let published = ["README.md", "config.json", "model.safetensors", "tokenizer.json"];
        let more =
            ["pytorch_model.bin", "training_args.pt", "../../evil", "onnx/model.onnx", "adapter.safetensors", "x.gguf"];
        let all = [&published[..], &more[..]].concat();
        assert_eq!(chosen(&all, None).unwrap(), published);
        let shards = ["config.json", INDEX, "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        assert_eq!(chosen(&[&shards[..], &["model/../x.safetensors"]].concat(), None).unwrap(), shards);
        assert_eq!(chosen(&["a.gguf", "README.md", "config.json"], None).unwrap(), ["a.gguf", "README.md"]);
        assert_eq!(chosen(&["a.gguf", "b.gguf", "LICENSE"], Some("b.gguf")).unwrap(), ["b.gguf", "LICENSE"]);
        for (names, wanted, why) in [
            (&["README.md"][..], None, "no weights"),
            (&["config.json", "pytorch_model.bin"], None, "no weights"),
            (&["model.safetensors"], None, "config.json is missing"),
            (&["a.gguf", "b.gguf"], None, "--file: a.gguf, b.gguf"),
            (&["a.gguf"], Some("c.gguf"), "no GGUF file"),
            (&["a.gguf", "evil.bin"], Some("evil.bin"), "no GGUF file"),
            (&["../a.gguf"], Some("../a.gguf"), "no GGUF file"),
            (&["config.json", "model.safetensors", "config.json"], None, "twice"),
        ] {
            let error = chosen(names, wanted).unwrap_err();
            assert!(error.contains(why), "{names:?}: {error}");
        }
    }

    #[test]
    fn files_without_a_hash_or_a_length_are_refused() {
        let good = || sibling("config.json");
        assert!(checked(&good()).is_ok());
        for bad in [
            Sibling { blob: None, ..good() },
            Sibling { blob: Some("zz".to_owned()), ..good() },
            Sibling { size: None, ..good() },
            Sibling { size: Some(u64::MAX), ..good() },
            Sibling { lfs: Some(Lfs { sha256: "a".repeat(40), size: None }), ..good() },
        ] {
            assert!(matches!(checked(&bad), Err(Choice::Nonsense(_))));
        }
    }

    #[test]
    fn repositories_have_an_owner_and_a_name() {
        for (name, good) in [
            ("google/t5gemma-2-270m-270m", true),
            ("a/b.c_d", true),
            ("google", false),
            ("a/b/c", false),
            ("../b", false),
            ("a/..", false),
            ("a/b?x", false),
            ("a/", false),
            ("a/b%2f", false),
        ] {
            assert_eq!(is_repository(name), good, "{name}");
        }
    }
}
