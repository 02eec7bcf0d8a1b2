//! How the open report is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eframe::egui::{Context, TextureId, Vec2};
use engine::document::page::{DocumentKind, Page};
use engine::protocol::ErrorReport;
use engine::viewer::{DocumentId, PageKey, PictureKey, ViewEvent, ViewInfo, Wanted};

use crate::window::pages::act::Trail;
use crate::window::pages::action::{Drag, Jump, Marks, Paging, Tool, Zoom};
use crate::window::pages::arrange::usual_size;
use crate::window::pages::column::{Column, Spot};
use crate::window::pages::contents::Contents;
use crate::window::pages::copied::copied;
use crate::window::pages::find::Find;
use crate::window::pages::placement::Rotation;
use crate::window::pages::selection::Selection;
use crate::window::pages::textures::Textures;
use crate::window::state::report::Remote;

/// Pages whose lines are held at most.
const MOST_TEXTS: usize = 64;

/// The open report's pages, and where one is in them.
#[derive(Debug, Default)]
pub(crate) struct PageView {
    /// What the viewer calls the report.
    pub document: Option<DocumentId>,
    /// Sizes of its pages and the like.
    pub info: Remote<Arc<ViewInfo>>,
    /// Why it cannot be shown.
    pub refused: Option<ErrorReport>,
    /// How large pages are.
    pub zoom: Zoom,
    /// How pages are turned.
    pub rotation: Rotation,
    /// How they follow each other.
    pub paging: Paging,
    /// What a drag does.
    pub tool: Tool,
    /// What is being dragged.
    pub drag: Option<Drag>,
    /// Text that is selected.
    pub selection: Option<Selection>,
    /// What was marked last.
    pub marks: Option<Marks>,
    /// What is looked for.
    pub find: Find,
    /// The file's table of contents.
    pub contents: Contents,
    /// The page that the list of pages was last brought to, and how high the list was.
    pub listed: (u32, f32),
    /// What the next frame shows where.
    pub jump: Option<Jump>,
    /// The scale of the last frame.
    pub scale: f32,
    /// Width and height of the view in the last frame.
    pub room: Vec2,
    /// How far the view is scrolled.
    pub offset: Vec2,
    /// How far it can be scrolled.
    pub end: Vec2,
    /// How much the wheel was turned at the end of a page, in presses on Page down.
    pub pull: f32,
    /// When the wheel turned to another page last, in seconds since the start.
    pub turned_secs: f64,
    /// What lies at the top of the view.
    pub top: Spot,
    /// The page most of which is in sight, counted from 1.
    pub current: u32,
    /// Pictures.
    pub textures: Textures,
    /// Lines of pages.
    pub texts: BTreeMap<u32, Arc<Page>>,
    /// Pages whose lines cannot be told, and are not asked for again.
    textless: BTreeSet<u32>,
    pub(super) usual_pt: (f32, f32),
    pub(super) column: Option<Arc<Column>>,
    pub(super) trail: Trail,
    /// Whether the selected text goes into the clipboard as soon as all of it is known.
    pub(super) is_copying: bool,
    wanted: Vec<Wanted>,
    /// Lines are wanted after all pictures.
    wanted_texts: Vec<Wanted>,
    told: Vec<Wanted>,
}

impl PageView {
    /// Begins to look at a report.
    pub(crate) fn open(&mut self, document: DocumentId) {
        let mut textures = std::mem::take(&mut self.textures);
        if let Some(before) = self.document {
            textures.forget(before);
        }
        *self = Self { document: Some(document), info: Remote::Pending, current: 1, textures, ..Self::default() };
    }

    /// Is out of sight for a while: pictures make room for those of other reports.
    pub(crate) fn rest(&mut self) {
        if let Some(document) = self.document {
            self.textures.forget(document);
        }
        self.told.clear();
        self.jump.get_or_insert(Jump::Top(self.top));
    }

