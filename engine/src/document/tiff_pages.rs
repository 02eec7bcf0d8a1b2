//! Finds the pictures of a TIFF file: the offset of each one's directory.
//!
//! The decoder only reads the first picture; pointing the header at another directory makes that one the first.

use std::borrow::Cow;

/// Most pictures read from a file.
const MAX_PAGES: usize = 10_000;

/// Offsets of the pictures' directories, in order; empty if the file is not a TIFF. A circular chain ends where it
/// closes.
pub(super) fn offsets(bytes: &[u8]) -> Vec<u64> {
    let Some(layout) = Layout::of(bytes) else { return Vec::new() };
    let mut offsets = Vec::new();
    let mut next = layout.number(bytes, layout.first_at(), layout.word());
    while let Some(offset) = next.filter(|&offset| offset != 0) {
        if offsets.contains(&offset) || offsets.len() >= MAX_PAGES || offset >= bytes.len() as u64 {
            break;
        }
        offsets.push(offset);
        next = layout.next(bytes, offset);
    }
    offsets
}

/// The file with the directory at `offset` made the first.
pub(super) fn starting_at(bytes: &[u8], offset: u64) -> Cow<'_, [u8]> {
    let Some(layout) = Layout::of(bytes) else { return bytes.into() };
    let (at, width) = (layout.first_at(), layout.word());
    if layout.number(bytes, at, width) == Some(offset) {
        return bytes.into();
    }
    let mut changed = bytes.to_vec();
    if let Some(place) = changed.get_mut(at..at + width) {
        if layout.little {
            place.copy_from_slice(&offset.to_le_bytes()[..width]);
        } else {
            place.copy_from_slice(&offset.to_be_bytes()[8 - width..]);
        }
    }
    changed.into()
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

    /// Offset of the directory after the one at `offset`; 0 after the last.
    fn next(self, bytes: &[u8], offset: u64) -> Option<u64> {
        let (count_bytes, entry_bytes) = if self.big_file { (8, 20) } else { (2, 12) };
        let start = usize::try_from(offset).ok()?;
        let entries = usize::try_from(self.number(bytes, start, count_bytes)?).ok()?;
        let after = entries.checked_mul(entry_bytes)?.checked_add(start)?.checked_add(count_bytes)?;
        self.number(bytes, after, self.word())
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

    /// A header and two directories without entries, the second of which leads to `last`.
    fn chain(last: u32) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0\0\0\x0e\0\0\0\0\0".to_vec();
        bytes.extend(last.to_le_bytes());
        bytes
    }

    #[test]
    fn directories_are_followed_to_the_end_or_until_they_repeat() {
        for (bytes, expected) in [
            (chain(0), vec![8, 14]),
            (chain(8), vec![8, 14]),
            (chain(9999), vec![8, 14]),
            (b"II*\0".to_vec(), vec![]),
            (b"none".to_vec(), vec![]),
            (b"MM\0*\0\0\0\x08\0\0\0\0\0\0".to_vec(), vec![8]),
        ] {
            assert_eq!(offsets(&bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn another_picture_can_be_made_the_first() {
        let bytes = chain(0);
        assert_eq!(offsets(&starting_at(&bytes, 14)), [14]);
        assert_eq!(*starting_at(&bytes, 8), bytes);
    }
}
