//! `recto cache`: lists the encoded documents on disk and their sizes, and clears them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use engine::store::encodings::{EncodingStore, EntryKind, Kept, KeptFile};
use engine::store::{Directories, StoreFolder};
use serde::Serialize;

use crate::cli::ask::print;
use crate::cli::failure::Failure;

const JSON: &str = "\
--json prints one object: folders (paths), limit_bytes, bytes and files (totals), kinds (kind \"windows\", \"pictures\", \
\"places\" or \"pages\", files, bytes), documents (name, sha256, models, windows, pictures, tokens, bytes, made_secs and \
used_secs in Unix time; most recently used first) and useless (files and bytes of damaged entries, which are deleted first).

The cache is limited to 4.3 GB (4 GiB). RECTO_CACHE_GB=10 in the environment raises the limit to 10 GB; 0 turns the cache \
off. The least recently used entries are deleted first.";

/// Arguments of `recto cache`.
#[derive(Debug, Args)]
#[command(after_help = JSON, args_conflicts_with_subcommands = true)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Deletes the cache; reports are read again when you next ask about them
    Clear {
        /// Print one JSON object: files, bytes, in_use (files left in place because another Recto is using them)
        #[arg(long)]
        json: bool,
    },
}

/// Runs `recto cache`.
pub(crate) fn run(arguments: &CacheArgs) -> Result<(), Failure> {
    let directories = Directories::of_user()?;
    let store = EncodingStore::new(&directories, None);
    match &arguments.action {
        Some(Action::Clear { json }) => clear(&store, *json),
        None => {
            let summary = Summary::of(&store.list()?, &directories, store.limit_bytes());
            if arguments.json { print_json(&summary) } else { print(&text(&summary)) }
        }
    }
}

#[derive(Serialize)]
struct ClearedJson {
    files: u64,
    bytes: u64,
    in_use: u64,
}

fn clear(store: &EncodingStore, json: bool) -> Result<(), Failure> {
    let cleared = store.clear()?;
    if json {
        let (files, bytes, in_use) = (cleared.files, cleared.bytes, cleared.in_use);
        return print_json(&ClearedJson { files, bytes, in_use });
    }
    let mut out = format!("{} deleted, {}\n", count(cleared.files, "file"), size(cleared.bytes));
    if cleared.in_use > 0 {
        // Writing to a string never fails.
        let _ = writeln!(out, "{} in use by another Recto, not deleted", count(cleared.in_use, "file"));
    }
    print(&out)
}

/// The contents of the cache, summed up.
#[derive(Serialize)]
struct Summary {
    folders: Vec<PathBuf>,
    limit_bytes: u64,
    bytes: u64,
    files: u64,
    kinds: Vec<KindJson>,
    documents: Vec<DocumentJson>,
    useless: UselessJson,
}

#[derive(Serialize)]
struct KindJson {
    kind: &'static str,
    files: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct DocumentJson {
    name: String,
    sha256: String,
    models: Vec<String>,
    windows: u64,
    pictures: u64,
    tokens: u64,
    bytes: u64,
    made_secs: u64,
    used_secs: u64,
}

#[derive(Serialize)]
struct UselessJson {
    files: u64,
    bytes: u64,
}

impl Summary {
    fn of(kept: &Kept, directories: &Directories, limit_bytes: u64) -> Self {
        let kinds = [EntryKind::Window, EntryKind::Vision, EntryKind::Picture, EntryKind::Pages].map(|kind| {
            let files = || kept.files.iter().filter(move |file| file.kind == kind);
            let name = match kind {
                EntryKind::Window => "windows",
                EntryKind::Vision => "pictures",
                EntryKind::Picture => "places",
                EntryKind::Pages => "pages",
            };
            KindJson { kind: name, files: files().count() as u64, bytes: files().map(|file| file.bytes).sum() }
        });
        let mut documents: Vec<DocumentJson> = Vec::new();
        for file in &kept.files {
            let at = documents.iter().position(|document| document.sha256 == file.about.document_hash);
            let at = at.unwrap_or_else(|| {
                documents.push(DocumentJson::new(file));
                documents.len() - 1
            });
            documents[at].add(file);
        }
        documents.sort_by(|a, b| (b.used_secs, &a.name).cmp(&(a.used_secs, &b.name)));
        let useless: u64 = kept.useless.iter().map(|(_, bytes)| bytes).sum();
        Self {
            folders: [StoreFolder::Encodings, StoreFolder::Vision, StoreFolder::Pages]
                .map(|folder| folder.path(directories))
                .to_vec(),
            limit_bytes,
            bytes: kinds.iter().map(|kind| kind.bytes).sum::<u64>() + useless,
            files: (kept.files.len() + kept.useless.len()) as u64,
            kinds: kinds.into(),
            documents,
            useless: UselessJson { files: kept.useless.len() as u64, bytes: useless },
        }
    }
}

impl DocumentJson {
    fn new(file: &KeptFile) -> Self {
        Self {
            name: file.about.document.clone(),
            sha256: file.about.document_hash.clone(),
            models: Vec::new(),
            windows: 0,
            pictures: 0,
            tokens: 0,
            bytes: 0,
            made_secs: file.about.made_secs,
            used_secs: file.used_secs,
        }
    }

