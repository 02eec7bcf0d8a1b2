//! The library as it lies on disk, kept by the thread that keeps it for the window.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::services::library::LibraryThread;
use app::services::library::{FileStatus, HitLocation, LibraryCommand, LibraryEvent, LibraryService as _};
use app::window::saved::conversation_texts;
use engine::document::file_hash;
use engine::store::Directories;
use engine::store::encodings::{About, EncodingStore, Entry, EntryKind, KeyHasher};
use engine::store::library::{KeptText, Library, Record, TextPage};

use crate::scripted::HASH;

const OTHER: &str = "7777777777777777777777777777777777777777777777777777777777777777";

pub(crate) fn library(home: &Path) -> LibraryThread {
    LibraryThread::spawn(Some(Directories::under(home)), conversation_texts, Arc::new(|| ())).unwrap()
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
    let before = files(home.path());
    fill(home.path(), &mut library, HASH);
    library.send(LibraryCommand::OpenConversation(HASH.into()));
    events(&mut library, |event| matches!(event, LibraryEvent::Conversation { bytes: Some(_), .. }));
    assert_eq!(files(home.path()).len(), before.len() + 5);
    library.send(LibraryCommand::Remove(HASH.into()));
    drop(library);
    let after: Vec<PathBuf> =
        files(home.path()).into_iter().filter(|path| path.file_name().is_none_or(|name| name != ".lock")).collect();
    assert_eq!(after, before);
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
