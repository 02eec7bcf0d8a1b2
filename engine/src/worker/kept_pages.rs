//! Pages as they were read, kept beside the encodings so that a question after a restart does not wait for the file.
//!
//! How pages are read changes with the program, so its own file is part of the key: another build reads anew. Pages that
//! failed are not kept, for they may succeed next time; nor are those behind a password, which must not lie open on disk.

use std::sync::OnceLock;
use std::time::SystemTime;

use crate::diagnostic::{Diagnostic, Warned};
use crate::document::DocumentInfo;
use crate::document::page::{Document, PageContent};
use crate::store::encodings::{About, EncodingStore, Entry, EntryKind, Key, KeyHasher};

/// These pages of a file, as this build of the program reads them, where that is kept.
pub(super) fn find(store: &EncodingStore, info: &DocumentInfo, pages: &[u32]) -> Option<Warned<Document>> {
    let entry = store.get(EntryKind::Pages, &key(info, pages)?)?;
    let (mut document, warnings): (Document, Vec<Diagnostic>) = postcard::from_bytes(entry.content()).ok()?;
    if document.hash != info.hash || document.pages.len() != pages.len() {
        return None;
    }
    // The file may have another name by now.
    document.name.clone_from(&info.name);
    Some(Warned { value: document, warnings })
}

/// Keeps pages. That this fails is no loss that anybody need be told of.
pub(super) fn keep(store: &EncodingStore, info: &DocumentInfo, pages: &[u32], read: &Warned<Document>) {
    if read.value.pages.iter().any(|page| matches!(page.content, PageContent::Failed(_))) {
        return;
    }
    let Some(key) = key(info, pages) else { return };
    let Ok(content) = postcard::to_stdvec(&(&read.value, &read.warnings)) else { return };
    let about = About::now(&info.name, &info.hash, "");
    let entry = Entry { about: &about, content: &content, rows: 0, columns: 0, states: &[], scalars: &[] };
    if let Err(error) = store.put(EntryKind::Pages, &key, &entry) {
        tracing::warn!(%error, "pages are not kept");
    }
}

fn key(info: &DocumentInfo, pages: &[u32]) -> Option<Key> {
    let numbers: Vec<u8> = pages.iter().flat_map(|number| number.to_le_bytes()).collect();
    let key = KeyHasher::new("pages")
        .with("program", build()?)
        .with("document", info.hash.as_bytes())
        .with("kind", format!("{:?}", info.kind).as_bytes())
        .with("pages", &numbers);
    Some(key.finish())
}

/// What tells this build of the program from others: version, length and time of its file.
fn build() -> Option<&'static [u8]> {
    static BUILD: OnceLock<Option<String>> = OnceLock::new();
    let build = BUILD.get_or_init(|| {
        let file = std::env::current_exe().ok()?.metadata().ok()?;
        let changed = file.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_nanos();
        Some(format!("{} {} {changed}", env!("CARGO_PKG_VERSION"), file.len()))
    });
    build.as_ref().map(String::as_bytes)
}
