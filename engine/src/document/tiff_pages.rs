//! Finds the pictures of a TIFF file: where each one's directory is, and what size it gives.
//!
//! The decoder only reads the first picture; [`StartingAt`] shows it the file with another directory as the first, without
//! a copy of the file.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::cancel::{CancelToken, Cancelled};

/// Most pictures read from a file; further ones are counted and left out.
pub(super) const MAX_PAGES: usize = 10_000;

/// Most pictures counted.
const MAX_COUNTED: usize = 1_000_000;

/// Tags of a directory.
const WIDTH: u64 = 256;
const HEIGHT: u64 = 257;
const ORIENTATION: u64 = 274;

/// A picture of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    /// Where its directory is.
    pub(super) offset: u64,
    /// Width and height as displayed, in pixels; `None` if the directory does not say.
    pub(super) size_px: Option<(u32, u32)>,
}

/// The pictures of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directories {
    /// The first [`MAX_PAGES`], in order; none if the file is not a TIFF.
    pub(super) listed: Vec<Directory>,
    /// How many there are.
    pub(super) count: usize,
    /// Whether the list ends where it leads out of the file.
    pub(super) is_cut: bool,
}

impl Directories {
    /// One line on what is missing, if anything is.
    pub(super) fn warning(&self) -> Option<String> {
        let listed = self.listed.len();
        if self.count > listed {
            let more = if self.count > MAX_COUNTED { "more than " } else { "" };
            let (count, left_out) = (self.count.min(MAX_COUNTED), self.count.min(MAX_COUNTED) - listed);
            return Some(format!(
                "the TIFF has {more}{count} pictures, only the first {listed} are read and {more}{left_out} are left out"
            ));
        }
        (self.is_cut && listed > 0)
            .then(|| format!("the TIFF's list of pictures breaks off after {listed}, further ones are lost"))
    }
}

/// Why a file's pictures cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChainError {
    #[error("its list of pictures goes round in a circle")]
    Circular,
    #[error("its list of pictures overlaps itself")]
    Overlapping,
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Finds the pictures. Takes time in proportion to the number of directories and entries.
///
/// # Errors
/// Fails if a directory is listed twice or lies within another, as no program writes them, or once `cancel` was set.
pub(super) fn directories(bytes: &[u8], cancel: &CancelToken) -> Result<Directories, ChainError> {
    let Some(layout) = Layout::of(bytes) else { return Ok(Directories::default()) };
    let mut found = Directories::default();
    let mut offsets = Vec::new();
    // Where each directory begins, and where it ends.
    let mut places = BTreeSet::new();
    let mut next = layout.number(bytes, layout.first_at(), layout.word());
    while let Some(offset) = next.filter(|&offset| offset != 0) {
        if offset >= bytes.len() as u64 {
            next = None;
            break;
        }
        let end = layout.end(bytes, offset);
        if !places.insert((offset, end)) {
            return Err(ChainError::Circular);
        }
        found.count += 1;
        if found.count > MAX_COUNTED {
            break;
        }
        if found.count % 1024 == 0 {
            cancel.check()?;
        }
        if offsets.len() < MAX_PAGES {
            offsets.push(offset);
        }
        next = end.and_then(|end| layout.number(bytes, end - layout.word(), layout.word()));
    }
    found.is_cut = next.is_none();
    let mut last_end = 0;
    for &(offset, end) in &places {
        if offset < last_end {
            return Err(ChainError::Overlapping);
        }
        last_end = end.map_or(offset + 1, |end| end as u64);
    }
    for offset in offsets {
        cancel.check()?;
        found.listed.push(Directory { offset, size_px: layout.size_px(bytes, offset) });
    }
    Ok(found)
}

/// A TIFF file with the directory at some offset as its first. Nothing is copied but the header's offset.
#[derive(Clone, Debug)]
pub(super) struct StartingAt<'a> {
    bytes: &'a [u8],
    /// What the header says instead, and where in it.
    patch: [u8; 8],
    patch_at: usize,
    patch_bytes: usize,
    at: usize,
}

