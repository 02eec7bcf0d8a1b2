//! The file format of entries. All numbers are little-endian, on every machine.
//!
//! ```text
//! 0    8  "RECTOENC"
//! 8    4  version of the format, 1
//! 12   4  kind: 1 window, 2 vision features, 3 which picture a figure shows, 4 pages
//! 16  32  key, as in the file's name
//! 48   4  rows            tokens
//! 52   4  columns         numbers a row
//! 56   4  scalars         of the third section, a row
//! 60   4  CRC-32 of bytes 0..60 and 64..128
//! 64  64  four sections: length (8), CRC-32 (4), nothing (4)
//! 128     about           postcard of [`About`]
//!         content         bytes that the caller understands: a window's ids and spans, pages
//!         states          rows × columns × 2: bf16
//!         scalars         scalars × rows × 4: f32, one after the other for all rows
//! ```
//!
//! Each section begins at the next multiple of 64, and the file ends with the last one.

use serde::{Deserialize, Serialize};

use super::clock::now_secs;
use super::key::Key;
use crate::store::StoreFolder;

pub(super) const MAGIC: &[u8; 8] = b"RECTOENC";
pub(super) const VERSION: u32 = 1;
pub(super) const HEADER_BYTES: usize = 128;
const SECTIONS: usize = 4;
const SECTION_TABLE: usize = 64;
const ALIGNMENT: u64 = 64;

/// The content of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// Encoder states of a window.
    Window,
    /// Vision features of a picture.
    Vision,
    /// Which picture a figure of a document shows: a hash of its pixels, so that it need not be rendered to be recognised.
    Picture,
    /// Pages of a document.
    Pages,
}

impl EntryKind {
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Window => 1,
            Self::Vision => 2,
            Self::Picture => 3,
            Self::Pages => 4,
        }
    }

    pub(super) fn of_number(number: u32) -> Option<Self> {
        [Self::Window, Self::Vision, Self::Picture, Self::Pages].into_iter().find(|kind| kind.number() == number)
    }

    /// The folder for entries of this kind.
    pub(super) fn folder(self) -> StoreFolder {
        match self {
            Self::Window => StoreFolder::Encodings,
            Self::Vision | Self::Picture => StoreFolder::Vision,
            Self::Pages => StoreFolder::Pages,
        }
    }
}

/// What an entry belongs to, for listings of the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Name of the document.
    pub document: String,
    /// SHA-256 of that document's file, in hexadecimal.
    pub document_hash: String,
    /// Name of the model; empty for pages.
    pub model: String,
    /// Creation time, in seconds since 1970.
    pub made_secs: u64,
}

impl About {
    /// With the current time.
    pub fn now(document: &str, document_hash: &str, model: &str) -> Self {
        Self {
            document: document.to_owned(),
            document_hash: document_hash.to_owned(),
            model: model.to_owned(),
            made_secs: now_secs(),
        }
    }
}

/// An entry to store.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What it belongs to.
    pub about: &'a About,
    /// Bytes that the caller understands.
    pub content: &'a [u8],
    /// Tokens.
    pub rows: u32,
    /// Numbers per token.
    pub columns: u32,
    /// bf16, little-endian, row by row: `rows * columns * 2` bytes.
    pub states: &'a [u8],
    /// f32, little-endian, `[scalars, rows]`.
    pub scalars: &'a [u8],
}

/// An encoded file.
pub(super) struct EncodedFile<'a> {
    header: [u8; HEADER_BYTES],
    about: Vec<u8>,
    content: &'a [u8],
    states: &'a [u8],
    scalars: &'a [u8],
}

impl EncodedFile<'_> {
    fn sections(&self) -> [&[u8]; SECTIONS] {
        [&self.about, self.content, self.states, self.scalars]
    }

    /// The file's bytes, in order.
    pub(super) fn parts(&self) -> Vec<&[u8]> {
        const NOTHING: [u8; ALIGNMENT as usize] = [0; ALIGNMENT as usize];
        let mut parts: Vec<&[u8]> = vec![&self.header];
        let mut end = HEADER_BYTES as u64;
        for section in self.sections() {
            let start = end.next_multiple_of(ALIGNMENT);
            parts.push(&NOTHING[..(start - end) as usize]);
            parts.push(section);
            end = start + section.len() as u64;
        }
        parts
    }

    pub(super) fn len_bytes(&self) -> u64 {
        self.parts().iter().map(|part| part.len() as u64).sum()
    }
}

