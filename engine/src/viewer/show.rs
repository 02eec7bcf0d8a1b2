//! The thread's loop: commands first, then one wanted item at a time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::{Sender, TryRecvError};

use super::current::Current;
use super::find::find;
use super::wants::Wants;
use super::{DocumentId, PictureKey, Refusal, ViewCommand, ViewEvent, ViewInfo, Wanted};
use crate::cancel::CancelToken;
use crate::document::page::{DocumentKind, Page};
use crate::document::pages::PagesOptions;
use crate::document::{DocumentError, OpenDocument, OpenOptions, open};
use crate::mailbox::MailboxReceiver;
use crate::protocol::ErrorReport;

/// Longest side of a picture, in pixels.
const MAX_SIDE_PX: u32 = 8192;

/// Width and height of a sheet of letter paper, in points.
const LETTER_PT: (f32, f32) = (612.0, 792.0);

/// Runs until the command channel closes.
pub(super) fn run(
    pages: Option<&PagesOptions>,
    commands: &MailboxReceiver<ViewCommand>,
    events: &Sender<ViewEvent>,
    (cancel, current): (&CancelToken, &Current),
    wake: &dyn Fn(),
) {
    let mut shown = Shown { documents: BTreeMap::new(), wants: Wants::default(), search: None, pages, cancel, current };
    loop {
        // With nothing to do the thread sleeps; otherwise it only polls.
        let next = match commands.try_recv() {
            Ok(command) => Next::Command(command),
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => match shown.wants.next() {
                Some(wanted) => Next::Wanted(wanted),
                None if shown.search.is_some() => Next::Search,
                None => match commands.recv() {
                    Some(command) => Next::Command(command),
                    None => return,
                },
            },
        };
        let event = match next {
            Next::Command(command) => shown.obey(command),
            Next::Wanted(wanted) => shown.show(wanted),
            Next::Search => shown.search_on(),
        };
        if let Some(event) = event {
            if events.send(event).is_err() {
                return;
            }
            wake();
        }
    }
}

enum Next {
    Command(ViewCommand),
    Wanted(Wanted),
    Search,
}

/// A search in progress.
struct Search {
    document: DocumentId,
    query: String,
    /// The next page to search, counted from 1.
    page: u32,
}

/// An open document, with the pages read so far: small next to any picture. Pages of text files are not kept, since reading
/// one again is quick and there may be many.
struct Open {
    source: OpenDocument,
    read: BTreeMap<u32, Arc<Page>>,
}

struct Shown<'a> {
    documents: BTreeMap<DocumentId, Open>,
    wants: Wants,
    search: Option<Search>,
    pages: Option<&'a PagesOptions>,
    cancel: &'a CancelToken,
    current: &'a Current,
}

