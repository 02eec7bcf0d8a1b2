//! The messages between the two sides of the pipe, and their framing.
//!
//! A message is its length in bytes (u32, little endian) followed by that many bytes of postcard. The server speaks
//! first, with [`Reply::Hello`]; after that each [`Request`] gets exactly one reply, in order.

use std::ffi::OsString;
use std::io::{self, Read, Write};

use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::bounded::at_most;
use super::super::geometry::Rect;
use super::super::page::{Metadata, OutlineItem};
use super::super::raw::RawPage;
use super::sandbox::Sandbox;

/// Incremented whenever a message changes its shape; both sides must agree.
pub const VERSION: u32 = 3;

/// Longest message that is sent or accepted, in bytes: room for [`MAX_PIXELS`] and their envelope.
pub const MAX_MESSAGE: usize = 200 << 20;

/// Most pixels that one rendering may have.
pub const MAX_PIXELS: u64 = 64 << 20;

/// A request of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Opens a file: the first request, and the only one of its kind, since the sandbox prevents opening another.
    Open {
        /// Where it is.
        path: OsString,
        /// Its password, where it has one.
        password: Option<String>,
    },
    /// Reads labels and table of contents, which a hostile file may make impossible.
    Extras,
    /// Reads page `index` (from 0).
    Page {
        /// Counted from 0.
        index: u32,
    },
    /// Draws a rectangle of page `index`.
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
pub enum Reply {
    /// The first message: PDFium is loaded and requests may come.
    Hello {
        /// [`VERSION`] of the server.
        version: u32,
    },
    /// To [`Request::Open`], with the sandbox of the server.
    Opened(FileInfo, Sandbox),
    /// To [`Request::Extras`].
    Extras(Extras),
    /// To [`Request::Page`].
    Page(RawPage),
    /// To [`Request::Render`].
    Rendered(Pixels),
    /// The request, or in place of the hello every request, cannot be met.
    Refused(Fault),
}

/// Why a request cannot be met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// PDFium's library cannot be loaded; the system's message.
    Library(String),
    /// The file cannot be read; the system's message.
    Io(String),
    /// The file is encrypted and no password was given.
    NeedsPassword,
    /// The file is encrypted and the password is wrong.
    WrongPassword,
    /// The file is encrypted with a method that PDFium does not know.
    UnknownEncryption,
    /// PDFium finds no document in the file.
    Damaged,
    /// The document has no pages.
    ZeroPages,
    /// PDFium cannot load the page.
    PageDamaged,
    /// What is requested exceeds the limits, or makes no sense (an empty rectangle).
    OutOfBounds,
    /// No file is open.
    NothingOpen,
}

/// A PDF's own metadata.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Number of pages: those that exist, at most [`MAX_LISTED_PAGES`].
    pub page_count: u32,
    /// How many pages the file says it has.
    pub claimed_pages: u32,
    /// Width and height of the pages as displayed, in points.
    #[serde(deserialize_with = "at_most::<_, _, { MAX_LISTED_PAGES as usize }>")]
    pub sizes_pt: Vec<(f32, f32)>,
    /// Printed page numbers; empty if the file has none. Filled from [`Extras`].
    #[serde(deserialize_with = "at_most::<_, _, { MAX_LISTED_PAGES as usize }>")]
    pub labels: Vec<Option<String>>,
    /// Title, author and the like.
    pub metadata: Metadata,
    /// The stored table of contents. Filled from [`Extras`].
    #[serde(deserialize_with = "at_most::<_, _, MAX_OUTLINE>")]
    pub outline: Vec<OutlineItem>,
}

impl FileInfo {
    /// Whether this can be what a file says. The serving side may have been taken over by one, so the asking side looks again at
    /// every number before it relies on it.
    pub(super) fn is_sound(&self) -> bool {
        let pages = 1..=self.page_count;
        let is_listed = |length: usize| length <= self.page_count as usize;
        (1..=MAX_LISTED_PAGES).contains(&self.page_count)
            && is_listed(self.sizes_pt.len())
            && is_listed(self.labels.len())
            && self.sizes_pt.iter().all(|(width, height)| width.is_finite() && height.is_finite())
            && self
                .outline
                .iter()
                .all(|item| item.depth <= MAX_OUTLINE_DEPTH && item.page.is_none_or(|page| pages.contains(&page)))
    }