/// Encodes an entry.
pub(super) fn encode<'a>(kind: EntryKind, key: &Key, entry: &Entry<'a>) -> EncodedFile<'a> {
    // Encoding a plain struct of strings and numbers cannot fail.
    let about = postcard::to_stdvec(entry.about).unwrap_or_default();
    let mut header = [0; HEADER_BYTES];
    let scalars = (entry.scalars.len() / 4).checked_div(entry.rows as usize).unwrap_or(0) as u32;
    header[..8].copy_from_slice(MAGIC);
    for (at, number) in [(8, VERSION), (12, kind.number()), (48, entry.rows), (52, entry.columns), (56, scalars)] {
        header[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    header[16..48].copy_from_slice(key.bytes());
    for (at, section) in (SECTION_TABLE..).step_by(16).zip([&about, entry.content, entry.states, entry.scalars]) {
        header[at..at + 8].copy_from_slice(&(section.len() as u64).to_le_bytes());
        header[at + 8..at + 12].copy_from_slice(&crc32fast::hash(section).to_le_bytes());
    }
    let checksum = header_checksum(&header);
    header[60..64].copy_from_slice(&checksum.to_le_bytes());
    EncodedFile { header, about, content: entry.content, states: entry.states, scalars: entry.scalars }
}

fn header_checksum(header: &[u8; HEADER_BYTES]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..60]);
    hasher.update(&header[64..]);
    hasher.finalize()
}

/// A valid header.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) kind: EntryKind,
    pub(super) key: Key,
    pub(super) rows: u32,
    pub(super) columns: u32,
    pub(super) scalars: u32,
    /// Start, length and CRC-32 of each section.
    sections: [(u64, u64, u32); SECTIONS],
}

impl Header {
    /// Parses a header; the error says why it is not valid.
    pub(super) fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, &'static str> {
        let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if &bytes[..8] != MAGIC {
            return Err("it is not one of Recto's files");
        }
        if number(8) != VERSION {
            return Err("it has another version");
        }
        if number(60) != header_checksum(bytes) {
            return Err("its header is damaged");
        }
        let kind = EntryKind::of_number(number(12)).ok_or("it has an unknown kind")?;
        let key = Key::from_bytes(&bytes[16..48]).ok_or("it has no key")?;
        let (rows, columns, scalars) = (number(48), number(52), number(56));
        let mut sections = [(0, 0, 0); SECTIONS];
        let mut end = HEADER_BYTES as u64;
        for (section, at) in sections.iter_mut().zip((SECTION_TABLE..).step_by(16)) {
            let len = u64::from(number(at)) | u64::from(number(at + 4)) << 32;
            let start = end.next_multiple_of(ALIGNMENT);
            *section = (start, len, number(at + 8));
            end = start.checked_add(len).filter(|&end| end < 1 << 62).ok_or("its sections are too long")?;
        }
        let bytes_of = |count: u32, width: u64| u64::from(count).checked_mul(u64::from(rows))?.checked_mul(width);
        if bytes_of(columns, 2) != Some(sections[2].1) || bytes_of(scalars, 4) != Some(sections[3].1) {
            return Err("its lengths are inconsistent");
        }
        Ok(Self { kind, key, rows, columns, scalars, sections })
    }

    /// The byte ranges of the sections: about, content, states, scalars.
    pub(super) fn range(&self, section: Section) -> std::ops::Range<usize> {
        let (start, len, _) = self.sections[section as usize];
        start as usize..(start + len) as usize
    }

    /// The expected length of the file.
    pub(super) fn file_bytes(&self) -> u64 {
        let (start, len, _) = self.sections[SECTIONS - 1];
        start + len
    }

    /// A section of a file's bytes, provided its checksum is right.
    pub(super) fn checked<'a>(&self, file: &'a [u8], section: Section) -> Option<&'a [u8]> {
        let bytes = file.get(self.range(section))?;
        (crc32fast::hash(bytes) == self.sections[section as usize].2).then_some(bytes)
    }
}

/// A section of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    About = 0,
    Content = 1,
    States = 2,
    Scalars = 3,
}

impl Section {
    pub(super) const ALL: [Self; SECTIONS] = [Self::About, Self::Content, Self::States, Self::Scalars];
}
