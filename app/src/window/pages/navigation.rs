//! Where the reader is in the report, and what is selected, marked and found there.

use eframe::egui::{Vec2, pos2};

use crate::window::pages::action::{Jump, Marks, Tool};
use crate::window::pages::arrange::PAGE_GAP;
use crate::window::pages::column::{Column, Spot};
use crate::window::pages::contents::Contents;
use crate::window::pages::find::Find;
use crate::window::pages::selection::Selection;
use crate::window::pages::zoom::Anchor;

/// Most places that Back leads to.
const MOST_PLACES: usize = 100;

/// This close to its end, in screen points, a page counts as read.
const AT_END: f32 = 1.0;

/// What the last frame showed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shown {
    /// Screen points per point of a page.
    pub scale: f32,
    /// Width and height of the view, in screen points.
    pub room: Vec2,
    /// Scroll position, in screen points.
    pub offset: Vec2,
    /// Largest scroll position.
    pub end: Vec2,
    /// The place at the top of the view.
    pub top: Spot,
    /// The place in the middle of the view.
    pub middle: Spot,
    /// The page in the middle of the view, counted from 1.
    pub current: u32,
}

impl Shown {
    /// What a view of the column shows at a scroll position.
    pub(crate) fn new(column: &Column, offset: Vec2) -> Self {
        let room = column.how().room;
        let spot = |at: Vec2| column.spot((offset + at).to_pos2());
        Self {
            scale: column.how().scale,
            room,
            offset,
            end: column.size() - room,
            top: spot(Vec2::splat(PAGE_GAP)),
            middle: spot(room / 2.0),
            current: column.spot(pos2(offset.x, offset.y + room.y / 2.0)).index as u32 + 1,
        }
    }
}

/// Where the reader is.
#[derive(Debug, Default)]
pub(crate) struct Navigation {
    /// The page in the middle of the view, counted from 1.
    pub current: u32,
    /// Where the next frame scrolls to.
    pub jump: Option<Jump>,
    /// What a drag does.
    pub tool: Tool,
    /// Selected text.
    pub selection: Option<Selection>,
    /// Whether the selected text is copied as soon as all of it is known.
    pub(super) is_copying: bool,
    /// The last marks.
    pub marks: Option<Marks>,
    /// Places where the searched words were found.
    pub find: Find,
    /// Folding of the table of contents.
    pub contents: Contents,
    /// What the last frame showed.
    pub shown: Shown,
    /// The place that zooming keeps, until the view is scrolled.
    pub(super) anchor: Option<Anchor>,
    /// Places before jumps.
    pub(super) trail: Trail,
}

/// Places before jumps, and places that were left with Back.
#[derive(Debug, Default)]
pub(super) struct Trail {
    back: Vec<Spot>,
    forward: Vec<Spot>,
}

impl Trail {
    /// Remembers a place before a jump. The way forward ends here.
    pub(super) fn leave(&mut self, place: Spot) {
        self.forward.clear();
        self.back.push(place);
        if self.back.len() > MOST_PLACES {
            self.back.remove(0);
        }
    }

    /// The last place, when going back from `here`.
    pub(super) fn back(&mut self, here: Spot) -> Option<Spot> {
        let place = self.back.pop()?;
        self.forward.push(here);
        Some(place)
    }

    /// The place that was left with Back, when going forward from `here`.
    pub(super) fn forward(&mut self, here: Spot) -> Option<Spot> {
        let place = self.forward.pop()?;
        self.back.push(here);
        Some(place)
    }
}

impl Navigation {
    /// The current page, counted from 0.
    pub(super) fn current_index(&self) -> usize {
        self.current.saturating_sub(1) as usize
    }

    /// Whether Back leads anywhere.
    pub(crate) fn can_go_back(&self) -> bool {
        !self.trail.back.is_empty()
    }

    /// Whether Forward leads anywhere.
    pub(crate) fn can_go_forward(&self) -> bool {
        !self.trail.forward.is_empty()
    }

    /// Whether the view is scrolled to its bottom.
    pub(crate) fn is_at_end(&self) -> bool {
        self.shown.offset.y >= self.shown.end.y - AT_END
    }

    /// Whether the view is scrolled to its top.
    pub(crate) fn is_at_top(&self) -> bool {
        self.shown.offset.y <= AT_END
    }

    /// Changes the selection; an empty one selects nothing.
    pub(super) fn select(&mut self, selection: Option<Selection>) {
        self.selection = selection.filter(|selection| !selection.is_empty());
        self.is_copying = false;
    }

    /// Scrolls by screen points, in addition to pending scrolls; a pending jump takes precedence.
    pub(super) fn scroll_by(&mut self, by: Vec2) {
        let before = match self.jump {
            Some(Jump::By(before)) => before,
            Some(_) => return,
            None => Vec2::ZERO,
        };
        self.jump = Some(Jump::By(before + by));
    }
}
