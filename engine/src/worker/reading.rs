//! From files to pages, and what is told of pages and windows.

use std::time::Instant;

use super::Error;
use super::kept_pages;
use super::outlet::Job;
use super::session::Session;
use crate::document::page::{Document, Figure, LineRole, Page, PageContent};
use crate::document::{OpenDocument, OpenOptions, open};
use crate::prompt::Window;
use crate::protocol::{
    DocumentSummary, Event, FigureReport, PageReport, PageState, Part, ReadingOptions, Source, Stage, WindowOrigin,
    WindowReport,
};
use crate::store::library::{KeptText, Library, TextPage};

/// Documents whose pages were read.
pub(super) struct Reading {
    pub(super) open: Vec<OpenDocument>,
    pub(super) documents: Vec<Document>,
    pub(super) summaries: Vec<DocumentSummary>,
    pub(super) secs: f64,
}

/// What encoder states were made of: the same key, the same states.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EncodingKey {
    pub(super) hashes: Vec<String>,
    pub(super) reading: ReadingOptions,
    /// Empty for all of the documents.
    pub(super) scope: Vec<Part>,
    pub(super) question: Option<String>,
}

impl EncodingKey {
    /// The key of all that these documents are read for.
    pub(super) fn of_all(&self) -> Self {
        Self { scope: Vec::new(), question: None, ..self.clone() }
    }
}

/// Opens the files and reads the pages asked for.
pub(super) fn read_documents(
    session: &Session,
    job: &Job<'_>,
    sources: &[Source],
    options: &ReadingOptions,
    has_eyes: bool,
) -> Result<Reading, Error> {
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
        job.tell(Event::Opened { request: job.request, document: summary.clone() });
        summaries.push(summary);
        open_documents.push(document);
    }
    let total: u64 = selections.iter().map(|pages| pages.len() as u64).sum();
    let mut done = 0;
    let mut documents = Vec::new();
    let progress = |done| job.tell(Event::Progress { request: job.request, stage: Stage::Pages, done, total });
    progress(done);
    let seen = has_eyes && !options.without_figures;
    let store = session.store();
    for (((index, document), pages), source) in (0..).zip(&mut open_documents).zip(&selections).zip(sources) {
        let mut on_page = |page: &Page| {
            done += 1;
            job.tell(Event::Page { request: job.request, page: page_report(index, page, seen) });
            progress(done);
        };
        let store = store.as_ref().filter(|_| source.password.is_none());
        let kept = store.and_then(|store| kept_pages::find(store, document.info(), pages));
        let read = if let Some(kept) = kept {
            kept.value.pages.iter().for_each(&mut on_page);
            kept
        } else {
            let read = document.read_pages(pages, &mut on_page, &job.cancel)?;
            if let Some(store) = store {
                kept_pages::keep(store, document.info(), pages, &read);
            }
            read
        };
        if session.options.keeps_texts && source.password.is_none() && options.pages.is_none() {
            keep_text(session, &read.value);
        }
        for diagnostic in read.warnings {
            job.tell(Event::Warning { request: job.request, diagnostic });
        }
        documents.push(read.value);
    }
    Ok(Reading { open: open_documents, documents, summaries, secs: begun.elapsed().as_secs_f64() })
}

/// Keeps the text of a report whose pages were all read, so that words are found in it later. That this fails is no loss that
/// anybody need be told of.
fn keep_text(session: &Session, document: &Document) {
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
        tracing::warn!(%error, "the text of a report is not kept");
    }
}

/// Numbers of the pages asked for, as far as the document has them; never none.
fn select_pages(options: &ReadingOptions, page_count: u32) -> Result<Vec<u32>, Error> {
    let Some(ranges) = &options.pages else { return Ok((1..=page_count).collect()) };
    let asked = |number: &u32| ranges.iter().any(|(first, last)| (first..=last).contains(&number));
    let pages: Vec<u32> = (1..=page_count).filter(asked).collect();
    if pages.is_empty() { Err(Error::NoSuchPages(page_count)) } else { Ok(pages) }
}

/// A page as a cell of the reading map; `seen` where the model looks at figures.
pub(super) fn page_report(document: u32, page: &Page, seen: bool) -> PageReport {
    let mut tables: Vec<u32> =
        page.lines.iter().filter(|line| line.role == LineRole::TableRow).map(|line| line.block).collect();
    tables.dedup();
    let (state, reason) = match &page.content {
        PageContent::Text => (PageState::Read, None),
        PageContent::Blank => (PageState::Blank, None),
        PageContent::Scan if seen => (PageState::Seen, None),
        PageContent::Scan => (
            PageState::Unread,
            Some("it is a picture without a text layer, and only a model with eyes can read it".into()),
        ),
        PageContent::Failed(why) => (PageState::Failed, Some(why.clone())),
    };
    PageReport {
        document,
        number: page.number,
        label: page.label.clone(),
        state,
        lines: page.lines.len() as u32,
        tables: tables.len() as u32,
        figures: page.figures.len() as u32,
        figure_list: page.figures.iter().map(figure_report).collect(),
        tokens: 0,
        reason,
    }
}

fn figure_report(figure: &Figure) -> FigureReport {
    let caption = figure.caption.as_ref().map(|caption| caption.text.clone());
    FigureReport { bbox: figure.bbox, kind: figure.kind, caption }
}

/// The reading map's pages, with the text tokens that the windows hold of each.
pub(super) fn page_reports(documents: &[Document], windows: &[Window], seen: bool) -> Vec<PageReport> {
    let mut reports: Vec<PageReport> = (0..)
        .zip(documents)
        .flat_map(|(index, document)| document.pages.iter().map(move |page| page_report(index, page, seen)))
        .collect();
    for span in windows.iter().filter(|window| window.images.is_empty()).flat_map(|window| &window.spans) {
        let Some(place) = span.source.page() else { continue };
        if let Ok(at) = reports.binary_search_by_key(&place, |report| (report.document, report.number)) {
            reports[at].tokens += span.tokens.end - span.tokens.start;
        }
    }
    reports
}

/// What a window holds, as the reading map tells it.
pub(super) fn window_report(window: &Window, origin: WindowOrigin) -> WindowReport {
    let pages = window.pages();
    let (document, first_page) = pages.first().copied().unwrap_or_default();
    WindowReport {
        document,
        first_page,
        last_page: pages.last().map_or(first_page, |&(_, page)| page),
        tokens: window.ids.len() as u32,
        figures: window.images.len() as u32,
        origin,
    }
}
