//! Opens documents and reads their pages, from the page cache where possible.

mod page_cache;
pub(super) mod page_report;
pub(super) mod window_plan;

use std::collections::BTreeSet;
use std::time::Instant;

use self::page_report::page_report;
use super::Error;
use super::event_sink::Job;
use super::session::Session;
use crate::document::page::{Document, Page};
use crate::document::{OpenDocument, OpenOptions, open};
use crate::protocol::{DocumentSummary, Event, ReadingOptions, Source, Stage};
use crate::store::encodings::EncodingStore;
use crate::store::library::{KeptText, Library, TextPage};

/// Open documents with the pages that were read.
pub(super) struct LoadedDocuments {
    pub(super) open: Vec<OpenDocument>,
    pub(super) documents: Vec<Document>,
    pub(super) summaries: Vec<DocumentSummary>,
    /// Those that were opened with a password, by index: what is read of them stays in memory.
    pub(super) locked: BTreeSet<u32>,
    pub(super) secs: f64,
}

/// Opens the files and reads the selected pages.
pub(super) fn read_documents(
    session: &Session,
    job: &Job<'_>,
    sources: &[Source],
    options: &ReadingOptions,
    has_vision: bool,
) -> Result<LoadedDocuments, Error> {
    let begun = Instant::now();
    if sources.is_empty() {
        return Err(Error::NoDocument);
    }
    let mut open_documents = Vec::new();
    let mut summaries = Vec::new();
    let mut selections = Vec::new();
    for (index, source) in (0..).zip(sources) {
        let how = OpenOptions {
            password: source.password.clone(),
            pages: session.options.pages.clone(),
            without_words: true,
            cancel: job.cancel.clone(),
        };
        let document = open(&source.path, how)?;
        let info = document.info();
        let summary = DocumentSummary {
            index,
            name: info.name.clone(),
            hash: info.hash.clone(),
            kind: info.kind,
            title: info.metadata.title.clone(),
            pages: info.page_count,
        };
        selections.push(select_pages(options, info.page_count)?);
        job.send(Event::Opened { request: job.request, document: summary.clone() });
        summaries.push(summary);
        open_documents.push(document);
    }
    let total: u64 = selections.iter().map(|pages| pages.len() as u64).sum();
    let mut done = 0;
    let mut documents = Vec::new();
    let progress = |done| job.send(Event::Progress { request: job.request, stage: Stage::Pages, done, total });
    progress(done);
    let uses_vision = has_vision && !options.without_figures;
    let store = session.store();
    let locked: BTreeSet<u32> =
        (0..).zip(sources).filter(|(_, source)| source.password.is_some()).map(|(index, _)| index).collect();
    forget_locked(session, &locked, &summaries);
    for ((index, document), pages) in (0..).zip(&mut open_documents).zip(&selections) {
        let mut on_page = |page: &Page| {
            done += 1;
            job.send(Event::Page { request: job.request, page: page_report(index, page, uses_vision) });
            progress(done);
        };
        let store = store.as_ref().filter(|_| !locked.contains(&index));
        let cached = store.and_then(|store| page_cache::get(store, document.info(), pages));
        let read = if let Some(cached) = cached {
            cached.value.pages.iter().for_each(&mut on_page);
            cached
        } else {
            let mut read = document.read_pages(pages, &mut on_page, &job.cancel)?;
            if let Some(damage) = document.find_damage(&job.cancel)? {
                read.warnings.insert(0, damage);
            }
            if let Some(store) = store {
                page_cache::put(store, document.info(), pages, &read);
            }
            read
        };
        if session.options.keeps_texts && !locked.contains(&index) && options.pages.is_none() {
            store_text(session, &read.value);
        }
        for diagnostic in read.warnings {
            job.send(Event::Warning { request: job.request, diagnostic });
        }
        documents.push(read.value);
    }
    let secs = begun.elapsed().as_secs_f64();
    Ok(LoadedDocuments { open: open_documents, documents, summaries, locked, secs })
}

/// Removes what earlier versions stored of documents that need a password. A failure is logged, not reported.
fn forget_locked(session: &Session, locked: &BTreeSet<u32>, summaries: &[DocumentSummary]) {
    if locked.is_empty() {
        return;
    }
    tracing::info!("a document was opened with a password: what is read of it stays in memory");
    let Ok(directories) = session.directories() else { return };
    let store = EncodingStore::new(&directories, session.options.kept_bytes);
    for summary in locked.iter().filter_map(|&index| summaries.get(index as usize)) {
        if let Err(error) = store.remove_document(&summary.hash) {
            tracing::warn!(%error, "cannot remove what was stored of a document with a password");
        }
    }
}

/// Stores the text of a completely read report in the library, for full-text search. A failure is logged, not reported.
fn store_text(session: &Session, document: &Document) {
    let Ok(directories) = session.directories() else { return };
    let library = Library::new(&directories);
    if library.has_text(&document.hash) {
        return;
    }
    let has_text = |page: &&Page| !page.lines.is_empty();
    let text = |page: &Page| TextPage {
        number: page.number,
        label: page.label.clone(),
        text: page.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n"),
    };
    let text = KeptText { pages: document.pages.iter().filter(has_text).map(text).collect() };
    if let Err(error) = library.keep_text(&document.hash, &text) {
        tracing::warn!(%error, "cannot store the text of a report");
    }
}

/// Numbers of the selected pages that the document has.
///
/// # Errors
/// Returns [`Error::NoSuchPages`] if there are none.
fn select_pages(options: &ReadingOptions, page_count: u32) -> Result<Vec<u32>, Error> {
    let Some(ranges) = &options.pages else { return Ok((1..=page_count).collect()) };
    let is_selected = |number: &u32| ranges.iter().any(|(first, last)| (first..=last).contains(&number));
    let pages: Vec<u32> = (1..=page_count).filter(is_selected).collect();
    if pages.is_empty() { Err(Error::NoSuchPages(page_count)) } else { Ok(pages) }
}
