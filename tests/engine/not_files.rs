//! Named pipes wherever a file is expected: each is refused at once, in one clear line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use engine::document::{DocumentError, OpenOptions, file_hash, open};
use engine::hub::{Catalogue, plan_addition};
use engine::prompt::Tokenizer;
use engine::store::encodings::{About, EncodingStore, Entry, EntryKind, KeyHasher, Put};
use engine::store::library::{Library, Record};
use engine::store::models::{AdapterFiles, ModelStore};
use engine::store::{Directories, FileLock};
use engine::weights::Weights;
use engine::weights::gguf::GgufModel;
use recto_tests::fixture;

use crate::checkpoints;

/// Long enough for a slow computer; a pipe that is waited for never ends.
const LIMIT: Duration = Duration::from_secs(60);

fn pipe(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// What `work` says, provided that it ends.
fn in_time<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    std::thread::Builder::new().spawn(move || sender.send(work())).unwrap();
    receiver.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{what}: waits for a pipe"))
}

fn refused<T, E: std::fmt::Display>(outcome: Result<T, E>) -> String {
    outcome.err().map_or_else(|| "no error".to_owned(), |error| error.to_string())
}

#[test]
fn documents() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["report.pdf", "figure.png", "scan.tiff", "notes.txt", "notes.md"] {
        let path = pipe(folder.path(), name);
        let error = in_time(name, move || open(&path, OpenOptions::default()).map(|_| ()).unwrap_err());
        assert!(matches!(error, DocumentError::NotAFile { .. }), "{name}: {error}");
        let path = folder.path().join(name);
        let error = in_time(name, move || file_hash(&path).unwrap_err());
        assert!(matches!(error, DocumentError::NotAFile { .. }), "{name}: {error}");
    }
}

#[test]
fn files_given_as_models() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["model.gguf", "part1.whl", "model.safetensors"] {
        let path = pipe(folder.path(), name);
        let said = in_time(name, move || {
            let catalogue = Catalogue::embedded().unwrap();
            refused(plan_addition(std::slice::from_ref(&path), None, &catalogue))
        });
        assert!(said.contains("named pipe"), "{name}: {said}");
    }
}

#[test]
fn files_in_a_model_folder() {
    let folder = tempfile::tempdir().unwrap();
    let index = "model.safetensors.index.json";
    for (name, expected) in [
        ("config.json", "config.json"),
        ("tokenizer.json", "tokenizer.json"),
        ("model.safetensors", "no weights"),
        (index, "no error"),
        ("recto.toml", "regular file"),
    ] {
        let model = checkpoints::t5(&folder.path().join(name.replace('.', "-")));
        pipe(&model, name);
        let at = model.clone();
        let said = in_time(name, move || {
            let catalogue = Catalogue::embedded().unwrap();
            refused(plan_addition(&[at], None, &catalogue))
        });
        assert!(said.contains(expected), "{name}: {said}");
        let root = folder.path().join("home");
        in_time(name, move || {
            let found = ModelStore::new(&Directories::under(&root)).find(model.to_str().unwrap());
            let _ = found.map(|found| found.fingerprint());
            let _ = Weights::source_in(&model);
        });
    }
}

#[test]
fn files_of_a_model_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let path = pipe(folder.path(), "model.gguf");
    let said = in_time("gguf", move || refused(GgufModel::open(&path)));
    assert!(said.contains("named pipe"), "{said}");
    let path = pipe(folder.path(), "tokenizer.json");
    let error = in_time("tokenizer", move || Tokenizer::from_file(&path).unwrap_err());
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("named pipe"), "{source}");
    pipe(folder.path(), "model.safetensors");
    let at = folder.path().to_owned();
    let said = in_time("weights", move || refused(Weights::source_in(&at).map(|_| ())));
    assert!(said.contains("model.safetensors"), "{said}");
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        let at = folder.path().join(name.replace('.', "-"));
        std::fs::create_dir(&at).unwrap();
        for file in ["adapter_config.json", "adapter_model.safetensors"] {
            std::fs::copy(fixture("lora/image").join(file), at.join(file)).unwrap();
        }
        pipe(&at, name);
        let said = in_time(name, move || refused(AdapterFiles::in_folder(&at)));
        assert!(said.contains("named pipe"), "{name}: {said}");
    }
}

#[test]
fn files_of_the_cache_and_the_library() {
    let home = tempfile::tempdir().unwrap();
    let directories = Directories::under(home.path());
    let key = KeyHasher::new("test").finish();
    let at = EncodingStore::new(&directories, Some(1 << 20)).path_of(EntryKind::Window, &key);
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    pipe(at.parent().unwrap(), at.file_name().unwrap().to_str().unwrap());
    let its = directories.clone();
    in_time("cache entry", move || {
        let store = EncodingStore::new(&its, Some(1 << 20));
        assert!(store.get(EntryKind::Window, &key).is_none());
        store.list().unwrap();
        let about = About::now("report.pdf", "00", "small");
        let entry = Entry { about: &about, content: b"c", rows: 2, columns: 2, states: &[1; 8], scalars: &[0; 8] };
        assert_eq!(store.put(EntryKind::Window, &key, &entry).unwrap(), Put::Kept);
        assert!(store.get(EntryKind::Window, &key).is_some(), "the pipe is replaced");
        store.clear().unwrap();
    });
    let library = Library::new(&directories);
    library.keep_record(Record::Desk, b"{}").unwrap();
    let desk = find(home.path(), "desk.json").unwrap();
    pipe(desk.parent().unwrap(), "desk.json");
    let said = in_time("desk.json", move || refused(library.record(Record::Desk)));
    assert!(said.contains("named pipe"), "{said}");
    let locked = home.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    pipe(&locked, ".lock");
    let said = in_time(".lock", move || refused(FileLock::of_folder(&locked)));
    assert!(said.contains("named pipe"), "{said}");
}

#[test]
fn on_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    let gguf = pipe(home.path(), "model.gguf");
    let pdf = pipe(home.path(), "report.pdf");
    let at = |path: &Path| path.to_str().unwrap().to_owned();
    for arguments in [
        vec!["models".to_owned(), "add".to_owned(), at(&gguf)],
        vec!["read".to_owned(), at(&pdf)],
        vec!["ask".to_owned(), "--model".to_owned(), at(&gguf), "Why?".to_owned(), at(&pdf)],
        vec!["read".to_owned(), at(&pdf), "--password-file".to_owned(), at(&pdf)],
    ] {
        let root = home.path().to_owned();
        let what = arguments.join(" ");
        let output = in_time(&what, move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_recto-under-test"));
            command.args(arguments).env("RECTO_HOME", root).stdin(Stdio::null()).output().unwrap()
        });
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("error:"), "{what}: {said}");
    }
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder).ok()?.find_map(|entry| {
        let path = entry.ok()?.path();
        if path.is_dir() { find(&path, name) } else { path.ends_with(name).then_some(path) }
    })
}
