//! How a text file is encoded, found out and undone block by block. Knows nothing of lines and pages.

use std::io::{self, Read};

use crate::cancel::CancelToken;

/// Bytes read at a time.
pub(super) const BLOCK_BYTES: usize = 1 << 16;

/// Text may contain one control character in this many.
const CONTROL_ONE_IN: u64 = 200;

/// Encodings of text files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Latin1,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// Bytes of the file that `c` takes.
    pub(super) fn width(self, c: char) -> u64 {
        match self {
            Self::Utf8 => c.len_utf8() as u64,
            Self::Latin1 => 1,
            Self::Utf16Le | Self::Utf16Be => 2 * c.len_utf16() as u64,
        }
    }

    /// Bytes of the file that `text` takes.
    pub(super) fn bytes_of(self, text: &str) -> u64 {
        if self == Self::Utf8 { text.len() as u64 } else { text.chars().map(|c| self.width(c)).sum() }
    }
}

/// What one pass over a file says about its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) encoding: Encoding,
    /// Where the text begins: after the byte order mark, if there is one.
    pub(super) start: u64,
    /// Whether it is text: in a known encoding, and almost free of control characters.
    pub(super) is_text: bool,
}

/// Whether bytes, all of a file or its beginning, are text.
pub(super) fn looks_like_text(bytes: &[u8]) -> bool {
    let mut counts = Counts::default();
    counts.add(bytes);
    utf16(bytes).is_some() || counts.are_of_text()
}

fn utf16(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
        _ => None,
    }
}

#[derive(Default)]
struct Counts {
    all: u64,
    control: u64,
    zero: bool,
}

impl Counts {
    fn add(&mut self, bytes: &[u8]) {
        self.all += bytes.len() as u64;
        self.control += bytes.iter().filter(|&&byte| is_control(byte)).count() as u64;
        self.zero |= bytes.contains(&0);
    }

    fn are_of_text(&self) -> bool {
        !self.zero && self.control * CONTROL_ONE_IN <= self.all
    }
}

/// Control characters that do not occur in text (unlike tab, line ends, form feed and escape).
fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1b)
}

/// Reads a file once to find its encoding: UTF-8 or UTF-16 with a byte order mark, UTF-8 without one, otherwise Latin-1.
///
/// # Errors
/// Fails if the file cannot be read, and with [`crate::cancel::Cancelled`] inside the error once `cancel` was set.
pub(super) fn survey(from: &mut impl Read, cancel: &CancelToken) -> io::Result<Survey> {
    let mut counts = Counts::default();
    let mut is_utf8 = true;
    // Bytes of the block before that begin a character.
    let mut pending: Vec<u8> = Vec::new();
    let mut start = 0;
    let mut is_first = true;
    each_block(from, cancel, &mut |block| {
        let mut block = block;
        if std::mem::take(&mut is_first) {
            if let Some(encoding) = utf16(block) {
                return Some(Survey { encoding, start: 2, is_text: true });
            }
            if let Some(rest) = block.strip_prefix(b"\xef\xbb\xbf") {
                (block, start) = (rest, 3);
            }
        }
        counts.add(block);
        if is_utf8 {
            pending.extend_from_slice(block);
            match std::str::from_utf8(&pending) {
                Ok(_) => pending.clear(),
                Err(error) if error.error_len().is_none() => drop(pending.drain(..error.valid_up_to())),
                Err(_) => is_utf8 = false,
            }
        }
        None
    })
    .map(|found| {
        let encoding = if is_utf8 && pending.is_empty() { Encoding::Utf8 } else { Encoding::Latin1 };
        // A mark before text that is not UTF-8 after all is text like the rest.
        let start = if encoding == Encoding::Utf8 { start } else { 0 };
        found.unwrap_or(Survey { encoding, start, is_text: counts.are_of_text() })
    })
}

