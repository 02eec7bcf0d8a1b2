//! What `recto pages --pictures` and the engine say to each other about an image file, framed as in [`super::wire`].
//!
//! The server speaks first, with [`PictureReply::Hello`]; after that each [`PictureRequest`] gets exactly one reply, in
//! order, except that the rows of a rendering come in pieces.

use std::ffi::OsString;

use serde::{Deserialize, Serialize};

use super::super::geometry::Rect;
use super::wire::Pixels;

/// Incremented whenever a message changes its shape; both sides must agree.
pub const VERSION: u32 = 1;

/// Most pictures of a file that are listed.
pub const MAX_PICTURES: usize = 10_000;

/// Most warnings about a file.
pub const MAX_WARNINGS: usize = 16;

/// Most bytes of pixels in one message.
pub const MAX_PIECE_BYTES: usize = 1 << 20;

/// Most pixels of a rendering.
pub const MAX_RENDERED_PIXELS: u64 = 64 << 20;

/// A request of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PictureRequest {
    /// Opens a file: the first request, and the only one of its kind.
    Open {
        /// Where it is.
        path: OsString,
    },
    /// Decodes picture `index` (from 0), which is kept until another one is decoded.
    Check {
        /// Counted from 0.
        index: u32,
    },
    /// Draws a rectangle of picture `index`.
    Render {
        /// Counted from 0.
        index: u32,
        /// What to draw, in page space.
        rect: Rect,
        /// Width of the result in pixels.
        width_px: u32,
        /// Height of the result in pixels.
        height_px: u32,
    },
}

/// A reply of the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PictureReply {
    /// The first message.
    Hello {
        /// [`VERSION`] of the server.
        version: u32,
    },
    /// To [`PictureRequest::Open`].
    Opened(PicturesInfo),
    /// To [`PictureRequest::Check`]: it can be decoded.
    Checked,
    /// To [`PictureRequest::Render`]: the next rows, or parts of them, of at most [`MAX_PIECE_BYTES`], until all are sent.
    Piece(Pixels),
    /// The request cannot be met.
    Refused(PictureFault),
}

/// Why a request cannot be met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PictureFault {
    /// The file cannot be read; the system's message.
    Io(String),
    /// The picture exceeds a limit; its size.
    TooLarge(String),
    /// The format has variants that cannot be decoded, and this is one.
    Unsupported,
    /// It is damaged; what the decoder says.
    Damaged(Option<String>),
    /// There is no such picture, or no such part of it.
    OutOfBounds,
}

/// What is known of an image file without decoding its pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PicturesInfo {
    /// Width and height of each picture as displayed, in pixels; `None` if they cannot be read.
    pub sizes_px: Vec<Option<(u32, u32)>>,
    /// Problems that do not prevent reading it.
    pub warnings: Vec<String>,
}

impl PicturesInfo {
    /// Whether this can be what a file says; the server may have been taken over by one.
    pub(super) fn is_sound(&self) -> bool {
        (1..=MAX_PICTURES).contains(&self.sizes_px.len()) && self.warnings.len() <= MAX_WARNINGS
    }
}
