//! Colours and sizes as `assets/theme` gives them.

use eframe::egui::Color32;
use serde::{Deserialize, Deserializer};

/// The colours of one theme, named by role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Colours {
    /// Ground of the window.
    #[serde(deserialize_with = "colour")]
    pub background: Color32,
    /// Ground of cards and fields.
    #[serde(deserialize_with = "colour")]
    pub surface: Color32,
    /// Ground of tracks and resting controls.
    #[serde(deserialize_with = "colour")]
    pub sunken: Color32,
    /// Text.
    #[serde(deserialize_with = "colour")]
    pub ink: Color32,
    /// Text that stands back.
    #[serde(deserialize_with = "colour")]
    pub ink_muted: Color32,
    /// Borders and rules.
    #[serde(deserialize_with = "colour")]
    pub line: Color32,
    /// What can be done, and how much.
    #[serde(deserialize_with = "colour")]
    pub accent: Color32,
    /// The same under the pointer.
    #[serde(deserialize_with = "colour")]
    pub accent_hover: Color32,
    /// Text on the accent.
    #[serde(deserialize_with = "colour")]
    pub on_accent: Color32,
    /// Ground of selected text.
    #[serde(deserialize_with = "colour")]
    pub selection: Color32,
    /// Ground of a page that is shown.
    #[serde(deserialize_with = "colour")]
    pub paper: Color32,
    /// Text on it, where Recto sets the text itself.
    #[serde(deserialize_with = "colour")]
    pub paper_ink: Color32,
    /// What is selected on it, and regions; drawn thinly.
    #[serde(deserialize_with = "colour")]
    pub selected_on_paper: Color32,
    /// Border of a link on it that could be pressed.
    #[serde(deserialize_with = "colour")]
    pub link_on_paper: Color32,
    /// Ground of a citation.
    #[serde(deserialize_with = "colour")]
    pub citation: Color32,
    /// A number of an answer that stands in its evidence.
    #[serde(deserialize_with = "colour")]
    pub found_number: Color32,
    /// One that does not.
    #[serde(deserialize_with = "colour")]
    pub lost_number: Color32,
    /// What is marked on it; drawn thinly, so that what is marked can be read.
    #[serde(deserialize_with = "colour")]
    pub mark: Color32,
    /// Text of an error.
    #[serde(deserialize_with = "colour")]
    pub error: Color32,
    /// Ground of an error.
    #[serde(deserialize_with = "colour")]
    pub error_ground: Color32,
}

/// Sizes in points.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sizes {
    /// Text of captions and notes.
    pub text_small: f32,
    /// Text that is read.
    pub text_body: f32,
    /// Headings of parts of the window.
    pub text_heading: f32,
    /// The name on the first screen.
    pub text_title: f32,
    /// Between what belongs together.
    pub gap_small: f32,
    /// Between things.
    pub gap: f32,
    /// Between groups, and margins of the window.
    pub gap_large: f32,
    /// Corners of cards, fields and buttons.
    pub radius: u8,
    /// Height of fields and buttons.
    pub control_height: f32,
    /// Widest column of text that is still easy to read.
    pub column_width: f32,
    /// Width of the panel with questions and answers, until the user sets it.
    pub conversation_width: f32,
    /// Width of a page in the list of pages.
    pub thumbnail_width: f32,
    /// Width of the list of places where words were found.
    pub found_width: f32,
    /// Height of a bar that shows a share or a progress.
    pub bar_height: f32,
}

/// Reads `#rrggbb`.
fn colour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Color32, D::Error> {
    let text = String::deserialize(deserializer)?;
    Color32::from_hex(&text).map_err(|_| serde::de::Error::custom(format!("`{text}` is no colour like #1a2b3c")))
}