/// Calls `take` with a file's bytes, block by block, until it returns something.
///
/// # Errors
/// Fails if the file cannot be read, and with [`crate::cancel::Cancelled`] inside the error once `cancel` was set.
pub(super) fn each_block<T>(
    from: &mut impl Read,
    cancel: &CancelToken,
    take: &mut dyn FnMut(&[u8]) -> Option<T>,
) -> io::Result<Option<T>> {
    let mut buffer = vec![0; BLOCK_BYTES];
    loop {
        cancel.check().map_err(io::Error::other)?;
        let mut filled = 0;
        while filled < buffer.len() {
            match from.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if filled == 0 {
            return Ok(None);
        }
        if let Some(found) = take(&buffer[..filled]) {
            return Ok(Some(found));
        }
    }
}

/// Decodes a text block by block.
#[derive(Debug)]
pub(super) struct Decoder {
    encoding: Encoding,
    /// Bytes that begin a character.
    pending: Vec<u8>,
}

impl Decoder {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { encoding, pending: Vec::new() }
    }

    /// Appends the text of `block` to `text`, but for a character that is not complete.
    pub(super) fn decode(&mut self, block: &[u8], text: &mut String) {
        match self.encoding {
            Encoding::Latin1 => text.extend(block.iter().map(|&byte| char::from(byte))),
            Encoding::Utf8 => {
                self.pending.extend_from_slice(block);
                let complete = match std::str::from_utf8(&self.pending) {
                    Err(error) if error.error_len().is_none() => error.valid_up_to(),
                    _ => self.pending.len(),
                };
                text.push_str(&String::from_utf8_lossy(&self.pending[..complete]));
                self.pending.drain(..complete);
            }
            Encoding::Utf16Le => self.decode_units(block, u16::from_le_bytes, text),
            Encoding::Utf16Be => self.decode_units(block, u16::from_be_bytes, text),
        }
    }

    fn decode_units(&mut self, block: &[u8], unit: fn([u8; 2]) -> u16, text: &mut String) {
        self.pending.extend_from_slice(block);
        let mut units: Vec<u16> = self.pending.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        // The first half of a pair waits for the second.
        units.pop_if(|last| (0xd800..0xdc00).contains(last));
        text.extend(char::decode_utf16(units.iter().copied()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        self.pending.drain(..units.len() * 2);
    }
}

/// The text of `bytes`, which begin and end between characters.
pub(super) fn decode(encoding: Encoding, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    Decoder::new(encoding).decode(bytes, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        for (bytes, expected, encoding) in [
            (&b"plain"[..], "plain", Encoding::Utf8),
            (b"\xef\xbb\xbfmark", "mark", Encoding::Utf8),
            ("Gr\u{fc}\u{df}e".as_bytes(), "Gr\u{fc}\u{df}e", Encoding::Utf8),
            (b"Gr\xfc\xdfe", "Gr\u{fc}\u{df}e", Encoding::Latin1),
            (b"cut \xc3", "cut \u{c3}", Encoding::Latin1),
            (b"\xff\xfea\0b\0", "ab", Encoding::Utf16Le),
            (b"\xfe\xff\0a\0b", "ab", Encoding::Utf16Be),
            (b"\xff\xfe\xff", "", Encoding::Utf16Le),
        ] {
            let survey = survey(&mut &*bytes, &CancelToken::default()).expect("read");
            assert!(survey.is_text, "{bytes:?}");
            assert_eq!(survey.encoding, encoding, "{bytes:?}");
            assert_eq!(decode(encoding, &bytes[survey.start as usize..]), expected, "{bytes:?}");
        }
    }

    #[test]
    fn characters_across_blocks_stay_whole() {
        let text = "a\u{20ac}\u{1f600}\u{fc}".repeat(3);
        let units: Vec<u16> = text.encode_utf16().collect();
        for (encoding, bytes) in [
            (Encoding::Utf8, text.clone().into_bytes()),
            (Encoding::Utf16Le, units.iter().flat_map(|unit| unit.to_le_bytes()).collect()),
            (Encoding::Utf16Be, units.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
        ] {
            for step in 1..6 {
                let mut decoder = Decoder::new(encoding);
                let mut decoded = String::new();
                bytes.chunks(step).for_each(|block| decoder.decode(block, &mut decoded));
                assert_eq!(decoded, text, "{encoding:?}, {step}");
            }
            assert_eq!(encoding.bytes_of(&text), bytes.len() as u64);
        }
    }
}
