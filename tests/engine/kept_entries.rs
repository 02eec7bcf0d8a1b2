//! Kept encodings as files: what is written comes back, what is damaged is as good as absent, what is old goes first.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use engine::store::Directories;
use engine::store::encodings::{About, EncodingStore, Entry, EntryKind, Key, KeyHasher, Put};

const WINDOW: EntryKind = EntryKind::Window;

fn store(root: &Path, limit_bytes: u64) -> EncodingStore {
    EncodingStore::new(&Directories::under(root), Some(limit_bytes))
}

fn key(name: &str) -> Key {
    KeyHasher::new(name).finish()
}

/// Keeps an entry of 96 rows of 16 numbers, all of them `value`: about 3.9 kB.
fn put(store: &EncodingStore, name: &str, value: u8) -> Put {
    let about = About::now("report.pdf", "c0ffee", "small");
    let (states, scalars) = (vec![value; 96 * 16 * 2], vec![value; 2 * 96 * 4]);
    let content = [value; 33];
    let entry = Entry { about: &about, content: &content, rows: 96, columns: 16, states: &states, scalars: &scalars };
    store.put(WINDOW, &key(name), &entry).unwrap()
}

/// The value that an entry was made of.
fn get(store: &EncodingStore, name: &str) -> Option<u8> {
    let entry = store.get(WINDOW, &key(name))?;
    let all = [entry.content(), entry.states(), entry.scalars()].concat();
    assert!(all.iter().all(|byte| *byte == all[0]), "an entry is one of those written, whole");
    assert_eq!((entry.rows(), entry.columns(), entry.num_scalars()), (96, 16, 2));
    assert_eq!(entry.about().document, "report.pdf");
    Some(all[0])
}

fn set_used(path: &Path, secs_ago: u64) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(secs_ago)).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn an_entry_comes_back_as_it_was_written_also_to_another_store() {
    let root = tempfile::tempdir().unwrap();
    let first = store(root.path(), 1 << 20);
    assert_eq!(get(&first, "a"), None);
    assert!(!root.path().join("cache").exists(), "looking makes nothing");
    assert_eq!(put(&first, "a", 7), Put::Kept);
    assert_eq!(put(&first, "b", 8), Put::Kept);
    assert_eq!((get(&first, "a"), get(&first, "b"), get(&first, "c")), (Some(7), Some(8), None));
    let second = store(root.path(), 1 << 20);
    assert_eq!(get(&second, "a"), Some(7));
    assert_eq!(put(&second, "a", 9), Put::Kept);
    assert_eq!(get(&first, "a"), Some(9), "the newer one takes its place");
    assert!(first.get(EntryKind::Vision, &key("a")).is_none(), "kinds do not mix");
}

/// What spoils the file at a path.
type Damage = Box<dyn Fn(&Path)>;

/// Ways to spoil a file.
fn damages(length: u64) -> Vec<(String, Damage)> {
    // Header, then about, content, states and scalars, each from a multiple of 64: begin, end, and between.
    let states = 128 + 64 + 64;
    let scalars = states + 96 * 16 * 2;
    let edges = [0, 1, 8, 127, 128, 129, 150, 192, 193, 224, 225, states, states + 1, scalars - 1, scalars, length - 1];
    let mut damages: Vec<(String, Damage)> = Vec::new();
    for cut in edges {
        damages.push((
            format!("cut to {cut}"),
            Box::new(move |path| File::options().write(true).open(path).unwrap().set_len(cut).unwrap()),
        ));
    }
    // One place in each field and section; blanks between sections do not matter.
    for at in [
        0,
        8,
        12,
        16,
        47,
        48,
        52,
        56,
        60,
        64,
        72,
        80,
        100,
        116,
        127,
        128,
        140,
        192,
        224,
        states,
        scalars - 1,
        scalars,
        length - 1,
    ] {
        damages.push((
            format!("flipped at {at}"),
            Box::new(move |path| {
                let mut bytes = std::fs::read(path).unwrap();
                bytes[at as usize] ^= 0x10;
                std::fs::write(path, bytes).unwrap();
            }),
        ));
    }
    damages.push((
        "grown".into(),
        Box::new(|path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes.push(0);
            std::fs::write(path, bytes).unwrap();
        }),
    ));
    damages.push(("foreign".into(), Box::new(|path| std::fs::write(path, "%PDF-1.7 ".repeat(600)).unwrap())));
    damages.push((
        "a folder".into(),
        Box::new(|path| {
            std::fs::remove_file(path).unwrap();
            std::fs::create_dir_all(path.join("inside")).unwrap();
        }),
    ));
    damages
}

#[test]
fn whatever_happened_to_a_file_it_is_ignored_and_made_again() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 1 << 20);
    put(&store, "a", 7);
    let path = store.path_of(WINDOW, &key("a"));
    let length = path.metadata().unwrap().len();
    for (name, damage) in damages(length) {
        assert_eq!(get(&store, "a"), Some(7), "before {name}");
        damage(&path);
        assert_eq!(get(&store, "a"), None, "{name}");
        assert_eq!(put(&store, "a", 7), Put::Kept, "{name}");
    }
    assert_eq!(get(&store, "a"), Some(7));
}

#[test]
fn an_entry_under_another_name_or_of_another_version_is_not_taken() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 1 << 20);
    put(&store, "a", 7);
    let (a, b) = (store.path_of(WINDOW, &key("a")), store.path_of(WINDOW, &key("b")));
    std::fs::copy(&a, &b).unwrap();
    assert_eq!((get(&store, "a"), get(&store, "b")), (Some(7), None));
    // Another version with a sound checksum, as a newer program would write it.
    let mut bytes = std::fs::read(&a).unwrap();
    bytes[8] = 2;
    let summed = [&bytes[..60], &bytes[64..128]].concat();
    let sum = crc32(&summed);
    bytes[60..64].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(&a, &bytes).unwrap();
    assert_eq!(get(&store, "a"), None);
    bytes[8] = 1;
    let summed = [&bytes[..60], &bytes[64..128]].concat();
    let sum = crc32(&summed);
    bytes[60..64].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(&a, &bytes).unwrap();
    assert_eq!(get(&store, "a"), Some(7), "the version alone made the difference");
}

