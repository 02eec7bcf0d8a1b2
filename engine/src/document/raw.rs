//! A page as PDFium reports it, before layout: characters and drawing objects in page space.
//!
//! Plain data that crosses the pipe from the `pages` process. Layout and figure detection are pure functions of it.

use serde::{Deserialize, Serialize};

use super::bounded::at_most;
use super::geometry::Rect;

/// Most characters read from a page.
pub const MAX_CHARS: usize = 200_000;

/// Most fonts of a page: as many as [`RawChar::font`] tells apart.
pub const MAX_FONTS: usize = 1 << 16;

/// Most objects read from a page.
pub const MAX_OBJECTS: usize = 100_000;

/// Most links read from a page.
pub const MAX_LINKS: usize = 5_000;

/// The content of one PDF page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RawPage {
    /// Width as displayed (rotation applied), in points.
    pub width_pt: f32,
    /// Height as displayed (rotation applied), in points.
    pub height_pt: f32,
    /// The page's own rotation, clockwise: 0, 90, 180 or 270 degrees. Already applied to all positions below.
    pub rotation_deg: u16,
    /// Characters in the order of the text stream.
    #[serde(deserialize_with = "at_most::<_, _, MAX_CHARS>")]
    pub chars: Vec<RawChar>,
    /// Fonts that [`RawChar::font`] points into.
    #[serde(deserialize_with = "at_most::<_, _, MAX_FONTS>")]
    pub fonts: Vec<RawFont>,
    /// Everything drawn that is not text, in drawing order, with form objects expanded.
    #[serde(deserialize_with = "at_most::<_, _, MAX_OBJECTS>")]
    pub objects: Vec<RawObject>,
    /// Links on the page.
    #[serde(deserialize_with = "at_most::<_, _, MAX_LINKS>")]
    pub links: Vec<RawLink>,
    /// Whether a limit truncated the page (too many characters or objects).
    pub truncated: bool,
}

/// One character.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawChar {
    /// The character; `\u{fffd}` if the font does not say.
    pub unicode: char,
    /// Box of the advance width and the font's ascent and descent (PDFium's loose box).
    pub loose: Rect,
    /// Box of the ink (PDFium's tight box); empty for blanks.
    pub tight: Rect,
    /// Start of the baseline, x.
    pub origin_x: f32,
    /// Start of the baseline, y.
    pub origin_y: f32,
    /// Direction of the baseline on the displayed page: degrees clockwise from left-to-right, one of 0..360.
    pub angle_deg: f32,
    /// Size of the font as shown, in points.
    pub font_size_pt: f32,
    /// Index into [`RawPage::fonts`].
    pub font: u16,
    /// Inserted by PDFium: blanks and line ends where the file only positions words apart.
    pub generated: bool,
    /// PDFium considers it a hyphen at a line's end.
    pub hyphen: bool,
    /// Drawn without ink (text render mode 3), as OCR layers over scans are.
    pub invisible: bool,
}

/// A font's face.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RawFont {
    /// Name as given in the file.
    pub name: String,
    /// Weight 400 normal, 700 bold; 0 if unknown.
    pub weight: u16,
    /// Slanted.
    pub italic: bool,
}

/// What kind of drawing an object is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum RawObjectKind {
    /// Lines and areas.
    Path {
        /// Outline drawn.
        stroked: bool,
        /// Inside filled.
        filled: bool,
        /// Fill colour, red green blue alpha.
        fill_rgba: [u8; 4],
        /// Stroke colour, red green blue alpha.
        stroke_rgba: [u8; 4],
        /// Number of segments; 4 or 5 straight ones make a rectangle.
        segments: u32,
        /// Whether any segment is a curve.
        curved: bool,
    },
    /// A colour gradient.
    Shading,
    /// A raster image.
    Image {
        /// Width in pixels of the image itself.
        width_px: u32,
        /// Height in pixels of the image itself.
        height_px: u32,
    },
}

/// A drawing object, clipped to the page.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawObject {
    /// What it is.
    pub kind: RawObjectKind,
    /// Where it is, stroke width included.
    pub bbox: Rect,
    /// Number of the outermost form object that contains it, counted over the page from 1; 0 if there is none.
    pub form: u32,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawLink {
    /// Where to click.
    pub bbox: Rect,
    /// Where it leads.
    pub target: LinkTarget,
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkTarget {
    /// To a page of the same document, counted from 1.
    Page(u32),
    /// To an address; never followed by Recto itself.
    Uri(String),
}
