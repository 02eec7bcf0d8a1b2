//! The thread's loop: commands first, then one wanted thing at a time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::wants::Wants;
use super::{DocumentId, PageKey, PictureKey, ViewCommand, ViewEvent, ViewInfo, Wanted};
use crate::cancel::CancelToken;
use crate::diagnostic::Hint;
use crate::document::pages::PagesOptions;
use crate::document::{DocumentError, OpenDocument, OpenOptions, open};
use crate::protocol::ErrorReport;

/// Longest side of a picture, in pixels.
const MAX_SIDE_PX: u32 = 8192;

/// Width and height of a sheet of letter paper, in points.
const LETTER_PT: (f32, f32) = (612.0, 792.0);

/// Works until nobody sends commands any more.
pub(super) fn run(
    pages: Option<&PagesOptions>,
    commands: &Receiver<ViewCommand>,
    events: &Sender<ViewEvent>,
    cancel: &CancelToken,
    wake: &dyn Fn(),
) {
    let mut shown = Shown { documents: BTreeMap::new(), wants: Wants::default(), pages, cancel };
    loop {
        // With nothing to do the thread sleeps; with something to do it only looks.
        let next = match commands.try_recv() {
            Ok(command) => Next::Command(command),
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => match shown.wants.next() {
                Some(wanted) => Next::Wanted(wanted),
                None => match commands.recv() {
                    Ok(command) => Next::Command(command),
                    Err(_) => return,
                },
            },
        };
        let event = match next {
            Next::Command(command) => shown.obey(command),
            Next::Wanted(wanted) => shown.show(wanted),
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
}

struct Shown<'a> {
    documents: BTreeMap<DocumentId, OpenDocument>,
    wants: Wants,
    pages: Option<&'a PagesOptions>,
    cancel: &'a CancelToken,
}

impl Shown<'_> {
    fn obey(&mut self, command: ViewCommand) -> Option<ViewEvent> {
        match command {
            ViewCommand::Open { document, path, password } => Some(self.open(document, &path, password)),
            ViewCommand::Close(document) => {
                self.wants.forget(document);
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
        let options = OpenOptions { password, pages: self.pages.cloned(), cancel: self.cancel.clone() };
        match open(path, options) {
            Ok(opened) => {
                let info = Arc::new(info_of(&opened));
                self.documents.insert(document, opened);
                ViewEvent::Opened { document, info }
            }
            Err(error) => ViewEvent::Refused { document, report: report(&error) },
        }
    }

    /// `None` where the document was closed meanwhile.
    fn show(&mut self, wanted: Wanted) -> Option<ViewEvent> {
        let cancel = self.cancel;
        let document = self.documents.get_mut(&wanted.document())?;
        let shown = match wanted {
            Wanted::Picture(key) => picture(document, key),
            Wanted::Page(key) => page(document, key, cancel),
        };
        Some(shown.unwrap_or_else(|error| ViewEvent::Blank { wanted, report: report(&error) }))
    }
}

fn picture(document: &mut OpenDocument, key: PictureKey) -> Result<ViewEvent, DocumentError> {
    let (width, height) = (key.width.clamp(1, MAX_SIDE_PX), key.height.clamp(1, MAX_SIDE_PX));
    let picture = document.render(key.page.page, key.rect_pt(), width, height)?;
    Ok(ViewEvent::Picture { key, picture: Arc::new(picture) })
}

fn page(document: &mut OpenDocument, key: PageKey, cancel: &CancelToken) -> Result<ViewEvent, DocumentError> {
    let mut read = document.read_pages(&[key.page], &mut |_| (), cancel)?.value;
    // One page was asked for, and a number that is none of the document's is an error.
    let page = read.pages.swap_remove(0);
    Ok(ViewEvent::Page { key, page: Arc::new(page) })
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

fn report(error: &DocumentError) -> ErrorReport {
    ErrorReport { message: error.to_string(), hint: error.hint() }
}
