//! Colours and sizes from `assets/theme`.

use eframe::egui::Color32;
use serde::{Deserialize, Deserializer};

/// The colours of one theme, named by role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Colours {
    /// Window background.
    #[serde(deserialize_with = "colour")]
    pub background: Color32,
    /// Background of cards and fields.
    #[serde(deserialize_with = "colour")]
    pub surface: Color32,
    /// Background of tracks and inactive controls.
    #[serde(deserialize_with = "colour")]
    pub sunken: Color32,
    /// Text.
    #[serde(deserialize_with = "colour")]
    pub ink: Color32,
    /// Muted text.
    #[serde(deserialize_with = "colour")]
    pub ink_muted: Color32,
    /// Borders and rules.
    #[serde(deserialize_with = "colour")]
    pub line: Color32,
    /// Primary actions and progress.
    #[serde(deserialize_with = "colour")]
    pub accent: Color32,
    /// Accent under the pointer.
    #[serde(deserialize_with = "colour")]
    pub accent_hover: Color32,
    /// Text on the accent.
    #[serde(deserialize_with = "colour")]
    pub on_accent: Color32,
    /// Background of selected text.
    #[serde(deserialize_with = "colour")]
    pub selection: Color32,
    /// Page background.
    #[serde(deserialize_with = "colour")]
    pub paper: Color32,
    /// Text of pages that Recto typesets.
    #[serde(deserialize_with = "colour")]
    pub paper_ink: Color32,
    /// Selections and regions on a page; drawn translucent.
    #[serde(deserialize_with = "colour")]
    pub selected_on_paper: Color32,
    /// Border of a link on a page.
    #[serde(deserialize_with = "colour")]
    pub link_on_paper: Color32,
    /// Background of a citation.
    #[serde(deserialize_with = "colour")]
    pub citation: Color32,
    /// A number of an answer found in its evidence.
    #[serde(deserialize_with = "colour")]
    pub found_number: Color32,
    /// A number not found there.
    #[serde(deserialize_with = "colour")]
    pub lost_number: Color32,
    /// Marks on a page; drawn translucent.
    #[serde(deserialize_with = "colour")]
    pub mark: Color32,
    /// Text of an error.
    #[serde(deserialize_with = "colour")]
    pub error: Color32,
    /// Background of an error.
    #[serde(deserialize_with = "colour")]
    pub error_ground: Color32,
}

/// Sizes in points.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sizes {
    /// Captions and notes.
    pub text_small: f32,
    /// Body text.
    pub text_body: f32,
    /// Headings.
    pub text_heading: f32,
    /// Title of the first screen.
    pub text_title: f32,
    /// Gap between related items.
    pub gap_small: f32,
    /// Gap between items.
    pub gap: f32,
    /// Gap between groups, and window margins.
    pub gap_large: f32,
    /// Corner radius of cards, fields and buttons.
    pub radius: u8,
    /// Height of fields and buttons.
    pub control_height: f32,
    /// Maximum width of a text column.
    pub column_width: f32,
    /// Default width of the conversation panel.
    pub conversation_width: f32,
    /// Width of page thumbnails.
    pub thumbnail_width: f32,
    /// Width of the list of search hits.
    pub found_width: f32,
    /// Height of progress bars.
    pub bar_height: f32,
}

/// Parses `#rrggbb`.
fn colour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Color32, D::Error> {
    let text = String::deserialize(deserializer)?;
    Color32::from_hex(&text).map_err(|_| serde::de::Error::custom(format!("`{text}` is not a colour like #1a2b3c")))
}