impl<'a> StartingAt<'a> {
    /// The file as it is where `offset` is `None` or the file is no TIFF.
    pub(super) fn new(bytes: &'a [u8], offset: Option<u64>) -> Self {
        let mut patched = Self { bytes, patch: [0; 8], patch_at: 0, patch_bytes: 0, at: 0 };
        if let (Some(layout), Some(offset)) = (Layout::of(bytes), offset)
            && bytes.len() >= layout.first_at() + layout.word()
        {
            patched.patch_at = layout.first_at();
            patched.patch_bytes = layout.word();
            if layout.little {
                patched.patch = offset.to_le_bytes();
            } else {
                patched.patch[..layout.word()].copy_from_slice(&offset.to_be_bytes()[8 - layout.word()..]);
            }
        }
        patched
    }
}

impl BufRead for StartingAt<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let patch_end = self.patch_at + self.patch_bytes;
        Ok(if self.at < self.patch_at {
            &self.bytes[self.at..self.patch_at]
        } else if self.at < patch_end {
            &self.patch[self.at - self.patch_at..self.patch_bytes]
        } else {
            self.bytes.get(self.at..).unwrap_or_default()
        })
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl Read for StartingAt<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl Seek for StartingAt<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.bytes.len() as u64, by),
            SeekFrom::Current(by) => (self.at as u64, by),
        };
        let at = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        self.at = usize::try_from(at).map_err(|_| io::ErrorKind::InvalidInput)?;
        Ok(at)
    }
}

/// Byte order, and whether offsets have eight bytes (BigTIFF) or four.
#[derive(Clone, Copy)]
struct Layout {
    little: bool,
    big_file: bool,
}

