//! What the user can do with the view, as plain data.

use eframe::egui::{Pos2, Vec2};
use engine::document::geometry::Rect;
use engine::protocol::PageEvidence;
use serde::{Deserialize, Serialize};

use crate::window::pages::column::Spot;
use crate::window::pages::selection::Selection;

/// Most places marked of one page that an answer came from: the best; more would bury the next page.
pub(crate) const MOST_SPANS: usize = 3;

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

/// How pages follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Paging {
    /// One below the other.
    #[default]
    Continuous,
    /// One at a time.
    Single,
}

/// What a drag over a page does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Selects text.
    #[default]
    Select,
    /// Draws the region that the next question is about.
    Region,
}

/// What is being dragged over pages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Drag {
    /// Text is being selected, from what the drag began at.
    Text(Selection),
    /// A region is being drawn.
    Region {
        /// The page, counted from 1.
        page: u32,
        /// Where it began, in points of the page.
        from: Pos2,
    },
}

/// How far to go on reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stretch {
    /// So many screen points.
    Points(f32),
    /// So many times what is in sight.
    Screens(f32),
}

/// What the user does with the view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ViewAction {
    /// Show a page from its top, counted from 1.
    GoTo(u32),
    /// Show the next page from its top, or one so many pages before or after.
    Step(i32),
    /// Read on, or back; with single pages, past the end of one to the next.
    Scroll(Stretch),
    /// Scroll by so many screen points, as a drag past the edge of the view does.
    ScrollBy(Vec2),
    /// Return to where the view was before the last jump.
    Back,
    /// Undo that.
    Forward,
    /// Show pages at another size.
    Zoom(Zoom),
    /// Show them so many times as large.
    ZoomBy(f32),
    /// The same, with a place staying where it is.
    ZoomAt {
        /// The place.
        spot: Spot,
        /// Where it is in the view, from the corner.
        at: Vec2,
        /// The factor.
        factor: f32,
    },
    /// Turn all pages by so many quarters, clockwise.
    Rotate(i32),
    /// Show pages one below the other, or one at a time.
    Page(Paging),
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
    /// Select text, or no longer.
    Select(Option<Selection>),
    /// Select all text of the page in sight.
    SelectPage,
    /// Put the selected text into the clipboard, once all of it is known.
    Copy,
    /// Let drags do something else.
    Take(Tool),
    /// Show the table of contents in place of the list of pages, or the other way round.
    ShowContents(bool),
    /// Hide the subsections of a section of the table of contents, or show them.
    Fold {
        /// The section, counted from 0.
        item: usize,
        /// Whether they are hidden.
        is_folded: bool,
    },
}

/// What a frame is to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Jump {
    /// A page from its top, counted from 0.
    Page(usize),
    /// The end of a page.
    Foot(usize),
    /// A place at the top of the view.
    Top(Spot),
    /// A place in the middle of it.
    Middle(Spot),
    /// A place at a point of the view, counted from its corner.
    At(Spot, Vec2),
    /// What lies so far from here, in screen points.
    By(Vec2),
}

impl Jump {
    /// The page it leads to, where that may be another one.
    pub(super) fn index(self) -> Option<usize> {
        match self {
            Self::Page(index) | Self::Foot(index) => Some(index),
            Self::Top(spot) | Self::Middle(spot) | Self::At(spot, _) => Some(spot.index),
            Self::By(_) => None,
        }
    }
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
