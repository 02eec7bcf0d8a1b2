//! The library as it lies on disk, kept by the thread that keeps it for the window.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::services::library::{FileStatus, HitLocation, LibraryCommand, LibraryEvent, LibraryService as _, StoredItem};
use app::services::library::{LibraryThread, StoredFormats};
use app::window::saved::{conversation_texts, merged_session};
use engine::document::file_hash;
use engine::store::Directories;
use engine::store::encodings::{About, EncodingStore, Entry, EntryKind, KeyHasher};
use engine::store::library::{KeptText, Library, Record, TextPage};

use crate::scripted::HASH;

const OTHER: &str = "7777777777777777777777777777777777777777777777777777777777777777";

pub(crate) fn library(home: &Path) -> LibraryThread {
    let formats = StoredFormats { conversation_texts, merged_session };
    LibraryThread::spawn(Some(Directories::under(home)), formats, Arc::new(|| ())).unwrap()
}

/// Events until one is the last that is waited for.
fn events(library: &mut LibraryThread, is_last: impl Fn(&LibraryEvent) -> bool) -> Vec<LibraryEvent> {
    let start = Instant::now();
    let mut events = Vec::new();
    while start.elapsed() < Duration::from_secs(60) {
        match library.try_recv() {
            Some(event) => {
                let ends = is_last(&event);
                events.push(event);
                if ends {
                    return events;
                }
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    panic!("waited too long after {events:?}")
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Keeps what is made from a report: its text, its conversation, and an encoding of each kind.
fn fill(home: &Path, library: &mut LibraryThread, hash: &str) {
    let directories = Directories::under(home);
    let page = |number, text: &str| TextPage { number, label: None, text: text.into() };
    let pages = vec![page(1, "Net receipts rose"), page(2, "Outlays fell")];
    Library::new(&directories).keep_text(hash, &KeptText { pages }).unwrap();
    let talk = br#"{"turns":[{"question":"Why?","answer":"Outlays"},{"question":"Receipts?","answer":"They rose"}]}"#;
    library.send(LibraryCommand::SaveConversation { hash: hash.into(), bytes: talk.to_vec() });
    let store = EncodingStore::new(&directories, Some(1 << 20));
    let about = About::now("report.pdf", hash, "small");
    for kind in [EntryKind::Window, EntryKind::Vision, EntryKind::Pages] {
        let (states, scalars) = (vec![1; 8 * 4 * 2], vec![1; 8 * 4]);
        let entry = Entry { about: &about, content: &[1; 16], rows: 8, columns: 4, states: &states, scalars: &scalars };
        store.put(kind, &KeyHasher::new(hash).finish(), &entry).unwrap();
    }
}

#[test]
fn what_is_removed_leaves_nothing_on_disk_and_others_everything() {
    let home = tempfile::tempdir().unwrap();
    let mut library = library(home.path());
    library.send(LibraryCommand::Save(Record::Desk, b"{}".to_vec()));
    fill(home.path(), &mut library, OTHER);
    library.send(LibraryCommand::OpenConversation(OTHER.into()));
    events(&mut library, |event| matches!(event, LibraryEvent::Conversation { .. }));
    let is_lock = |path: &PathBuf| path.file_name().is_some_and(|name| name == ".lock");
    let unlocked = |folder: &Path| files(folder).into_iter().filter(|path| !is_lock(path)).collect::<Vec<_>>();
    let before = unlocked(home.path());
    fill(home.path(), &mut library, HASH);
    library.send(LibraryCommand::OpenConversation(HASH.into()));
    events(&mut library, |event| matches!(event, LibraryEvent::Conversation { bytes: Some(_), .. }));
    assert_eq!(unlocked(home.path()).len(), before.len() + 5);
    library.send(LibraryCommand::Remove(HASH.into()));
    drop(library);
    assert_eq!(unlocked(home.path()), before);
    assert!(!home.path().join("data/library-v1/reports").join(HASH).exists());
}

#[test]
fn words_are_found_in_reports_and_conversations_whatever_else_is_done_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    let mut library = library(home.path());
    for hash in [HASH, OTHER] {
        fill(home.path(), &mut library, hash);
    }
    let reports = vec![HASH.to_owned(), OTHER.to_owned()];
    library.send(LibraryCommand::Search { query: "receipts".into(), reports: reports.clone() });
    library.send(LibraryCommand::Save(Record::Desk, b"{}".to_vec()));
    library.send(LibraryCommand::CheckFiles(vec![(HASH.into(), home.path().join("gone.pdf"))]));
    let found = events(&mut library, |event| matches!(event, LibraryEvent::Found { is_last: true, .. }));
    let places: Vec<(String, HitLocation)> = found
        .into_iter()
        .filter_map(|event| match event {
            LibraryEvent::Found { hits, .. } => Some(hits),
            _ => None,
        })
        .flatten()
        .map(|hit| (hit.hash, hit.place))
        .collect();
    let expected: Vec<(String, HitLocation)> = reports
        .into_iter()
        .flat_map(|hash| [(hash.clone(), HitLocation::Turn(1)), (hash, HitLocation::Page(1))])
        .collect();
    assert_eq!(places, expected);
}

#[test]
fn files_that_were_moved_changed_or_deleted_are_noticed() {
    let home = tempfile::tempdir().unwrap();
    let mut library = library(home.path());
    let paths: Vec<PathBuf> =
        ["here.txt", "changed.txt", "gone.txt"].iter().map(|name| home.path().join(name)).collect();
    let reports: Vec<(String, PathBuf)> = paths
        .iter()
        .map(|path| {
            std::fs::write(path, format!("Receipts rose {}", path.display())).unwrap();
            (file_hash(path).unwrap(), path.clone())
        })
        .collect();
    let mut look = |expected: [FileStatus; 3]| {
        library.send(LibraryCommand::CheckFiles(reports.clone()));
        let mut stands = Vec::new();
        while stands.len() < 3 {
            let is_standing = |event: &LibraryEvent| matches!(event, LibraryEvent::Statuses(_));
            if let Some(LibraryEvent::Statuses(more)) = events(&mut library, is_standing).pop() {
                stands.extend(more.into_iter().map(|standing| standing.file));
            }
        }
        assert_eq!(stands, expected);
    };
    look([FileStatus::Here; 3]);
    std::fs::write(&paths[1], "Receipts fell").unwrap();
    std::fs::rename(&paths[2], home.path().join("moved.txt")).unwrap();
    look([FileStatus::Here, FileStatus::Changed, FileStatus::Gone]);
    std::fs::rename(home.path().join("moved.txt"), &paths[2]).unwrap();
    look([FileStatus::Here, FileStatus::Changed, FileStatus::Here]);
}

/// A stored session with these reports, each with the time when it was opened.
fn session_of(reports: &[(&str, u64)], open: &[&str]) -> Vec<u8> {
    let reports: Vec<String> = reports
        .iter()
        .map(|(hash, secs)| format!(r#"{{"hash":"{hash}","path":"/reports/{hash}.pdf","opened_secs":{secs}}}"#))
        .collect();
    format!(r#"{{"reports":[{}],"open":{open:?}}}"#, reports.join(",")).into_bytes()
}

/// The stored session: hashes of its reports, and of those that are open.
fn stored(home: &Path) -> (Vec<String>, Vec<String>) {
    let bytes = Library::new(&Directories::under(home)).record(Record::Desk).unwrap().unwrap();
    let session: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let reports = session["reports"].as_array().unwrap().iter().map(|report| text(&report["hash"])).collect();
    (reports, session["open"].as_array().unwrap().iter().map(text).collect())
}

/// Saves a session, and waits until it is written.
fn save(library: &mut LibraryThread, session: Vec<u8>) {
    library.send(LibraryCommand::Save(Record::Desk, session));
    library.send(LibraryCommand::OpenConversation(HASH.into()));
    let events = events(library, |event| matches!(event, LibraryEvent::Conversation { .. }));
    assert_eq!(events.len(), 1, "{events:?}");
}

#[test]
fn two_windows_that_save_lose_nothing_of_each_other() {
    let home = tempfile::tempdir().unwrap();
    let mut first = library(home.path());
    assert_eq!(first.load(Record::Desk), None);
    save(&mut first, session_of(&[("a", 10)], &["a"]));
    let mut second = library(home.path());
    second.load(Record::Desk).unwrap();
    save(&mut first, session_of(&[("b", 20), ("a", 10)], &["a", "b"]));
    save(&mut second, session_of(&[("c", 30), ("a", 10)], &["a", "c"]));
    assert_eq!(stored(home.path()), (names(&["c", "b", "a"]), names(&["a", "c", "b"])));
    // The first window goes on without having seen what the second one saved.
    save(&mut first, session_of(&[("a", 40), ("b", 20)], &["b"]));
    assert_eq!(stored(home.path()), (names(&["a", "c", "b"]), names(&["b", "c"])));
    // What one window removes does not come back by the other one.
    save(&mut second, session_of(&[("a", 10)], &["a"]));
    save(&mut first, session_of(&[("a", 40), ("b", 20)], &["b"]));
    assert_eq!(stored(home.path()).0, names(&["a", "b"]));
    let mut third = library(home.path());
    third.load(Record::Desk).unwrap();
    save(&mut third, session_of(&[("a", 40)], &[]));
    save(&mut first, session_of(&[("a", 40), ("b", 20)], &["a"]));
    assert_eq!(stored(home.path()).0, names(&["a"]));
    // Unless it is opened once more.
    save(&mut first, session_of(&[("b", 50), ("a", 40)], &["a", "b"]));
    save(&mut third, session_of(&[("a", 40)], &["a"]));
    assert_eq!(stored(home.path()).0, names(&["b", "a"]));
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn what_cannot_be_read_is_set_aside_and_that_is_said() {
    let home = tempfile::tempdir().unwrap();
    let store = Library::new(&Directories::under(home.path()));
    let folder = home.path().join("data/library-v1");
    let hint = |events: &[LibraryEvent]| match events {
        [LibraryEvent::Failed(report)] => report.hint.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    store.keep_record(Record::Desk, b"").unwrap();
    let mut library = library(home.path());
    assert_eq!(library.load(Record::Desk), None);
    let told = hint(&events(&mut library, |_| true));
    assert!(told.ends_with("library-v1/damaged-desk.json"), "{told}");
    assert_eq!(std::fs::read(folder.join("damaged-desk.json")).unwrap(), b"");
    for (item, place) in [
        (StoredItem::Record(Record::Desk), "damaged-2-desk.json".to_owned()),
        (StoredItem::Conversation(HASH.into()), format!("reports/{HASH}/damaged-conversation.json")),
    ] {
        let message = Some("some saved reports could not be read".to_owned());
        library.send(LibraryCommand::SetAside { item, bytes: b"{}".to_vec(), message });
        let told = hint(&events(&mut library, |_| true));
        assert!(told.ends_with(&place), "{told}");
        assert_eq!(std::fs::read(folder.join(place)).unwrap(), b"{}");
    }
}
