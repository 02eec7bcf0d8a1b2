//! What is read of a document that needs a password is not written to disk in any form.

use std::path::Path;

use engine::document::file_hash;
use engine::protocol::{Source, WindowOrigin};
use engine::store::Directories;
use engine::store::encodings::{About, EncodingStore, Entry, EntryKind, KeyHasher};

use crate::documents::pdf_bytes::encrypted_pdf;
use crate::reading_model::{ask, engine_with, pages, read, write_model, write_report};

const WORDS: &str = "Zanzibar receipts were 4711 million";
const QUESTION: &str = "How large were receipts?";

/// Files below a folder that contain these bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn stored(home: &Path) -> Vec<EntryKind> {
    let kept = EncodingStore::new(&Directories::under(home), None).list().unwrap();
    kept.files.into_iter().map(|file| file.kind).collect()
}

#[test]
fn nothing_of_a_document_with_a_password_is_stored() {
    let (home, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let model = write_model(&files.path().join("model"), |_| ());
    let path = files.path().join("locked.pdf");
    std::fs::write(&path, encrypted_pdf(WORDS, b"secret")).unwrap();
    // What an earlier version stored of it goes.
    let (directories, hash) = (Directories::under(home.path()), file_hash(&path).unwrap());
    let about = About::now("locked.pdf", &hash, "small");
    let old = Entry { about: &about, content: WORDS.as_bytes(), rows: 0, columns: 0, states: &[], scalars: &[] };
    let key = KeyHasher::new("old").finish();
    EncodingStore::new(&directories, Some(1 << 20)).put(EntryKind::Pages, &key, &old).unwrap();
    assert_eq!(holding(home.path(), b"Zanzibar").len(), 1);

    let keeps_texts = |options| engine::worker::EngineOptions { keeps_texts: true, ..options };
    let engine = engine_with(home.path(), keeps_texts);
    let locked = Source { path, password: Some("secret".into()) };
    let (map, _) = read(&engine, &model, &locked);
    assert!(map.encoded && !map.windows.is_empty());
    assert!(map.windows.iter().all(|window| window.origin == WindowOrigin::Encoded));
    let (answer, _) = ask(&engine, &model, &locked, QUESTION);
    assert!(answer.cost.encoded_tokens > 0);
    assert_eq!(answer.cost.kept_tokens, answer.cost.encoded_tokens, "the windows are still in memory");
    assert_eq!(stored(home.path()), []);
    for word in WORDS.split(' ').filter(|word| word.len() > 3) {
        assert_eq!(holding(home.path(), word.as_bytes()), [""; 0], "{word}");
    }
    assert!(!home.path().join("data/library-v1/reports").exists());

    // Other documents are stored as usual, also beside it.
    let plain = write_report(&files.path().join("plain.txt"), &pages(3));
    read(&engine, &model, &plain);
    let kinds = stored(home.path());
    assert!(kinds.contains(&EntryKind::Window) && kinds.contains(&EntryKind::Pages), "{kinds:?}");
    let (again, _) = read(&engine, &model, &locked);
    assert!(again.windows.iter().all(|window| window.origin == WindowOrigin::Encoded), "it is read again");
    assert_eq!(stored(home.path()).len(), kinds.len());
}
