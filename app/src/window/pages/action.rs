//! What the user can do with the view: plain data.

use eframe::egui::{Pos2, Vec2};
use engine::document::geometry::Rect;
use engine::protocol::PageEvidence;
use serde::{Deserialize, Serialize};

use crate::window::pages::column::Spot;
use crate::window::pages::selection::Selection;

/// Most sources of an answer marked on one page, best first; more would bury the next page.
pub(crate) const MOST_SPANS: usize = 3;

/// Page size on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Zoom {
    /// The page fills the width of the view.
    #[default]
    FitWidth,
    /// The whole page fits the view.
    FitPage,
    /// Screen points per point of the page.
    Fixed(f32),
}

/// How pages follow one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Paging {
    /// One below the other.
    #[default]
    Continuous,
    /// One at a time.
    Single,
}

/// What a drag on a page does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Selects text.
    #[default]
    Select,
    /// Draws a region to ask about.
    Region,
}

/// A drag in progress.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Drag {
    /// Text is selected, starting from this.
    Text(Selection),
    /// A region is drawn.
    Region {
        /// The page, counted from 1.
        page: u32,
        /// Its first corner, in points of the page.
        from: Pos2,
    },
}

/// How far to scroll.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stretch {
    /// Screen points.
    Points(f32),
    /// Heights of the view.
    Screens(f32),
}

/// One thing the user does with the view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ViewAction {
    /// Go to the top of a page, counted from 1.
    GoTo(u32),
    /// Go forward by pages, or back.
    Step(i32),
    /// Scroll down, or up; with single pages, past the end of one to the next.
    Scroll(Stretch),
    /// Scroll by screen points, as a drag past the edge of the view does.
    ScrollBy(Vec2),
    /// Return to where the view was before the last jump.
    Back,
    /// Undo Back.
    Forward,
    /// Change the page size.
    Zoom(Zoom),
    /// Multiply the page size.
    ZoomBy(f32),
    /// Multiply the zoom around a fixed position.
    ZoomAt {
        /// The place.
        spot: Spot,
        /// Where it is in the view.
        at: Vec2,
        /// The factor.
        factor: f32,
    },
    /// Rotate all pages by quarter turns, clockwise.
    Rotate(i32),
    /// Switch between continuous and single pages.
    Page(Paging),
    /// Go to lines and figures of a page and mark them.
    Show(Marks),
    /// Remove the marks.
    Unmark,
    /// Go to the next hit of the search.
    NextHit,
    /// Go to the previous hit.
    PreviousHit,
    /// Go to a hit, counted from 0.
    ShowHit(usize),
    /// Select text, or nothing.
    Select(Option<Selection>),
    /// Select all text of the current page.
    SelectPage,
    /// Copy the selected text, once all of it is known.
    Copy,
    /// Choose what a drag does.
    Take(Tool),
    /// Show the table of contents in place of the list of pages, or the reverse.
    ShowContents(bool),
    /// Fold or unfold a section of the table of contents.
    Fold {
        /// The section, counted from 0.
        item: usize,
        /// Whether its subsections are hidden.
        is_folded: bool,
    },
}

/// Where a frame scrolls to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Jump {
    /// The top of a page, counted from 0.
    Page(usize),
    /// The end of a page.
    Foot(usize),
    /// A place at the top of the view.
    Top(Spot),
    /// A place in the middle of it.
    Middle(Spot),
    /// A place at a point of the view.
    At(Spot, Vec2),
    /// So far from here, in screen points.
    By(Vec2),
}

impl Jump {
    /// The page it leads to, if that is known.
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
    /// The best sources of an answer on a page.
    pub(crate) fn of_page(page: &PageEvidence) -> Self {
        let spans = page.spans.iter().take(MOST_SPANS);
        Self { page: page.page, boxes: spans.flat_map(|span| span.boxes.iter().copied()).collect() }
    }
}
