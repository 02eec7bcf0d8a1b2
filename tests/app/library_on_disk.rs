//! The library as it lies on disk, kept by the thread that keeps it for the window.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::cli::RunningLibrarian;
use app::window::{FileStanding, HitPlace, Librarian as _, LibraryCommand, LibraryEvent};
use engine::document::file_hash;
use engine::store::Directories;
use engine::store::encodings::{About, EncodingStore, Entry, EntryKind, KeyHasher};
use engine::store::library::{KeptText, Library, Record, TextPage};

use crate::scripted::HASH;

const OTHER: &str = "7777777777777777777777777777777777777777777777777777777777777777";

pub(crate) fn librarian(home: &Path) -> RunningLibrarian {
    RunningLibrarian::spawn(Some(Directories::under(home)), Arc::new(|| ())).unwrap()
}

/// Events until one is the last that is waited for.
fn events(librarian: &mut RunningLibrarian, is_last: impl Fn(&LibraryEvent) -> bool) -> Vec<LibraryEvent> {
    let start = Instant::now();
    let mut events = Vec::new();
    while start.elapsed() < Duration::from_secs(60) {
        match librarian.try_recv() {
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
fn fill(home: &Path, librarian: &mut RunningLibrarian, hash: &str) {
    let directories = Directories::under(home);
    let page = |number, text: &str| TextPage { number, label: None, text: text.into() };
    let pages = vec![page(1, "Net receipts rose"), page(2, "Outlays fell")];
    Library::new(&directories).keep_text(hash, &KeptText { pages }).unwrap();
    let talk = br#"{"turns":[{"question":"Why?","answer":"Outlays"},{"question":"Receipts?","answer":"They rose"}]}"#;
    librarian.send(LibraryCommand::KeepConversation { hash: hash.into(), bytes: talk.to_vec() });
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
    let mut librarian = librarian(home.path());
    librarian.send(LibraryCommand::Keep(Record::Desk, b"{}".to_vec()));
    fill(home.path(), &mut librarian, OTHER);
    librarian.send(LibraryCommand::OpenConversation(OTHER.into()));
    events(&mut librarian, |event| matches!(event, LibraryEvent::Conversation { .. }));
    let before = files(home.path());
    fill(home.path(), &mut librarian, HASH);
    librarian.send(LibraryCommand::OpenConversation(HASH.into()));
    events(&mut librarian, |event| matches!(event, LibraryEvent::Conversation { bytes: Some(_), .. }));
    assert_eq!(files(home.path()).len(), before.len() + 5);
    librarian.send(LibraryCommand::Remove(HASH.into()));
    drop(librarian);
    let after: Vec<PathBuf> =
        files(home.path()).into_iter().filter(|path| path.file_name().is_none_or(|name| name != ".lock")).collect();
    assert_eq!(after, before);
    assert!(!home.path().join("data/library-v1/reports").join(HASH).exists());
}

#[test]
fn words_are_found_in_reports_and_conversations_whatever_else_is_done_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    let mut librarian = librarian(home.path());
    for hash in [HASH, OTHER] {
        fill(home.path(), &mut librarian, hash);
    }
    let reports = vec![HASH.to_owned(), OTHER.to_owned()];
    librarian.send(LibraryCommand::Search { query: "receipts".into(), reports: reports.clone() });
    librarian.send(LibraryCommand::Keep(Record::Desk, b"{}".to_vec()));
    librarian.send(LibraryCommand::Look(vec![(HASH.into(), home.path().join("gone.pdf"))]));
    let found = events(&mut librarian, |event| matches!(event, LibraryEvent::Found { is_last: true, .. }));
    let places: Vec<(String, HitPlace)> = found
        .into_iter()
        .filter_map(|event| match event {
            LibraryEvent::Found { hits, .. } => Some(hits),
            _ => None,
        })
        .flatten()
        .map(|hit| (hit.hash, hit.place))
        .collect();
    let expected: Vec<(String, HitPlace)> =
        reports.into_iter().flat_map(|hash| [(hash.clone(), HitPlace::Turn(1)), (hash, HitPlace::Page(1))]).collect();
    assert_eq!(places, expected);
}

#[test]
fn files_that_were_moved_changed_or_deleted_are_noticed() {
    let home = tempfile::tempdir().unwrap();
    let mut librarian = librarian(home.path());
    let paths: Vec<PathBuf> =
        ["here.txt", "changed.txt", "gone.txt"].iter().map(|name| home.path().join(name)).collect();
    let reports: Vec<(String, PathBuf)> = paths
        .iter()
        .map(|path| {
            std::fs::write(path, format!("Receipts rose {}", path.display())).unwrap();
            (file_hash(path).unwrap(), path.clone())
        })
        .collect();
    let mut look = |expected: [FileStanding; 3]| {
        librarian.send(LibraryCommand::Look(reports.clone()));
        let mut stands = Vec::new();
        while stands.len() < 3 {
            let is_standing = |event: &LibraryEvent| matches!(event, LibraryEvent::Stands(_));
            if let Some(LibraryEvent::Stands(more)) = events(&mut librarian, is_standing).pop() {
                stands.extend(more.into_iter().map(|standing| standing.file));
            }
        }
        assert_eq!(stands, expected);
    };
    look([FileStanding::Here; 3]);
    std::fs::write(&paths[1], "Receipts fell").unwrap();
    std::fs::rename(&paths[2], home.path().join("moved.txt")).unwrap();
    look([FileStanding::Here, FileStanding::Changed, FileStanding::Gone]);
    std::fs::rename(home.path().join("moved.txt"), &paths[2]).unwrap();
    look([FileStanding::Here, FileStanding::Changed, FileStanding::Here]);
}
