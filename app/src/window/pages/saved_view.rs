//! How a report is looked at, as far as the session saves it: plain data, copied to and from
//! [`KeptReport`](crate::window::saved::session::KeptReport).

use crate::window::pages::action::{Paging, Zoom};
use crate::window::pages::column::Spot;
use crate::window::pages::placement::Rotation;

/// Position, size and search of a report.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SavedView {
    /// The place at the top of the view.
    pub top: Spot,
    /// Page size on screen.
    pub zoom: Zoom,
    /// Rotation of all pages.
    pub rotation: Rotation,
    /// Continuous or single pages.
    pub paging: Paging,
    /// Text of the search field.
    pub query: String,
    /// Whether the table of contents replaces the list of pages.
    pub shows_contents: bool,
}

impl SavedView {
    /// Whether the search field holds words.
    pub(crate) fn is_finding(&self) -> bool {
        !self.query.trim().is_empty()
    }
}
