//! The frame cache of the pages: pictures, layout, gestures, and pending requests to the viewer.
//!
//! The only part of the pages that drawing functions may write to. Scrolling and dragging are noted here, since a command,
//! which is dispatched after the frame, would show them a frame late; [`PageView::end_drawing`] takes over where the view was
//! scrolled to.
//!
//! [`PageView::end_drawing`]: crate::window::pages::PageView::end_drawing

use std::sync::Arc;

use eframe::egui::TextureId;
use engine::viewer::{DocumentId, PictureKey, Wanted};

use crate::window::pages::action::Drag;
use crate::window::pages::column::{Arrangement, Column};
use crate::window::pages::file::ViewedFile;
use crate::window::pages::navigation::Shown;
use crate::window::pages::selection::Selection;
use crate::window::pages::textures::Textures;

/// State of drawing pages, kept between frames.
#[derive(Debug, Default)]
pub(crate) struct FrameCache {
    /// What is being dragged.
    pub drag: Option<Drag>,
    /// The wheel at the end of a page.
    pub wheel: Wheel,
    /// The page that the list of pages was last scrolled to, and the height of the list.
    pub listed_page: (u32, f32),
    /// The row that the table of contents was last scrolled to, in visible rows.
    pub listed_section: Option<usize>,
    /// Pictures of pages.
    pub(super) textures: Textures,
    /// Where pages lie.
    column: Option<Arc<Column>>,
    /// What this frame showed, if pages were drawn.
    shown: Option<Shown>,
    /// Pictures this frame lacks.
    wanted_pictures: Vec<Wanted>,
    /// Texts this frame lacks; they come after all pictures.
    wanted_texts: Vec<Wanted>,
    /// What the viewer was asked for and has not answered.
    requested: Vec<Wanted>,
}

/// The wheel at the end of a page that is shown alone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wheel {
    /// How far it was turned past the end, in presses on Page down.
    pub pull: f32,
    /// When it last turned to another page, in seconds since the start.
    pub turned_secs: f64,
}

impl FrameCache {
    /// Another file is opened in place of `before`; pictures of other files stay.
    pub(super) fn open(&mut self, before: Option<DocumentId>) {
        let mut textures = std::mem::take(&mut self.textures);
        if let Some(before) = before {
            textures.forget(before);
        }
        *self = Self { textures, ..Self::default() };
    }

    /// Frees the pictures of a file that is out of sight.
    pub(super) fn rest(&mut self, document: DocumentId) {
        self.textures.forget(document);
    }

    /// Forgets pending requests, so that they are sent again.
    pub(super) fn forget_requests(&mut self) {
        self.requested.clear();
    }

    /// The viewer has answered a request.
    pub(super) fn answered(&mut self, wanted: Wanted) {
        self.requested.retain(|requested| *requested != wanted);
    }

    /// Where pages lie. Thousands of them are laid out once, not in every frame.
    pub(super) fn column(&mut self, sizes_pt: &[(f32, f32)], how: Arrangement) -> Arc<Column> {
        match &self.column {
            Some(column) if *column.how() == how => Arc::clone(column),
            _ => {
                let column = Arc::new(Column::new(sizes_pt, how));
                self.column = Some(Arc::clone(&column));
                column
            }
        }
    }

    /// Notes what this frame shows.
    pub(crate) fn set_shown(&mut self, shown: Shown) {
        self.shown = Some(shown);
    }

    /// What this frame showed, if pages were drawn.
    pub(super) fn take_shown(&mut self) -> Option<Shown> {
        self.shown.take()
    }

    /// A picture; one that is missing is requested at the end of the frame.
    pub(crate) fn picture(&mut self, key: PictureKey) -> Option<TextureId> {
        let picture = self.textures.get(&key);
        if picture.is_none() && self.textures.lacks(&key) {
            self.wanted_pictures.push(Wanted::Picture(key));
        }
        picture
    }

    /// Requests the text of a page at the end of the frame, unless it is known.
    pub(crate) fn want_text(&mut self, file: &ViewedFile, page: u32) {
        let wanted = Wanted::Page(file.page_key(page));
        if !file.knows_text(page) && !self.wanted_texts.contains(&wanted) {
            self.wanted_texts.push(wanted);
        }
    }

    /// Ends a frame: what to request from the viewer, if that has changed.
    pub(super) fn end_frame(&mut self, file: &ViewedFile, selection: Option<&Selection>) -> Option<Vec<Wanted>> {
        self.textures.end_frame();
        if let Some(selection) = selection {
            selection.pages().for_each(|page| self.want_text(file, page));
        }
        let mut wanted = std::mem::take(&mut self.wanted_pictures);
        wanted.append(&mut self.wanted_texts);
        // What is still on its way is not requested again.
        let is_new = wanted.iter().any(|wanted| !self.requested.contains(wanted));
        if wanted.is_empty() || !is_new {
            return None;
        }
        self.requested.clone_from(&wanted);
        Some(wanted)
    }
}
