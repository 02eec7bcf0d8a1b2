//! How the open report is looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use eframe::egui::{Context, Vec2};
use engine::document::geometry::Rect;
use engine::document::page::{DocumentKind, Page};
use engine::protocol::{ErrorReport, PageEvidence};
use engine::viewer::{DocumentId, PageKey, PictureKey, ViewEvent, ViewInfo, Wanted};
use serde::{Deserialize, Serialize};

use super::super::state::Remote;
use super::column::Spot;
use super::find::Find;
use super::textures::Textures;

/// Pages whose lines are held at most.
const MOST_TEXTS: usize = 64;

/// Most places marked of one page that an answer came from: the best; more would bury the next page.
pub(crate) const MOST_SPANS: usize = 3;

/// Places that Back leads to at most.
const MOST_PLACES: usize = 100;

/// Smallest and largest scale.
const ZOOM_RANGE: (f32, f32) = (0.1, 8.0);

/// How large pages are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Zoom {
    /// As wide as the view.
    #[default]
    FitWidth,
    /// Wholly in the view.
    FitPage,
    /// So many screen points to a point of the page.
    Fixed(f32),
}

/// What the user does with the view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ViewAction {
    /// Show a page from its top, counted from 1.
    GoTo(u32),
    /// Return to where the view was before the last jump.
    Back,
    /// Undo that.
    Forward,
    /// Show pages at another size.
    Zoom(Zoom),
    /// Show them so many times as large.
    ZoomBy(f32),
    /// Show lines and figures of a page.
    Show(Marks),
    /// Take the marks away.
    Unmark,
    /// Show the next place where the words stand that are looked for.
    NextHit,
    /// Show the one before.
    PreviousHit,
    /// Show one of them, counted from 0.
    ShowHit(usize),
}

/// What a frame is to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Jump {
    /// A place at the top of the view.
    Top(Spot),
    /// A place in the middle of it.
    Middle(Spot),
    /// A place at a point of the view, counted from its corner.
    At(Spot, Vec2),
}

/// Parts of a page that are marked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Marks {
    /// Counted from 1.
    pub page: u32,
    /// In points of the page.
    pub boxes: Vec<Rect>,
}

