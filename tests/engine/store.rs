//! Models on disk: installed whole or not at all, checked, removed, and never mixed up with what others put there.

use std::fs::File;
use std::path::Path;

use engine::cancel::CancelToken;
use engine::diagnostic::Hint as _;
use engine::store::models::{About, FaultKind, ModelFiles, ModelKind, ModelState, ModelStore};
use engine::store::{Directories, StoreError, output};

fn store(root: &Path) -> ModelStore {
    ModelStore::new(&Directories::under(root))
}

fn install(store: &ModelStore, name: &str, kind: ModelKind) {
    let mut installation = store.install(name, 1).unwrap();
    if kind == ModelKind::Gemma3Gguf {
        installation.add_bytes("model.gguf", b"weights").unwrap();
    } else {
        installation.add_bytes("config.json", br#"{"model_type": "t5gemma2"}"#).unwrap();
        installation.add_bytes("model.safetensors", b"weights").unwrap();
    }
    let about = About { kind, source: "a test".to_owned(), licence: "none".to_owned(), prompt: None };
    installation.finish(about).unwrap();
}

fn verify(store: &ModelStore, name: &str) -> Vec<(String, FaultKind)> {
    let faults = store.verify(name, &CancelToken::default(), &mut |_| ()).unwrap();
    faults.into_iter().map(|fault| (fault.file, fault.kind)).collect()
}

#[test]
fn an_installed_model_is_listed_found_verified_and_removed() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    assert_eq!(store.list().unwrap(), []);
    assert!(!store.root().exists(), "looking makes nothing");
    install(&store, "small", ModelKind::Gemma3Gguf);
    assert_eq!(store.list().unwrap().len(), 1);
    let found = store.find("small").unwrap();
    assert_eq!(found.files, ModelFiles::Gguf(store.root().join("small/model.gguf")));
    assert_eq!(found.manifest.unwrap().total_bytes(), 7);
    assert_eq!(verify(&store, "small"), []);
    store.remove("small").unwrap();
    assert_eq!(store.list().unwrap(), []);
    assert!(matches!(store.find("small"), Err(StoreError::NotInstalled { .. })));
}

#[test]
fn an_installation_that_is_given_up_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    let mut installation = store.install("small", 1).unwrap();
    installation.add_bytes("model.gguf", b"weights").unwrap();
    assert_eq!(store.list().unwrap(), [], "not there before it is finished");
    drop(installation);
    install(&store, "small", ModelKind::Gemma3Gguf);
    assert_eq!(store.list().unwrap().len(), 1);
}

#[test]
fn what_a_killed_installation_left_is_removed_at_the_next_look() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    install(&store, "small", ModelKind::Gemma3Gguf);
    let leftover = |name: &str| {
        let folder = store.root().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("model.gguf"), b"half of the weights").unwrap();
        folder
    };
    let (adding, removing, own) =
        (leftover(".adding-small-Xy12"), leftover(".removing-old"), leftover("of somebody else"));
    let installation = store.install("other", 1).unwrap();
    let in_progress = installation.folder().to_owned();
    assert!(!adding.exists() && !removing.exists(), "an installation removes them");
    let adding = leftover(".adding-small-Xy12");
    store.list().unwrap();
    assert!(adding.exists() && in_progress.exists(), "while one is in progress, nothing is removed");
    drop(installation);
    assert_eq!(store.list().unwrap().len(), 2);
    assert!(!adding.exists() && own.exists());
}

#[test]
fn copying_stops_when_cancelled() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    let mut installation = store.install("small", 1).unwrap();
    let cancel = CancelToken::default();
    cancel.cancel();
    let mut staged = installation.create_file("model.gguf").unwrap();
    let stopped = staged.copy(&mut std::io::repeat(0), Path::new("endless"), &cancel, &mut |_| ());
    assert!(matches!(stopped, Err(StoreError::Cancelled(_))));
}

#[test]
fn two_installations_at_once_do_not_mix() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    let first = store.install("first", 1).unwrap();
    let second = store.install("second", 1).unwrap_err();
    assert!(matches!(second, StoreError::Busy { .. }), "{second}");
    drop(first);
    store.install("second", 1).unwrap();
}

#[test]
#[cfg(unix)]
fn a_model_larger_than_the_disk_is_refused_at_once() {
    let root = tempfile::tempdir().unwrap();
    let error = store(root.path()).install("huge", u64::MAX).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn verify_names_exactly_what_differs() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    install(&store, "small", ModelKind::T5Gemma2);
    let weights = store.root().join("small/model.safetensors");
    let fault = |kind| vec![("model.safetensors".to_owned(), kind)];
    std::fs::write(&weights, b"WEIGHTS").unwrap();
    assert_eq!(verify(&store, "small"), fault(FaultKind::Changed));
    std::fs::write(&weights, b"weigh").unwrap();
    assert_eq!(verify(&store, "small"), fault(FaultKind::Truncated { expected_bytes: 7, found_bytes: 5 }));
    std::fs::write(&weights, b"weights and more").unwrap();
    assert_eq!(verify(&store, "small"), fault(FaultKind::Grown { expected_bytes: 7, found_bytes: 16 }));
    std::fs::remove_file(&weights).unwrap();
    assert_eq!(verify(&store, "small"), fault(FaultKind::Missing));
}

