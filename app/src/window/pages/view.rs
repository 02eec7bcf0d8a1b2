//! The view of an open report: its file, how it is looked at, and where the reader is.
//!
//! Drawing functions only read it. They write to the [`FrameCache`] beside it, and push what the user does as
//! [`ViewAction`](crate::window::pages::ViewAction)s, which [`mod@crate::window::pages::dispatch`] carries out after the frame.

use eframe::egui::Context;
use engine::viewer::{DocumentId, ViewEvent, Wanted};

use crate::window::pages::action::Jump;
use crate::window::pages::cache::FrameCache;
use crate::window::pages::contents::Contents;
use crate::window::pages::copied::copied;
use crate::window::pages::file::{Refused, ViewedFile};
use crate::window::pages::navigation::Navigation;
use crate::window::pages::saved_view::SavedView;

/// The view of an open report.
#[derive(Debug, Default)]
pub(crate) struct PageView {
    /// What the viewer has reported about the file.
    pub file: ViewedFile,
    /// Position, size and search, which the session saves.
    pub saved: SavedView,
    /// Where the reader is, and what is selected, marked and found.
    pub nav: Navigation,
}

impl PageView {
    /// Starts to view a file.
    pub(crate) fn open(&mut self, document: DocumentId, cache: &mut FrameCache) {
        cache.open(self.file.document);
        let nav = Navigation { current: 1, ..Navigation::default() };
        *self = Self { file: ViewedFile::opening(document), saved: SavedView::default(), nav };
    }

    /// Restores a saved view. Words that were searched for meanwhile stay.
    pub(crate) fn restore(&mut self, saved: SavedView) {
        let query = std::mem::take(&mut self.saved.query);
        self.nav.jump = Some(Jump::Top(saved.top));
        let query = if query.is_empty() { saved.query } else { query };
        // The place at the top is a fact of the last frame, until the next one has jumped.
        self.saved = SavedView { top: self.saved.top, query, ..saved };
    }

    /// The view goes out of sight: its pictures make room for those of other reports.
    pub(crate) fn rest(&mut self, cache: &mut FrameCache) {
        if let Some(document) = self.file.document {
            cache.rest(document);
        }
        cache.forget_requests();
        self.nav.jump.get_or_insert(Jump::Top(self.saved.top));
    }

    /// Applies an event of the viewer. One about a report that was left is ignored.
    pub(crate) fn apply(&mut self, ctx: &Context, event: ViewEvent, cache: &mut FrameCache) {
        let answered = match &event {
            ViewEvent::Picture { key, .. } => Some(Wanted::Picture(*key)),
            ViewEvent::Page { key, .. } => Some(Wanted::Page(*key)),
            ViewEvent::Blank { wanted, .. } => Some(*wanted),
            ViewEvent::Opened { .. } | ViewEvent::Refused { .. } | ViewEvent::Found { .. } => None,
        };
        if let Some(answered) = answered {
            cache.answered(answered);
        }
        let is_open = |document| self.file.document == Some(document);
        match event {
            ViewEvent::Opened { document, info } if is_open(document) => {
                self.nav.contents = Contents::new(&info.outline);
                self.file.set_info(info);
            }
            ViewEvent::Refused { document, report, cause } if is_open(document) => {
                self.file.refuse(Refused { report, cause });
            }
            ViewEvent::Picture { key, picture } if is_open(key.page.document) => {
                let size = [picture.width() as usize, picture.height() as usize];
                cache.textures.put(ctx, key, size, picture.as_raw());
            }
            ViewEvent::Page { key, page } if is_open(key.document) => {
                self.file.put_text(key.page, page, self.nav.current, self.nav.selection.as_ref());
            }
            ViewEvent::Found { document, query, page, hits, is_last } if is_open(document) => {
                self.nav.find.apply(&query, page, hits, is_last);
            }
            ViewEvent::Blank { wanted: Wanted::Picture(key), .. } => cache.textures.refuse(key),
            ViewEvent::Blank { wanted: Wanted::Page(key), .. } if is_open(key.document) => {
                self.file.put_textless(key.page);
            }
            _ => {}
        }
    }

    /// Takes over what drawing has shown, before any command of the frame is dispatched.
    pub(crate) fn end_drawing(&mut self, cache: &mut FrameCache) {
        if let Some(shown) = cache.take_shown() {
            self.forget_anchor_if_scrolled(&shown);
            self.nav.jump = None;
            self.nav.current = shown.current;
            self.saved.top = shown.top;
            self.nav.shown = shown;
        }
    }

    /// Ends a frame: what to request from the viewer, if that has changed.
    pub(crate) fn end_frame(&self, cache: &mut FrameCache) -> Option<Vec<Wanted>> {
        cache.end_frame(&self.file, self.nav.selection.as_ref())
    }

    /// The words to search for, if they have changed.
    pub(crate) fn take_query(&mut self) -> Option<String> {
        self.nav.find.take_query(&self.saved.query)
    }

    /// The selected text, once it is to be copied and all of it is known.
    pub(crate) fn take_copied(&mut self) -> Option<String> {
        let selection = self.nav.selection.as_ref().filter(|_| self.nav.is_copying)?;
        if !selection.pages().all(|page| self.file.knows_text(page)) {
            return None;
        }
        self.nav.is_copying = false;
        Some(copied(selection, &self.file.texts))
    }
}
