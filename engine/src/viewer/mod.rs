//! The viewer thread, which renders pages for display while the engine reads documents.
//!
//! The engine may be busy for minutes; displaying a page must not wait for it. The viewer opens files independently,
//! renders the parts of pages wanted *now*, and reports the content of pages. Each [`ViewCommand::Want`] replaces the list of
//! wanted parts, most urgent first, so scrolling past a thousand pages renders only those still visible at the end. Work on
//! a document stops once only others are wanted, so that a page that takes long holds up no other report.

mod current;
mod find;
mod show;
mod wants;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded};
use image::RgbImage;

pub use find::{Hit, find};

use self::current::Current;
use crate::cancel::CancelToken;
use crate::document::geometry::Rect;
use crate::document::page::{DocumentKind, OutlineItem, Page};
use crate::document::pages::PagesOptions;
use crate::mailbox::{Mailbox, mailbox};
use crate::protocol::ErrorReport;

/// Most pictures and pages that wait to be received before the thread pauses.
const QUEUED_EVENTS: usize = 32;

/// An open document, by a number of the caller's choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub u64);

/// A command to the viewer.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewCommand {
    /// Open a file.
    Open {
        /// Its id from now on.
        document: DocumentId,
        /// The file.
        path: PathBuf,
        /// The password of an encrypted PDF.
        password: Option<String>,
    },
    /// Close a file.
    Close(DocumentId),
    /// What is wanted now, most wanted first.
    Want(Vec<Wanted>),
    /// Search all pages for words, while nothing else is wanted. Replaces the previous search; blank words end it.
    Find {
        /// The document to search.
        document: DocumentId,
        /// The words.
        query: String,
    },
}

/// An item to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// A part of a page as a picture.
    Picture(PictureKey),
    /// Lines, figures and links of a page.
    Page(PageKey),
}

/// A page of an open document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageKey {
    /// The document.
    pub document: DocumentId,
    /// Counted from 1.
    pub page: u32,
}

/// A part of a page at some scale. Whole numbers, so that equal parts are equal keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PictureKey {
    /// The page.
    pub page: PageKey,
    /// Pixels per thousand points.
    pub scale: u32,
    /// Left edge of the part, in pixels of the page at that scale.
    pub left: u32,
    /// Top edge.
    pub top: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl PictureKey {
    /// The part in points.
    pub fn rect_pt(&self) -> Rect {
        let points = |pixels: u32| pixels as f32 * 1000.0 / self.scale.max(1) as f32;
        let (left, top) = (points(self.left), points(self.top));
        Rect::new(left, top, left + points(self.width), top + points(self.height))
    }
}

/// What is known of a document once it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewInfo {
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// The file's name without its folder.
    pub name: String,
    /// What the file is.
    pub kind: DocumentKind,
    /// The file's title, if it has one.
    pub title: Option<String>,
    /// Width and height of each page as displayed, in points; pages without a size get that of letter paper.
    pub sizes_pt: Vec<(f32, f32)>,
    /// The printed label of each page, if the file has one.
    pub labels: Vec<Option<String>>,
    /// The stored table of contents.
    pub outline: Vec<OutlineItem>,
}

/// Why a file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such file.
    Missing,
    /// It is encrypted and no password was given.
    NeedsPassword,
    /// It is encrypted and the password is wrong.
    WrongPassword,
    /// Anything else.
    Other,
}

/// An event from the viewer.
#[derive(Clone, Debug)]
pub enum ViewEvent {
    /// A file is open.
    Opened {
        /// The document.
        document: DocumentId,
        /// Its properties.
        info: Arc<ViewInfo>,
    },
    /// A file cannot be opened.
    Refused {
        /// The document.
        document: DocumentId,
        /// Why, and what to do about it.
        report: ErrorReport,
        /// The kind of cause, where the user can do something about it.
        cause: Refusal,
    },
    /// A part of a page.
    Picture {
        /// Its key.
        key: PictureKey,
        /// As wide and high as the key says.
        picture: Arc<RgbImage>,
    },
    /// The content of a page.
    Page {
        /// Its key.
        key: PageKey,
        /// Its lines, figures and links.
        page: Arc<Page>,
    },
    /// Matches of a search on a page. Pages without any are not reported, except for the last one.
    Found {
        /// The document.
        document: DocumentId,
        /// The words searched for.
        query: String,
        /// The page, counted from 1.
        page: u32,
        /// The matches.
        hits: Vec<Hit>,
        /// Whether all pages were searched.
        is_last: bool,
    },
    /// A page, or a part of it, cannot be shown.
    Blank {
        /// What was wanted.
        wanted: Wanted,
        /// Why, and what to do about it.
        report: ErrorReport,
    },
}

impl ViewEvent {
    /// The document that an event is about.
    pub fn document(&self) -> DocumentId {
        match self {
            Self::Opened { document, .. } | Self::Refused { document, .. } | Self::Found { document, .. } => *document,
            Self::Picture { key, .. } | Self::Blank { wanted: Wanted::Picture(key), .. } => key.page.document,
            Self::Page { key, .. } | Self::Blank { wanted: Wanted::Page(key), .. } => key.document,
        }
    }
}

/// A running viewer. Dropping it ends the thread.
#[derive(Debug)]
pub struct Viewer {
    commands: Option<Mailbox<ViewCommand>>,
    events: Option<Receiver<ViewEvent>>,
    cancel: CancelToken,
    current: Current,
    thread: Option<JoinHandle<()>>,
}

impl Viewer {
    /// Starts the thread. `pages` says how to start the process that reads PDFs; `wake` is called after every event.
    ///
    /// # Errors
    /// Fails if the system cannot start a thread.
    pub fn spawn(pages: Option<PagesOptions>, wake: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        // Commands come from the thread that draws the window, and some come in every frame.
        let (commands, incoming) = mailbox(supersedes);
        let (outgoing, events) = bounded(QUEUED_EVENTS);
        let cancel = CancelToken::default();
        let stop = cancel.clone();
        let current = Current::default();
        let working_on = current.clone();
        let thread = std::thread::Builder::new()
            .name("viewer".into())
            .spawn(move || show::run(pages.as_ref(), &incoming, &outgoing, (&stop, &working_on), &wake))?;
        Ok(Self { commands: Some(commands), events: Some(events), cancel, current, thread: Some(thread) })
    }

    /// Sends a command; never waits.
    pub fn send(&self, command: ViewCommand) {
        self.current.stop_for(&command);
        if let Some(commands) = &self.commands {
            commands.send(command);
        }
    }

    /// The next event, if there is one; never waits.
    pub fn try_recv(&self) -> Option<ViewEvent> {
        self.events.as_ref()?.try_recv().ok()
    }

    /// Waits for the next event. `None` once the thread has ended.
    pub fn recv(&self) -> Option<ViewEvent> {
        self.events.as_ref()?.recv().ok()
    }
}

/// What is wanted and what is searched for is always given whole, so only the latest of each counts.
fn supersedes(earlier: &ViewCommand, later: &ViewCommand) -> bool {
    matches!(
        (earlier, later),
        (ViewCommand::Want(_), ViewCommand::Want(_)) | (ViewCommand::Find { .. }, ViewCommand::Find { .. })
    )
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.current.stop();
        self.events = None;
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened; there is nothing to add while dropping.
            let _ = thread.join();
        }
    }
}