#[test]
fn a_damaged_model_is_named_and_not_run() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    install(&store, "small", ModelKind::Gemma3Gguf);
    let weights = store.root().join("small/model.gguf");
    File::options().write(true).open(&weights).unwrap().set_len(3).unwrap();
    assert!(matches!(store.list().unwrap()[0].state, ModelState::Damaged(..)));
    for error in [store.find("small").unwrap_err(), store.default_model().unwrap_err()] {
        assert_eq!(error.to_string(), "the model `small` is damaged: model.gguf is truncated: 3 of 7 bytes");
    }
    assert!(weights.exists(), "it is not deleted");
    store.remove("small").unwrap();
}

#[test]
fn what_others_put_there_is_named_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    install(&store, "ours", ModelKind::Gemma3Gguf);
    let theirs = store.root().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("model.gguf"), b"half a model").unwrap();
    std::fs::write(store.root().join("stray"), b"").unwrap();
    for name in ["theirs", "stray"] {
        let listed = store.list().unwrap().into_iter().find(|model| model.name == name).unwrap();
        assert!(matches!(listed.state, ModelState::Foreign(_)), "{name}");
        assert!(matches!(store.find(name), Err(StoreError::Foreign { .. })), "{name}");
        assert!(matches!(store.remove(name), Err(StoreError::Foreign { .. })), "{name}");
        assert!(matches!(store.install(name, 1), Err(StoreError::Foreign { .. })), "{name}");
    }
    assert_eq!(store.default_model().unwrap().name, "ours");
    assert!(theirs.join("model.gguf").exists());
}

#[test]
#[cfg(unix)]
fn a_link_is_not_an_installed_model() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    install(&store, "real", ModelKind::Gemma3Gguf);
    std::os::unix::fs::symlink(store.root().join("real"), store.root().join("link")).unwrap();
    assert!(matches!(store.remove("link"), Err(StoreError::Foreign { .. })));
    assert_eq!(verify(&store, "real"), []);
}

#[test]
fn only_names_can_be_removed() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    install(&store, "small", ModelKind::Gemma3Gguf);
    let path = store.root().join("small");
    for name in [path.to_str().unwrap(), "../models-v1/small", "./small", "small/", "..", ""] {
        assert!(matches!(store.remove(name), Err(StoreError::BadName { .. })), "{name:?}");
    }
    assert_eq!(verify(&store, "small"), []);
}

#[test]
fn a_path_finds_a_model_that_is_not_installed() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    let folder = root.path().join("stick/t5");
    std::fs::create_dir_all(&folder).unwrap();
    let missing = store.find(folder.to_str().unwrap()).unwrap_err();
    assert!(matches!(missing, StoreError::NoModelAt { .. }), "{missing}");
    std::fs::write(folder.join("config.json"), br#"{"model_type": "t5gemma2"}"#).unwrap();
    std::fs::write(folder.join("model.safetensors"), b"weights").unwrap();
    let found = store.find(folder.to_str().unwrap()).unwrap();
    assert_eq!((found.name.as_str(), found.kind, found.manifest), ("t5", ModelKind::T5Gemma2, None));
    std::fs::write(folder.join("other.gguf"), b"weights").unwrap();
    let file = store.find(folder.join("other.gguf").to_str().unwrap()).unwrap();
    assert_eq!((file.name.as_str(), file.kind), ("other", ModelKind::Gemma3Gguf));
    assert!(matches!(store.find("./nowhere"), Err(StoreError::NoModelAt { .. })));
}

#[test]
fn the_default_has_eyes_where_any_has() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    assert!(matches!(store.default_model(), Err(StoreError::NothingInstalled)));
    install(&store, "with-eyes", ModelKind::T5Gemma2);
    install(&store, "newer", ModelKind::Gemma3Gguf);
    assert_eq!(store.default_model().unwrap().name, "with-eyes");
}

#[test]
fn output_is_written_where_the_user_says() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("figures/of/report");
    output::create_folder(&folder).unwrap();
    output::write_file(&folder.join("1.png"), b"pixels").unwrap();
    assert_eq!(std::fs::read(folder.join("1.png")).unwrap(), b"pixels");
    let error = output::write_file(&root.path().join("missing/1.png"), b"pixels").unwrap_err();
    assert!(error.to_string().contains("missing") && error.hint().is_some(), "{error}");
}