impl Layout {
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes.get(..4)? {
            b"II*\0" => Some(Self { little: true, big_file: false }),
            b"MM\0*" => Some(Self { little: false, big_file: false }),
            b"II+\0" => Some(Self { little: true, big_file: true }),
            b"MM\0+" => Some(Self { little: false, big_file: true }),
            _ => None,
        }
    }

    /// Size of an offset in bytes.
    fn word(self) -> usize {
        if self.big_file { 8 } else { 4 }
    }

    /// Position in the header of the first directory's offset.
    fn first_at(self) -> usize {
        if self.big_file { 8 } else { 4 }
    }

    /// Bytes of a directory's count of entries, and of an entry.
    fn entry_bytes(self) -> (usize, usize) {
        if self.big_file { (8, 20) } else { (2, 12) }
    }

    /// Where the directory at `offset` ends, after the offset of the next one; `None` if outside the file.
    fn end(self, bytes: &[u8], offset: u64) -> Option<usize> {
        let (count_bytes, entry_bytes) = self.entry_bytes();
        let start = usize::try_from(offset).ok()?;
        let entries = usize::try_from(self.number(bytes, start, count_bytes)?).ok()?;
        let end = entries.checked_mul(entry_bytes)?.checked_add(start)?.checked_add(count_bytes + self.word())?;
        (end <= bytes.len()).then_some(end)
    }

    /// The size that the directory at `offset` gives, turned as it says.
    fn size_px(self, bytes: &[u8], offset: u64) -> Option<(u32, u32)> {
        let (count_bytes, entry_bytes) = self.entry_bytes();
        let start = usize::try_from(offset).ok()?.checked_add(count_bytes)?;
        let end = self.end(bytes, offset)? - self.word();
        let (mut width, mut height, mut orientation) = (None, None, 1);
        for at in (start..end).step_by(entry_bytes) {
            match self.number(bytes, at, 2)? {
                WIDTH => width = self.value(bytes, at),
                HEIGHT => height = self.value(bytes, at),
                ORIENTATION => orientation = self.value(bytes, at).unwrap_or(1),
                _ => {}
            }
        }
        let side = |side: Option<u64>| u32::try_from(side?).ok().filter(|&side| side > 0);
        let (width, height) = (side(width)?, side(height)?);
        Some(if (5..=8).contains(&orientation) { (height, width) } else { (width, height) })
    }

    /// The one number of the entry at `at`.
    fn value(self, bytes: &[u8], at: usize) -> Option<u64> {
        let width = match self.number(bytes, at + 2, 2)? {
            1 => 1,
            3 => 2,
            4 => 4,
            16 => 8,
            _ => return None,
        };
        (width <= self.word()).then(|| self.number(bytes, at + 4 + self.word(), width))?
    }

    fn number(self, bytes: &[u8], at: usize, width: usize) -> Option<u64> {
        let digits = bytes.get(at..at.checked_add(width)?)?;
        let add = |sum: u64, &digit: &u8| sum << 8 | u64::from(digit);
        Some(if self.little { digits.iter().rev().fold(0, add) } else { digits.iter().fold(0, add) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(bytes: &[u8]) -> Result<Directories, ChainError> {
        directories(bytes, &CancelToken::default())
    }

    fn offsets(bytes: &[u8]) -> Vec<u64> {
        find(bytes).expect("a list").listed.iter().map(|directory| directory.offset).collect()
    }

    /// A header and two directories without entries, the second of which leads to `last`.
    fn chain(last: u32) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0\0\0\x0e\0\0\0\0\0".to_vec();
        bytes.extend(last.to_le_bytes());
        bytes
    }

    /// A header and `count` directories without entries.
    fn long_chain(count: u32) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        for index in 1..=count {
            bytes.extend([0, 0]);
            bytes.extend(if index < count { 8 + index * 6 } else { 0 }.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn directories_are_followed_to_the_end() {
        for (bytes, expected, is_cut) in [
            (chain(0), vec![8, 14], false),
            (chain(9999), vec![8, 14], true),
            (b"II*\0".to_vec(), vec![], true),
            (b"none".to_vec(), vec![], false),
            (b"MM\0*\0\0\0\x08\0\0\0\0\0\0".to_vec(), vec![8], false),
        ] {
            assert_eq!(offsets(&bytes), expected, "{bytes:?}");
            assert_eq!(find(&bytes).expect("a list").is_cut, is_cut, "{bytes:?}");
        }
    }

    #[test]
    fn circles_and_overlaps_are_refused() {
        assert_eq!(find(&chain(8)), Err(ChainError::Circular));
        assert_eq!(find(&chain(14)), Err(ChainError::Circular));
        assert_eq!(find(&chain(10)), Err(ChainError::Overlapping));
    }

    #[test]
    fn many_are_counted_and_a_part_is_listed() {
        let found = find(&long_chain(100_000)).expect("a list");
        assert_eq!((found.listed.len(), found.count), (MAX_PAGES, 100_000));
        let said = "the TIFF has 100000 pictures, only the first 10000 are read and 90000 are left out";
        assert_eq!(found.warning().as_deref(), Some(said));
        assert_eq!(find(&long_chain(3)).expect("a list").warning(), None);
        assert!(find(&chain(9999)).expect("a list").warning().is_some_and(|said| said.contains("breaks off after 2")));
    }

    #[test]
    fn another_picture_can_be_made_the_first_without_a_copy() {
        let bytes = chain(0);
        for (offset, expected) in [(Some(14), vec![14]), (Some(8), vec![8, 14]), (None, vec![8, 14])] {
            let mut seen = Vec::new();
            StartingAt::new(&bytes, offset).read_to_end(&mut seen).expect("read");
            assert_eq!(offsets(&seen), expected);
            let mut again = Vec::new();
            let mut reader = StartingAt::new(&bytes, offset);
            reader.seek(SeekFrom::End(-15)).expect("within");
            reader.read_to_end(&mut again).expect("read");
            assert_eq!(again, seen[5..]);
        }
    }
}