    /// Whether both describe the same file, apart from what [`Extras`] add.
    pub(in super::super) fn is_of_same_file(&self, other: &Self) -> bool {
        let own = |info: &Self| (info.page_count, info.claimed_pages);
        own(self) == own(other) && self.sizes_pt == other.sizes_pt && self.metadata == other.metadata
    }
}

/// What is good to have of a PDF but may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Extras {
    /// Printed page numbers by page; empty if the file has none.
    #[serde(deserialize_with = "at_most::<_, _, { MAX_LISTED_PAGES as usize }>")]
    pub labels: Vec<Option<String>>,
    /// The stored table of contents.
    #[serde(deserialize_with = "at_most::<_, _, MAX_OUTLINE>")]
    pub outline: Vec<OutlineItem>,
    /// Whether a limit left some out.
    pub truncated: bool,
}

/// Most entries taken from a table of contents.
pub const MAX_OUTLINE: usize = 10_000;

/// Deepest level taken from a table of contents.
pub const MAX_OUTLINE_DEPTH: u16 = 32;

/// Most pages of a file that are read; Recto keeps something for each of them.
pub const MAX_LISTED_PAGES: u32 = 20_000;

/// Pixels of a rendering: rows from top to bottom, three bytes each (red, green, blue), no padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pixels(pub Vec<u8>);

impl Serialize for Pixels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pixels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
        deserializer.deserialize_bytes(Bytes).map(Pixels)
    }
}

/// Writes one message.
///
/// # Errors
/// Fails if the pipe does, and with [`io::ErrorKind::InvalidData`] if the message is longer than [`MAX_MESSAGE`].
pub fn write_message<T: Serialize>(to: &mut impl Write, message: &T) -> io::Result<()> {
    let bytes = postcard::to_stdvec(message).map_err(invalid)?;
    if bytes.len() > MAX_MESSAGE {
        return Err(invalid("message too long"));
    }
    to.write_all(&(bytes.len() as u32).to_le_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads one message; `None` if the other side closed the pipe between two messages.
///
/// # Errors
/// Fails if the pipe does, if it ends within a message, and with [`io::ErrorKind::InvalidData`] if the message
/// is longer than [`MAX_MESSAGE`] or cannot be understood.
pub fn read_message<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read(&mut length[..1])? {
        0 => return Ok(None),
        _ => from.read_exact(&mut length[1..])?,
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_MESSAGE {
        return Err(invalid("message too long"));
    }
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    postcard::from_bytes(&bytes).map(Some).map_err(invalid)
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_as_they_were_sent() {
        let mut pipe = Vec::new();
        let open = Request::Open { path: "a file.pdf".into(), password: Some("æøå".to_owned()) };
        let drawn = Reply::Rendered(Pixels(vec![1, 2, 255]));
        write_message(&mut pipe, &open).expect("written");
        write_message(&mut pipe, &drawn).expect("written");
        let mut pipe = pipe.as_slice();
        assert_eq!(read_message::<Request>(&mut pipe).expect("read"), Some(open));
        assert_eq!(read_message::<Reply>(&mut pipe).expect("read"), Some(drawn));
        assert_eq!(read_message::<Reply>(&mut pipe).expect("read"), None);
    }

    #[test]
    fn a_broken_pipe_is_an_error_not_a_message() {
        for (bytes, what) in [
            (&[1u8, 0][..], "ends within the length"),
            (&[9, 0, 0, 0, 1][..], "ends within the message"),
            (&[255, 255, 255, 255, 0][..], "longer than allowed"),
            (&[1, 0, 0, 0, 200][..], "no such message"),
        ] {
            assert!(read_message::<Reply>(&mut &bytes[..]).is_err(), "{what}");
        }
    }
}