    fn add(&mut self, file: &KeptFile) {
        match file.kind {
            EntryKind::Window => {
                self.windows += 1;
                self.tokens += u64::from(file.rows);
            }
            EntryKind::Vision => self.pictures += 1,
            EntryKind::Picture | EntryKind::Pages => {}
        }
        self.bytes += file.bytes;
        self.made_secs = self.made_secs.min(file.about.made_secs);
        self.used_secs = self.used_secs.max(file.used_secs);
        if !file.about.model.is_empty() && !self.models.contains(&file.about.model) {
            self.models.push(file.about.model.clone());
        }
    }
}

fn text(summary: &Summary) -> String {
    let (used, limit) = (size(summary.bytes), size(summary.limit_bytes));
    if summary.files == 0 {
        return format!("The cache is empty (limit {limit})\n");
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let width = summary.documents.iter().map(|document| document.name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for document in &summary.documents {
        // Writing to a string never fails.
        let _ = writeln!(
            out,
            "{:width$}  {:>9}  {:>8} tokens  {:>12}  read {}, used {}  {}",
            document.name,
            size(document.bytes),
            document.tokens,
            count(document.pictures, "picture"),
            age(now, document.made_secs),
            age(now, document.used_secs),
            document.models.join(", ")
        );
    }
    let _ = writeln!(out, "{} of {limit} used, in {}", used, count(summary.files, "file"));
    for kind in summary.kinds.iter().filter(|kind| kind.files > 0) {
        let what = match kind.kind {
            "windows" => "encoded windows",
            "pictures" => "encoded pictures",
            "places" => "links from figures to pictures",
            _ => "extracted pages",
        };
        let _ = writeln!(out, "  {:>9}  {what}, {}", size(kind.bytes), count(kind.files, "file"));
    }
    if summary.useless.files > 0 {
        let _ = writeln!(
            out,
            "  {:>9}  damaged or incomplete, {}",
            size(summary.useless.bytes),
            count(summary.useless.files, "file")
        );
    }
    for folder in &summary.folders {
        let _ = writeln!(out, "in {}", folder.display());
    }
    out
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value)
        .map_err(|error| Failure::new(format!("the result cannot be written as JSON: {error}"), None))?;
    print(&format!("{json}\n"))
}

fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// A size in bytes, with a suitable unit.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// How long ago, in the largest unit of which at least one has passed.
fn age(now_secs: u64, then_secs: u64) -> String {
    let secs = now_secs.saturating_sub(then_secs);
    match secs {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} ago", count(secs / 60, "minute")),
        3_600..86_400 => format!("{} ago", count(secs / 3_600, "hour")),
        _ => format!("{} ago", count(secs / 86_400, "day")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_read_well() {
        for (bytes, expected) in
            [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (81_300_000, "81.3 MB"), (4 << 30, "4.3 GB")]
        {
            assert_eq!(size(bytes), expected);
        }
        for (secs, expected) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (7_199, "1 hour ago"),
            (7_200, "2 hours ago"),
            (200_000, "2 days ago"),
        ] {
            assert_eq!(age(1_000_000, 1_000_000 - secs), expected);
        }
        assert_eq!(age(5, 9), "just now", "a clock that was set back");
    }
}