impl Shown<'_> {
    fn obey(&mut self, command: ViewCommand) -> Option<ViewEvent> {
        match command {
            ViewCommand::Open { document, path, password } => Some(self.open(document, &path, password)),
            ViewCommand::Find { document, query } => {
                self.search = (!query.trim().is_empty()).then_some(Search { document, query, page: 1 });
                None
            }
            ViewCommand::Close(document) => {
                self.wants.forget(document);
                self.search.take_if(|search| search.document == document);
                self.documents.remove(&document);
                None
            }
            ViewCommand::Want(wanted) => {
                self.wants.replace(wanted);
                None
            }
        }
    }

    fn open(&mut self, document: DocumentId, path: &Path, password: Option<String>) -> ViewEvent {
        let pages = self.pages.cloned();
        let options = OpenOptions { password, pages, without_words: false, cancel: self.cancel.clone() };
        match open(path, options) {
            Ok(opened) => {
                let info = Arc::new(info_of(&opened));
                self.documents.insert(document, Open { source: opened, read: BTreeMap::new() });
                ViewEvent::Opened { document, info }
            }
            Err(error) => ViewEvent::Refused { document, report: report(&error), cause: cause(&error) },
        }
    }

    /// Searches the next page; `None` if there is nothing to report.
    fn search_on(&mut self) -> Option<ViewEvent> {
        let mut search = self.search.take()?;
        let document = self.documents.get_mut(&search.document)?;
        let (number, pages) = (search.page, document.source.info().page_count);
        let page = document.page(number, &begin(self.current, self.cancel, search.document));
        self.current.end();
        if matches!(page, Err(DocumentError::Cancelled(_))) {
            self.search = Some(search);
            return None;
        }
        // A page that cannot be read has no matches.
        let hits = page.map(|page| find(&page, &search.query)).unwrap_or_default();
        let is_last = number >= pages;
        let found = (!hits.is_empty() || is_last).then(|| ViewEvent::Found {
            document: search.document,
            query: search.query.clone(),
            page: number,
            hits,
            is_last,
        });
        if !is_last {
            search.page += 1;
            self.search = Some(search);
        }
        found
    }

    /// `None` if the document was closed in the meantime, or if only others are wanted now.
    fn show(&mut self, wanted: Wanted) -> Option<ViewEvent> {
        let document = self.documents.get_mut(&wanted.document())?;
        let cancel = begin(self.current, self.cancel, wanted.document());
        let shown = match wanted {
            Wanted::Picture(key) => picture(&mut document.source, key, &cancel),
            Wanted::Page(key) => document.page(key.page, &cancel).map(|page| ViewEvent::Page { key, page }),
        };
        self.current.end();
        if matches!(shown, Err(DocumentError::Cancelled(_))) {
            // Only other documents are wanted now; the command that says so is next.
            return None;
        }
        Some(shown.unwrap_or_else(|error| ViewEvent::Blank { wanted, report: report(&error) }))
    }
}

/// Begins work on a document; the token stops it, as does the end of the viewer.
fn begin(current: &Current, all: &CancelToken, document: DocumentId) -> CancelToken {
    let token = current.begin(document);
    // The viewer may have ended before it could know of this token.
    if all.is_cancelled() {
        token.cancel();
    }
    token
}

fn picture(document: &mut OpenDocument, key: PictureKey, cancel: &CancelToken) -> Result<ViewEvent, DocumentError> {
    let (width, height) = (key.width.clamp(1, MAX_SIDE_PX), key.height.clamp(1, MAX_SIDE_PX));
    let picture = document.render_until(key.page.page, key.rect_pt(), (width, height), cancel)?;
    Ok(ViewEvent::Picture { key, picture: Arc::new(picture) })
}

impl Open {
    /// The content of a page; read once.
    fn page(&mut self, number: u32, cancel: &CancelToken) -> Result<Arc<Page>, DocumentError> {
        if let Some(page) = self.read.get(&number) {
            return Ok(Arc::clone(page));
        }
        let mut read = self.source.read_pages(&[number], &mut |_| (), cancel)?.value;
        // One page was requested, and a number that is not in the document is an error.
        let page = Arc::new(read.pages.swap_remove(0));
        if self.source.info().kind != DocumentKind::Text {
            self.read.insert(number, Arc::clone(&page));
        }
        Ok(page)
    }
}

fn info_of(document: &OpenDocument) -> ViewInfo {
    let info = document.info();
    let sizes = document.sizes_pt().into_iter().map(|(width, height)| {
        let is_size = |side: f32| side.is_finite() && side > 0.0;
        if is_size(width) && is_size(height) { (width, height) } else { LETTER_PT }
    });
    ViewInfo {
        hash: info.hash.clone(),
        name: info.name.clone(),
        kind: info.kind,
        title: info.metadata.title.clone(),
        sizes_pt: sizes.collect(),
        labels: document.labels(),
        outline: info.outline.clone(),
    }
}

fn cause(error: &DocumentError) -> Refusal {
    match error {
        DocumentError::NotFound { .. } => Refusal::Missing,
        DocumentError::NeedsPassword { .. } => Refusal::NeedsPassword,
        DocumentError::WrongPassword { .. } => Refusal::WrongPassword,
        _ => Refusal::Other,
    }
}

fn report(error: &DocumentError) -> ErrorReport {
    ErrorReport::of(error)
}
