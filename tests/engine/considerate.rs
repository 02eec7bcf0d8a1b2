//! Reading in the background leaves the machine to its user.

#![cfg(target_os = "linux")]

use engine::worker::EngineOptions;

use crate::reading_model::{ask, engine, engine_with, origins, pages, read, write_model, write_report};

/// A thread of this process as Linux shows it.
#[derive(Debug)]
struct Thread {
    name: String,
    niceness: i32,
    ran_nanos: u64,
}

fn threads_named(prefix: &str) -> Vec<Thread> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let thread = |task: std::fs::DirEntry| {
        // A thread may end while it is looked at.
        let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
        let ran = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        let (name, fields) = stat.split_once('(')?.1.rsplit_once(") ")?;
        Some(Thread {
            name: name.to_owned(),
            niceness: fields.split_whitespace().nth(16)?.parse().ok()?,
            ran_nanos: ran.split_whitespace().next()?.parse().ok()?,
        })
    };
    tasks.filter_map(thread).filter(|thread| thread.name.starts_with(prefix)).collect()
}

#[test]
fn reading_has_low_priority_and_leaves_a_processor_free() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let source = write_report(&home.path().join("report.txt"), &pages(12));
    let considerate = engine_with(home.path(), |options| EngineOptions { is_considerate: true, ..options });
    let (map, _) = read(&considerate, &model, &source);
    assert_eq!(origins(&map), (map.windows.len(), 0));
    let behind = threads_named("background-");
    let processors = std::thread::available_parallelism().unwrap().get();
    assert_eq!(behind.len(), if processors > 2 { processors - 1 } else { processors });
    assert!(behind.iter().all(|thread| thread.niceness > 5), "{behind:?}");
    assert!(behind.iter().any(|thread| thread.ran_nanos > 1_000_000), "nothing was read there: {behind:?}");
    // Whoever asks waits for the answer: that has the priority of everything else.
    let other = tempfile::tempdir().unwrap();
    let (answer, _) = ask(&engine(other.path()), &model, &source, "How large was the deficit?");
    let (same, _) = ask(&considerate, &model, &source, "How large was the deficit?");
    assert_eq!(same.text, answer.text);
    assert!(threads_named("engine").iter().all(|thread| thread.niceness == 0));
}
