//! Downloading a model from the hub: its files go to a folder that survives interruption, are verified one by one, then
//! checked as a model and installed.

use std::io::Read as _;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::checkpoint::{self, Checkpoint};
use super::download::{Stop, fetch_file};
use super::error::HubError;
use super::installed::{NOTICE_FILE, Pulled, already_there};
use super::listing::{Digest, HubFile, HubModel, HubRequest, explain, file_uri, look_up};
use super::net::Client;
use super::options::PullOptions;
use super::progress::{Meter, Progress, Stage};
use crate::cancel::CancelToken;
use crate::regular_file;
use crate::store::models::{About, Manifest, ModelStore, check_name, hash_file};
use crate::store::{Directories, PartialDownload, StoreError, StoreFolder, Wanted, are_on_one_disk, require_free};

/// How much of a file is hashed at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Looks up a repository on the hub: which model it has, its size and its licence. Nothing is downloaded.
///
/// # Errors
/// Returns any error of the network, the hub or the repository; [`HubError::Cancelled`] within a fraction of a second.
pub fn find_on_hub(request: &HubRequest, options: &PullOptions, cancel: &CancelToken) -> Result<HubModel, HubError> {
    look_up(&options.client()?, request, cancel)
}

/// Downloads a model that [`find_on_hub`] has found and installs it. A model that is already installed is verified instead.
/// After a cancellation, a kill or a network failure the next attempt resumes the download.
///
/// # Errors
/// Returns [`HubError::LicenceNotAccepted`] before anything is downloaded, then any error of the network, the disk, the
/// verification or the model's shape. Nothing is installed on error.
pub fn pull_from_hub(
    model: &HubModel,
    directories: &Directories,
    options: &PullOptions,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Pulled, HubError> {
    let name = options.name.as_deref().unwrap_or(model.default_name());
    check_name(name)?;
    let store = ModelStore::new(directories);
    match store.require_unused(name) {
        Ok(()) => {}
        Err(StoreError::AlreadyInstalled { .. }) => {
            let is_same = |manifest: &Manifest| is_of(manifest, model);
            return already_there(name, &is_same, &store, cancel, observe).map(Pulled::AlreadyThere);
        }
        Err(other) => return Err(other.into()),
    }
    if !options.licence_accepted {
        return Err(HubError::LicenceNotAccepted { name: name.to_owned(), licence: model.licence.line() });
    }
    let client = options.client()?;
    let family = model.repository.replace('/', "--");
    let partial = PartialDownload::open(directories, &family, &model.commit[..12])?;
    let needed_bytes = model.total_bytes().saturating_sub(partial.occupied_bytes());
    require_free(&StoreFolder::Downloads.path(directories), needed_bytes)?;
    // On the same disk files are moved into place, otherwise copied.
    if !are_on_one_disk(partial.folder(), store.root()) {
        require_free(store.root(), model.total_bytes())?;
    }
    let fetched = fetch_all(&client, model, &partial, cancel, observe);
    // Ends threads that still wait for a response.
    client.close();
    fetched?;
    let checked = match checkpoint::of_folder(partial.folder()) {
        Ok(checked) => checked,
        Err(error) => {
            // The same files would not be a model the next time either.
            partial.discard()?;
            return Err(of_repository(error, model));
        }
    };
    let (source, licence) = (source(model, &client), model.licence.line());
    let about = About { kind: checked.kind, source, licence, prompt: None };
    let manifest = install(model, name, &partial, &checked, &store, about, cancel, observe)?;
    partial.discard()?;
    Ok(Pulled::Installed(manifest))
}

fn fetch_all(
    client: &Client,
    model: &HubModel,
    partial: &PartialDownload,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<(), HubError> {
    let mut meter = Meter::new(Stage::Download, model.total_bytes(), observe);
    let mut before_bytes = 0;
    // Small files first: a bad configuration shows before gigabytes are downloaded.
    let mut files: Vec<&HubFile> = model.files.iter().collect();
    files.sort_by_key(|file| (file.bytes, &file.name));
    for file in files {
        if !partial.has(&file.name, file.bytes) {
            fetch_one(client, model, file, partial, cancel, &mut |bytes| meter.reach(before_bytes + bytes))?;
        }
        before_bytes += file.bytes;
        meter.reach(before_bytes);
    }
    Ok(())
}

fn fetch_one(
    client: &Client,
    model: &HubModel,
    file: &HubFile,
    partial: &PartialDownload,
    cancel: &CancelToken,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<(), HubError> {
    let uri = file_uri(client, model, &file.name)?;
    let piece_bytes = client.transfer().piece_bytes.max(1);
    let wanted = Wanted { bytes: file.bytes, digest: file.digest.hex().to_owned(), piece_bytes };
    let mut pieces = partial.begin(&file.name, wanted)?;
    match fetch_file(client, &uri, &mut pieces, cancel, on_bytes) {
        Ok(()) => {}
        Err(Stop::Store(error)) => return Err(error.into()),
        Err(Stop::Cancelled(cancelled)) => return Err(cancelled.into()),
        Err(Stop::Net(error)) => return Err(explain(&error, client, &uri, &model.repository, None)),
    }
    let found = digest(pieces.path(), &file.digest, cancel)?;
    if found != file.digest.hex() {
        drop(pieces);
        partial.discard_file(&file.name)?;
        let why = format!("the hash of {} is {found} instead of {}", file.name, file.digest.hex());
        return Err(HubError::Mismatch { name: model.repository.clone(), why });
    }
    Ok(pieces.finish()?)
}

/// Hashes a file as `kind` demands.
fn digest(path: &Path, kind: &Digest, cancel: &CancelToken) -> Result<String, HubError> {
    let mut file = regular_file::open(path).map_err(StoreError::read(path))?;
    let bytes = file.metadata().map_err(StoreError::read(path))?.len();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut sha256 = Sha256::new();
    let mut sha1 = Sha1::new();
    sha1.update(format!("blob {bytes}\0"));
    loop {
        cancel.check()?;
        let read = file.read(&mut chunk).map_err(StoreError::read(path))?;
        if read == 0 {
            break;
        }
        match kind {
            Digest::Sha256(_) => sha256.update(&chunk[..read]),
            Digest::GitBlob(_) => sha1.update(&chunk[..read]),
        }
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(match kind {
        Digest::Sha256(_) => hex(&sha256.finalize()),
        Digest::GitBlob(_) => hex(&sha1.finalize()),
    })
}

#[expect(clippy::too_many_arguments, reason = "each is a different thing, and there is one caller")]
fn install(
    model: &HubModel,
    name: &str,
    partial: &PartialDownload,
    checked: &Checkpoint,
    store: &ModelStore,
    about: About,
    cancel: &CancelToken,
    observe: &mut dyn FnMut(Progress),
) -> Result<Manifest, HubError> {
    let mut meter = Meter::new(Stage::Copy, model.total_bytes(), observe);
    let moves = are_on_one_disk(partial.folder(), store.root());
    let mut installation = store.install(name, if moves { 0 } else { model.total_bytes() })?;
    for file in &model.files {
        let from = partial.folder().join(&file.name);
        let sha256 = match &file.digest {
            Digest::Sha256(hex) => hex.clone(),
            Digest::GitBlob(_) => hash_file(&from, cancel, &mut |_| ())?,
        };
        let place = checked.files.iter().find(|(path, _)| *path == from).map_or(&file.name, |(_, name)| name);
        installation.take_file(place, &from, &sha256, cancel, &mut |bytes| meter.add(bytes))?;
    }
    if let Some(notice) = model.notice.as_ref().filter(|_| model.files.iter().all(|file| file.name != NOTICE_FILE)) {
        installation.add_bytes(NOTICE_FILE, notice.as_bytes())?;
    }
    Ok(installation.finish(about)?)
}

/// Replaces local paths in an error by the names of the files on the hub.
fn of_repository(error: HubError, model: &HubModel) -> HubError {
    let named = |path: &Path| {
        let file = path.file_name().filter(|name| model.files.iter().any(|file| **name == *file.name));
        file.map_or_else(|| Path::new(&model.repository).to_owned(), |name| Path::new(&model.repository).join(name))
    };
    match error {
        HubError::Refused { path, why } => HubError::Refused { path: named(&path), why },
        HubError::Gguf { path, source } => HubError::Gguf { path: named(&path), source },
        other => other,
    }
}

/// The origin of a model, as recorded in its manifest.
fn source(model: &HubModel, client: &Client) -> String {
    let address = client.endpoint().address();
    let host = address.split_once("://").map_or(address, |(_, host)| host);
    format!("{} at {} from {host}", model.repository, model.commit)
}

fn is_of(manifest: &Manifest, model: &HubModel) -> bool {
    manifest.source.starts_with(&format!("{} at ", model.repository))
}