    /// Takes in what the viewer tells.
    pub(crate) fn apply(&mut self, ctx: &Context, event: ViewEvent) {
        let has_come = match &event {
            ViewEvent::Picture { key, .. } => Some(Wanted::Picture(*key)),
            ViewEvent::Page { key, .. } => Some(Wanted::Page(*key)),
            ViewEvent::Blank { wanted, .. } => Some(*wanted),
            ViewEvent::Opened { .. } | ViewEvent::Refused { .. } | ViewEvent::Found { .. } => None,
        };
        self.told.retain(|told| Some(*told) != has_come);
        match event {
            ViewEvent::Opened { document, info } if self.document == Some(document) => {
                self.usual_pt = usual_size(&info);
                self.contents = Contents::new(&info.outline);
                self.info = Remote::Ready(info);
            }
            ViewEvent::Refused { document, report } if self.document == Some(document) => {
                self.info = Remote::Failed;
                self.refused = Some(report);
            }
            ViewEvent::Picture { key, picture } if self.document == Some(key.page.document) => {
                let size = [picture.width() as usize, picture.height() as usize];
                self.textures.put(ctx, key, size, picture.as_raw());
            }
            ViewEvent::Page { key, page } if self.document == Some(key.document) => self.put_text(key.page, page),
            ViewEvent::Found { document, query, page, hits, is_last } if self.document == Some(document) => {
                self.find.apply(&query, page, hits, is_last);
            }
            ViewEvent::Blank { wanted: Wanted::Picture(key), .. } => self.textures.refuse(key),
            ViewEvent::Blank { wanted: Wanted::Page(key), .. } if self.document == Some(key.document) => {
                self.textless.insert(key.page);
            }
            // Of a report that was left.
            _ => {}
        }
    }

    fn put_text(&mut self, number: u32, page: Arc<Page>) {
        while self.texts.len() >= MOST_TEXTS {
            // The page farthest from where one is, but for those of which text is selected.
            let is_free = |page: &&u32| !self.selection.as_ref().is_some_and(|selection| selection.covers(**page));
            let first = self.texts.keys().find(is_free).copied();
            let last = self.texts.keys().rfind(is_free).copied();
            let (Some(first), Some(last)) = (first, last) else { break };
            let goes = if self.current.abs_diff(first) > self.current.abs_diff(last) { first } else { last };
            self.texts.remove(&goes);
        }
        self.texts.insert(number, page);
    }

    /// The selected text, where it is to be put into the clipboard and all of it is known.
    pub(crate) fn take_copied(&mut self) -> Option<String> {
        if !self.is_copying {
            return None;
        }
        let selection = self.selection.as_ref()?;
        let is_known = |page: u32| self.texts.contains_key(&page) || self.textless.contains(&page);
        if !selection.pages().all(is_known) {
            return None;
        }
        self.is_copying = false;
        Some(copied(selection, &self.texts))
    }

    /// Whether the report is a text, of which there are no pictures.
    pub(crate) fn is_text(&self) -> bool {
        matches!(&self.info, Remote::Ready(info) if info.kind == DocumentKind::Text)
    }

    /// The key of a page, counted from 1.
    pub(crate) fn page_key(&self, page: u32) -> PageKey {
        PageKey { document: self.document.unwrap_or(DocumentId(0)), page }
    }

    /// Whether the file carries a table of contents.
    pub(crate) fn has_contents(&self) -> bool {
        matches!(&self.info, Remote::Ready(info) if !info.outline.is_empty())
    }

    /// The picture, where it is there; else it is wanted in this frame.
    pub(crate) fn picture(&mut self, key: PictureKey) -> Option<TextureId> {
        let picture = self.textures.get(&key);
        if picture.is_none() && self.textures.lacks(&key) {
            self.wanted.push(Wanted::Picture(key));
        }
        picture
    }

    /// Notes that a page's lines are wanted in this frame, where they are not there.
    pub(crate) fn want_text(&mut self, page: u32) {
        let wanted = Wanted::Page(self.page_key(page));
        let is_known = self.texts.contains_key(&page) || self.textless.contains(&page);
        if !is_known && !self.wanted_texts.contains(&wanted) {
            self.wanted_texts.push(wanted);
        }
    }

    /// Ends a frame: what is wanted now, where that is not what was said last.
    pub(crate) fn end_frame(&mut self) -> Option<Vec<Wanted>> {
        self.textures.end_frame();
        if let Some(selection) = self.selection.clone() {
            selection.pages().for_each(|page| self.want_text(page));
        }
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.append(&mut self.wanted_texts);
        // What is still on its way need not be said again.
        let is_new = wanted.iter().any(|wanted| !self.told.contains(wanted));
        if wanted.is_empty() || !is_new {
            return None;
        }
        self.told.clone_from(&wanted);
        Some(wanted)
    }
}