/// CRC-32 as in zlib, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[test]
fn what_was_used_longest_ago_goes_first() {
    let root = tempfile::tempdir().unwrap();
    let size = {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path(), 1 << 20);
        put(&store, "a", 1);
        store.path_of(WINDOW, &key("a")).metadata().unwrap().len()
    };
    let limited = store(root.path(), 3 * size + size / 2);
    for (name, secs_ago) in [("a", 300), ("b", 200), ("c", 100)] {
        put(&limited, name, 1);
        set_used(&limited.path_of(WINDOW, &key(name)), secs_ago);
    }
    limited.release();
    assert_eq!(get(&limited, "a"), Some(1), "using it makes it young");
    limited.release();
    assert_eq!(put(&limited, "d", 1), Put::Kept);
    let there =
        |store: &EncodingStore| ["a", "b", "c", "d", "e"].map(|name| store.path_of(WINDOW, &key(name)).exists());
    assert_eq!(there(&limited), [true, false, true, true, false]);
    assert_eq!(put(&limited, "e", 1), Put::Kept);
    assert_eq!(there(&limited), [true, false, false, true, true]);
    // A store that only reads needs no room, and one with less takes nothing away before it writes.
    assert_eq!(get(&store(root.path(), size), "e"), Some(1));
    assert_eq!(there(&limited), [true, false, false, true, true]);
}

#[test]
fn what_is_in_use_is_never_given_up() {
    let root = tempfile::tempdir().unwrap();
    let store_size = {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path(), 1 << 20);
        put(&store, "a", 1);
        store.path_of(WINDOW, &key("a")).metadata().unwrap().len()
    };
    let small = store(root.path(), 2 * store_size);
    assert_eq!((put(&small, "a", 1), put(&small, "b", 2)), (Put::Kept, Put::Kept));
    assert_eq!(put(&small, "c", 3), Put::NoRoom, "a and b belong to the work that goes on");
    assert_eq!((get(&small, "a"), get(&small, "b")), (Some(1), Some(2)));
    assert_eq!(put(&small, "a", 4), Put::Kept, "a file is replaced within its own room");
    small.release();
    // Somebody else, who may be another process, is reading what would go first.
    let other = store(root.path(), 2 * store_size);
    set_used(&small.path_of(WINDOW, &key("a")), 500);
    let reading = other.get(WINDOW, &key("a")).unwrap();
    set_used(&small.path_of(WINDOW, &key("a")), 500);
    assert_eq!(put(&small, "c", 3), Put::Kept);
    assert_eq!((get(&small, "a"), get(&small, "b"), get(&small, "c")), (Some(4), None, Some(3)));
    assert_eq!(store(root.path(), 2 * store_size).clear().unwrap().in_use, 1);
    drop(reading);
    assert_eq!(store(root.path(), 0).clear().unwrap().in_use, 0);
    assert_eq!(put(&store(root.path(), 0), "d", 1), Put::NoRoom);
}

#[test]
fn two_stores_at_once_never_see_half_an_entry() {
    let root = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for value in [1, 2] {
            let root = root.path();
            std::thread::Builder::new()
                .spawn_scoped(scope, move || {
                    let store = store(root, 9_000);
                    for round in 0..60 {
                        store.release();
                        put(&store, ["a", "b", "c"][round % 3], value);
                        // `get` checks that all bytes are of one writer.
                        let read = get(&store, ["b", "a", "c"][round % 3]);
                        assert!(read.is_none_or(|value| value == 1 || value == 2));
                    }
                })
                .unwrap();
        }
    });
    let folder = store(root.path(), 1).path_of(WINDOW, &key("a")).parent().unwrap().to_owned();
    let left: Vec<PathBuf> = files(&folder).into_iter().filter(|path| path.extension().is_none()).collect();
    assert_eq!(left, [folder.join(".lock")], "nothing half written is left");
}

#[test]
fn what_is_kept_can_be_listed_and_cleared() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 1 << 20);
    assert_eq!(store.list().unwrap().files, []);
    assert_eq!(store.clear().unwrap().files, 0);
    put(&store, "a", 1);
    put(&store, "b", 2);
    set_used(&store.path_of(WINDOW, &key("b")), 900);
    let folder = store.path_of(WINDOW, &key("a")).parent().unwrap().to_owned();
    std::fs::write(folder.join("foreign.enc"), b"not ours").unwrap();
    std::fs::write(folder.join(".writing-abc"), b"cut short").unwrap();
    std::fs::write(folder.join("notes.txt"), b"somebody's").unwrap();
    set_used(&folder.join(".writing-abc"), 7200);
    let kept = store.list().unwrap();
    let names: Vec<_> = kept.files.iter().map(|file| file.path.clone()).collect();
    assert_eq!(names, ["b", "a"].map(|name| store.path_of(WINDOW, &key(name))), "longest ago first");
    assert_eq!((kept.files[0].rows, kept.files[0].about.model.as_str(), kept.useless.len()), (96, "small", 2));
    let cleared = store.clear().unwrap();
    assert_eq!((cleared.files, cleared.in_use), (4, 0));
    assert_eq!(files(&folder), [folder.join(".lock"), folder.join("notes.txt")], "what is not ours stays");
}