impl Marks {
    /// The best places of a page that an answer came from.
    pub(crate) fn of_page(page: &PageEvidence) -> Self {
        let spans = page.spans.iter().take(MOST_SPANS);
        Self { page: page.page, boxes: spans.flat_map(|span| span.boxes.iter().copied()).collect() }
    }
}

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
    /// What was marked last.
    pub marks: Option<Marks>,
    /// What is looked for.
    pub find: Find,
    /// The page that the list of pages was last brought to.
    pub listed: u32,
    /// What the next frame shows where.
    pub jump: Option<Jump>,
    /// The scale of the last frame.
    pub scale: f32,
    /// How far the view is scrolled.
    pub offset: Vec2,
    /// What lies at the top of the view.
    pub top: Spot,
    /// The page most of which is in sight, counted from 1.
    pub current: u32,
    /// Pictures.
    pub textures: Textures,
    /// Lines of pages.
    pub texts: BTreeMap<u32, Arc<Page>>,
    back: Vec<Spot>,
    forward: Vec<Spot>,
    wanted: Vec<Wanted>,
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
    pub(crate) fn absorb(&mut self, ctx: &Context, event: ViewEvent) {
        let has_come = match &event {
            ViewEvent::Picture { key, .. } => Some(Wanted::Picture(*key)),
            ViewEvent::Page { key, .. } => Some(Wanted::Page(*key)),
            ViewEvent::Blank { wanted, .. } => Some(*wanted),
            ViewEvent::Opened { .. } | ViewEvent::Refused { .. } | ViewEvent::Found { .. } => None,
        };
        self.told.retain(|told| Some(*told) != has_come);
        match event {
            ViewEvent::Opened { document, info } if self.document == Some(document) => {
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
            ViewEvent::Page { key, page } if self.document == Some(key.document) => {
                while self.texts.len() >= MOST_TEXTS {
                    // The page farthest from where one is.
                    let (first, last) = (self.texts.keys().next().copied(), self.texts.keys().next_back().copied());
                    let (Some(first), Some(last)) = (first, last) else { break };
                    let goes = if self.current.abs_diff(first) > self.current.abs_diff(last) { first } else { last };
                    self.texts.remove(&goes);
                }
                self.texts.insert(key.page, page);
            }
            ViewEvent::Found { document, query, page, hits, is_last } if self.document == Some(document) => {
                self.find.absorb(&query, page, hits, is_last);
            }
            ViewEvent::Blank { wanted: Wanted::Picture(key), .. } => self.textures.refuse(key),
            // Of a report that was left, or a page whose lines cannot be told: the picture is shown all the same.
            _ => {}
        }
    }

    /// Does what the user wants.
    pub(crate) fn act(&mut self, action: ViewAction) {
        match action {
            ViewAction::GoTo(page) => {
                let index = page.saturating_sub(1) as usize;
                self.leave_for(Jump::Top(Spot { index, ..Spot::default() }));
            }
            ViewAction::Show(marks) => {
                let first = marks.boxes.first();
                let y_pt = first.map_or(0.0, |first| f32::midpoint(first.top, first.bottom));
                let x_pt = first.map_or(0.0, |first| first.left);
                self.leave_for(Jump::Middle(Spot { index: marks.page.saturating_sub(1) as usize, x_pt, y_pt }));
                self.marks = Some(marks);
            }
            ViewAction::Unmark => self.marks = None,
            ViewAction::NextHit | ViewAction::PreviousHit => {
                self.find.step(action == ViewAction::NextHit, self.current);
                self.show_hit();
            }
            ViewAction::ShowHit(at) => {
                self.find.at = Some(at);
                self.show_hit();
            }
            ViewAction::Back => {
                if let Some(spot) = self.back.pop() {
                    self.forward.push(self.top);
                    self.jump = Some(Jump::Top(spot));
                }
            }
            ViewAction::Forward => {
                if let Some(spot) = self.forward.pop() {
                    self.back.push(self.top);
                    self.jump = Some(Jump::Top(spot));
                }
            }
            ViewAction::Zoom(zoom) => self.set_zoom(zoom),
            ViewAction::ZoomBy(factor) => self.set_zoom(Zoom::Fixed(self.scale * factor)),
        }
    }

    pub(crate) fn set_zoom(&mut self, zoom: Zoom) {
        self.zoom = match zoom {
            Zoom::Fixed(scale) => Zoom::Fixed(scale.clamp(ZOOM_RANGE.0, ZOOM_RANGE.1)),
            other => other,
        };
        // What was at the top stays there.
        self.jump.get_or_insert(Jump::Top(self.top));
    }

    fn leave_for(&mut self, jump: Jump) {
        self.forward.clear();
        self.back.push(self.top);
        if self.back.len() > MOST_PLACES {
            self.back.remove(0);
        }
        self.jump = Some(jump);
    }

    fn show_hit(&mut self) {
        let hit = self.find.at.and_then(|at| self.find.hits.get(at));
        let Some((page, bbox)) = hit.map(|(page, hit)| (*page, hit.bbox)) else { return };
        let spot = Spot { index: page.saturating_sub(1) as usize, x_pt: bbox.left, y_pt: bbox.top };
        // From place to place is no way that anyone goes back step by step.
        self.jump = Some(Jump::Middle(spot));
    }

    /// Whether Back leads anywhere.
    pub(crate) fn can_go_back(&self) -> bool {
        !self.back.is_empty()
    }

    /// Whether Forward leads anywhere.
    pub(crate) fn can_go_forward(&self) -> bool {
        !self.forward.is_empty()
    }

    /// Whether the report is a text, of which there are no pictures.
    pub(crate) fn is_text(&self) -> bool {
        matches!(&self.info, Remote::Ready(info) if info.kind == DocumentKind::Text)
    }

    /// The key of a page, counted from 1.
    pub(crate) fn page_key(&self, page: u32) -> PageKey {
        PageKey { document: self.document.unwrap_or(DocumentId(0)), page }
    }

    /// Notes that a picture is wanted in this frame, where it is not there.
    pub(crate) fn want(&mut self, key: PictureKey) {
        if self.textures.lacks(&key) {
            self.wanted.push(Wanted::Picture(key));
        }
    }

    /// Notes that a page's lines are wanted in this frame, where they are not there.
    pub(crate) fn want_text(&mut self, page: u32) {
        if !self.texts.contains_key(&page) {
            self.wanted.push(Wanted::Page(self.page_key(page)));
        }
    }

    /// Ends a frame: what is wanted now, where that is not what was said last.
    pub(crate) fn end_frame(&mut self) -> Option<Vec<Wanted>> {
        self.textures.end_frame();
        let wanted = std::mem::take(&mut self.wanted);
        // What is still on its way need not be said again.
        let is_new = wanted.iter().any(|wanted| !self.told.contains(wanted));
        if wanted.is_empty() || !is_new {
            return None;
        }
        self.told.clone_from(&wanted);
        Some(wanted)
    }
}
