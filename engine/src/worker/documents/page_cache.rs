//! Caches the pages of documents, next to the encodings, so that a question after a restart need not read the file again.
//!
//! The key includes the program's executable, because another build may read pages differently. Pages that failed are not
//! cached, since they may succeed next time, nor are password-protected documents, which must not be stored in the clear.

use std::sync::OnceLock;
use std::time::SystemTime;

use crate::diagnostic::{Diagnostic, Warned};
use crate::document::DocumentInfo;
use crate::document::page::{Document, PageContent};
use crate::store::encodings::{About, EncodingStore, Entry, EntryKind, Key, KeyHasher};

/// The selected pages of a file, if cached by this build of the program.
pub(super) fn get(store: &EncodingStore, info: &DocumentInfo, pages: &[u32]) -> Option<Warned<Document>> {
    let entry = store.get(EntryKind::Pages, &key(info, pages)?)?;
    let (mut document, warnings): (Document, Vec<Diagnostic>) = postcard::from_bytes(entry.content()).ok()?;
    if document.hash != info.hash || document.pages.len() != pages.len() {
        return None;
    }
    // The file may have been renamed.
    document.name.clone_from(&info.name);
    Some(Warned { value: document, warnings })
}

/// Caches pages. A failure is logged, not reported.
pub(super) fn put(store: &EncodingStore, info: &DocumentInfo, pages: &[u32], read: &Warned<Document>) {
    if read.value.pages.iter().any(|page| matches!(page.content, PageContent::Failed(_))) {
        return;
    }
    let Some(key) = key(info, pages) else { return };
    let Ok(content) = postcard::to_stdvec(&(&read.value, &read.warnings)) else { return };
    let about = About::now(&info.name, &info.hash, "");
    let entry = Entry { about: &about, content: &content, rows: 0, columns: 0, states: &[], scalars: &[] };
    if let Err(error) = store.put(EntryKind::Pages, &key, &entry) {
        tracing::warn!(%error, "cannot cache pages");
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

/// Identifies this build of the program: version, size and modification time of the executable.
fn build() -> Option<&'static [u8]> {
    static BUILD: OnceLock<Option<String>> = OnceLock::new();
    let build = BUILD.get_or_init(|| {
        let file = std::env::current_exe().ok()?.metadata().ok()?;
        let changed = file.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_nanos();
        Some(format!("{} {} {changed}", env!("CARGO_PKG_VERSION"), file.len()))
    });
    build.as_ref().map(String::as_bytes)
}
