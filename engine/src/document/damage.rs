//! Whether the bytes of a PDF are damaged: PDFium repairs what it can and leaves out the rest without a word.
//!
//! A light check that knows no more of PDF than streams and the table of objects: every stream has an end, every
//! deflated one unpacks, and the table is where the file says and leads to objects. What it cannot tell, it passes
//! over: encrypted streams, other compressions, and text that was changed outside streams.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;

use crate::cancel::{CancelToken, Cancelled};
use crate::diagnostic::Diagnostic;
use crate::regular_file;

/// Larger files are not checked, in bytes.
const MAX_BYTES: u64 = 256 << 20;
/// Most time for the check; what it has found by then counts.
const MAX_TIME: Duration = Duration::from_secs(5);
/// Most of a stream that is unpacked, in bytes.
const MAX_UNPACKED: u64 = 64 << 20;
/// Longest dictionary of a stream, in bytes.
const MAX_DICTIONARY: usize = 1 << 14;
/// Most entries of the table of objects that are followed.
const MAX_ENTRIES: usize = 1 << 20;
/// The head of the file that may hold something else before `%PDF-`, in bytes.
const HEAD: usize = 1024;

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Damage {
    /// Streams looked at.
    streams: usize,
    /// Streams that have no end or do not unpack.
    bad_streams: usize,
    /// The marker or the pointer at the end of every PDF is missing.
    lacks_end: bool,
    /// The table of objects is not where the file says.
    lacks_table: bool,
    /// Objects that are not where the table says.
    lost_objects: usize,
}

/// Checks the PDF at `path`. A file that can no longer be read is not called damaged.
pub(super) fn find_damage(path: &Path, cancel: &CancelToken) -> Result<Option<Diagnostic>, Cancelled> {
    let Some(bytes) = read(path) else { return Ok(None) };
    let deadline = Instant::now() + MAX_TIME;
    let damage = check(&bytes, &mut || {
        cancel.check()?;
        Ok(Instant::now() < deadline)
    })?;
    Ok(message(&damage).map(Diagnostic::general))
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let file = regular_file::open(path).ok()?;
    if file.metadata().ok()?.len() > MAX_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn message(damage: &Damage) -> Option<String> {
    let mut found = Vec::new();
    if damage.lacks_end {
        found.push("its end is missing".to_owned());
    }
    if damage.bad_streams > 0 {
        found.push(format!("{} of its {} streams cannot be decoded", damage.bad_streams, damage.streams));
    }
    if damage.lacks_table {
        found.push("its table of objects is missing".to_owned());
    }
    if damage.lost_objects > 0 {
        found.push(format!("objects not found where its table says: {}", damage.lost_objects));
    }
    let found = found.join("; ");
    (!found.is_empty()).then(|| format!("this file is damaged, and some of its content may be missing ({found})"))
}

/// `may_go_on` is asked before every stream and table.
fn check(bytes: &[u8], may_go_on: &mut dyn FnMut() -> Result<bool, Cancelled>) -> Result<Damage, Cancelled> {
    let mut damage = Damage::default();
    check_table(bytes, &mut damage);
    // Whatever is encrypted looks like noise.
    let is_encrypted = memmem::find(bytes, b"/Encrypt").is_some();
    let ends = memmem::Finder::new(b"endstream");
    let mut lengths = Lengths { bytes, objects: None };
    let mut from = 0;
    while let Some(found) = bytes.get(from..).and_then(|rest| memmem::find(rest, b"stream")) {
        if !may_go_on()? {
            break;
        }
        let keyword = from + found;
        from = keyword + b"stream".len();
        let Some((dictionary, start)) = stream_at(bytes, keyword) else { continue };
        damage.streams += 1;
        let declared = lengths.of(dictionary).and_then(|length| start.checked_add(length));
        let end = declared.filter(|&end| is_end_of_stream(bytes, end)).or_else(|| {
            let data = bytes.get(start..)?;
            ends.find(data).map(|length| start + length)
        });
        let Some(end) = end else {
            damage.bad_streams += 1;
            break;
        };
        let data = bytes.get(start..end).unwrap_or_default();
        if !is_encrypted && is_deflated(dictionary) && !unpacks(data) {
            damage.bad_streams += 1;
        }
        from = end;
    }
    Ok(damage)
}

/// The dictionary of the stream whose keyword is at `keyword`, and where its data starts.
fn stream_at(bytes: &[u8], keyword: usize) -> Option<(&[u8], usize)> {
    let after = keyword + b"stream".len();
    let start = match bytes.get(after..)? {
        [b'\r', b'\n', ..] => after + 2,
        [b'\n' | b'\r', ..] => after + 1,
        _ => return None,
    };
    let before = bytes.get(..keyword)?.trim_ascii_end();
    let body = before.strip_suffix(b">>")?;
    // Brackets are matched from the end, since what is before the dictionary may be anything.
    let mut depth = 1;
    let mut at = body.len();
    let lowest = at.saturating_sub(MAX_DICTIONARY);
    while at >= lowest + 2 {
        match &body[at - 2..at] {
            b">>" => (depth, at) = (depth + 1, at - 2),
            b"<<" => (depth, at) = (depth - 1, at - 2),
            _ => at -= 1,
        }
        if depth == 0 {
            return Some((&body[at + 2..], start));
        }
    }
    None
}

/// Looks up the lengths of streams, which may be objects of their own.
struct Lengths<'a> {
    bytes: &'a [u8],
    /// Where the content of each object starts. Filled when it is first needed.
    objects: Option<HashMap<usize, usize>>,
}

impl Lengths<'_> {
    fn of(&mut self, dictionary: &[u8]) -> Option<usize> {
        let (number, rest) = integer(value_of(dictionary, b"/Length")?)?;
        let is_reference = integer(rest).is_some_and(|(_, rest)| rest.trim_ascii_start().starts_with(b"R"));
        if !is_reference {
            return Some(number);
        }
        let bytes = self.bytes;
        let objects = self.objects.get_or_insert_with(|| objects(bytes));
        integer(bytes.get(*objects.get(&number)?..)?).map(|(length, _)| length)
    }
}

/// Where the content of each object starts, by its number; the last one of a number counts.
fn objects(bytes: &[u8]) -> HashMap<usize, usize> {
    let mut found = HashMap::new();
    for at in memmem::find_iter(bytes, b" obj") {
        let is_number = |byte: &u8| byte.is_ascii_digit();
        let generation = bytes[..at].iter().rev().take(5).take_while(|byte| is_number(byte)).count();
        let Some(before) = at.checked_sub(generation + 1).filter(|_| generation > 0) else { continue };
        let digits = bytes[..before].iter().rev().take(10).take_while(|byte| is_number(byte)).count();
        if let Some((number, _)) = integer(&bytes[before - digits..before]) {
            found.insert(number, at + b" obj".len());
        }
    }
    found
}

/// What follows a key of a dictionary; keys that only begin alike do not count.
fn value_of<'a>(dictionary: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let values = memmem::find_iter(dictionary, key).map(|at| &dictionary[at + key.len()..]);
    values.into_iter().find(|value| value.first().is_some_and(|byte| !byte.is_ascii_alphanumeric()))
}

/// The whole number at the start, and what follows it.
fn integer(text: &[u8]) -> Option<(usize, &[u8])> {
    let text = text.trim_ascii_start();
    let digits = text.iter().take(19).take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()?;
    Some((number, &text[digits..]))
}

fn is_end_of_stream(bytes: &[u8], end: usize) -> bool {
    bytes.get(end..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"endstream"))
}

/// Whether the data is deflated first of all: with several filters, the first one applies to the data as it is.
fn is_deflated(dictionary: &[u8]) -> bool {
    let Some(filter) = value_of(dictionary, b"/Filter") else { return false };
    let filter = filter.trim_ascii_start();
    let first = filter.strip_prefix(b"[").unwrap_or(filter).trim_ascii_start();
    first.starts_with(b"/FlateDecode") || first.starts_with(b"/Fl ") || first.starts_with(b"/Fl]")
}

/// Whether deflated data (RFC 1950) unpacks to its end and, where it has a checksum, matches it.
fn unpacks(data: &[u8]) -> bool {
    let [first, second, packed @ ..] = data else { return true };
    let has_header = first & 0x0f == 8 && (u32::from(*first) * 256 + u32::from(*second)) % 31 == 0;
    if !has_header {
        // Some programs write nothing but a line end.
        return data.trim_ascii().is_empty();
    }
    let mut unpacking = Decompress::new(false);
    let mut out = vec![0; 1 << 15];
    let mut checksum = Checksum { low: 1, high: 0 };
    loop {
        let (read, written) = (unpacking.total_in(), unpacking.total_out());
        let rest = packed.get(read as usize..).unwrap_or_default();
        let Ok(status) = unpacking.decompress(rest, &mut out, FlushDecompress::None) else { return false };
        let new = (unpacking.total_out() - written) as usize;
        checksum.add(&out[..new.min(out.len())]);
        if status == Status::StreamEnd {
            let stored = packed.get(unpacking.total_in() as usize..).and_then(|rest| rest.first_chunk::<4>());
            return stored.is_none_or(|stored| u32::from_be_bytes(*stored) == checksum.value());
        }
        if unpacking.total_out() > MAX_UNPACKED {
            return true;
        }
        if new == 0 && unpacking.total_in() == read {
            return false;
        }
    }
}

/// Adler-32.
struct Checksum {
    low: u32,
    high: u32,
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        const MODULUS: u32 = 65_521;
        // So many bytes cannot overflow the sums.
        for part in bytes.chunks(5552) {
            for byte in part {
                self.low += u32::from(*byte);
                self.high += self.low;
            }
            self.low %= MODULUS;
            self.high %= MODULUS;
        }
    }

    fn value(&self) -> u32 {
        self.high << 16 | self.low
    }
}

/// Checks the end of the file and the table of objects that it points to.
fn check_table(bytes: &[u8], damage: &mut Damage) {
    let tail = bytes.trim_ascii_end();
    let pointer = memmem::rfind(tail, b"startxref");
    let (Some(pointer), true) = (pointer, memmem::rfind(tail, b"%%EOF").is_some_and(|end| Some(end) > pointer)) else {
        damage.lacks_end = true;
        return;
    };
    // Positions count from the header, which some programs put after something else.
    let head = memmem::find(&bytes[..bytes.len().min(HEAD)], b"%PDF-").unwrap_or(0);
    let Some((offset, _)) = integer(&bytes[pointer + b"startxref".len()..]) else {
        damage.lacks_table = true;
        return;
    };
    let at = |base: usize| offset.checked_add(base).and_then(|at| bytes.get(at..)).map(<[u8]>::trim_ascii_start);
    for base in [head, 0] {
        let Some(table) = at(base) else { continue };
        if let Some(table) = table.strip_prefix(b"xref") {
            damage.lost_objects = lost_objects(bytes, base, table);
            return;
        }
        if is_object(table, None) {
            return;
        }
    }
    // A pointer alone that is wrong loses nothing: PDFium finds the objects without it.
    match table_before(&bytes[..pointer]) {
        Some(table) => damage.lost_objects = lost_objects(bytes, head, table),
        None => damage.lacks_table = true,
    }
}

/// The entries of the last table in these bytes.
fn table_before(bytes: &[u8]) -> Option<&[u8]> {
    let table = memmem::rfind(bytes, b"xref")?;
    (!bytes[..table].ends_with(b"start")).then(|| &bytes[table + b"xref".len()..])
}

/// Counts the entries of a table that lead to something else than their object.
fn lost_objects(bytes: &[u8], base: usize, mut table: &[u8]) -> usize {
    let (mut lost, mut entries) = (0, 0);
    while let Some((first, count, rest)) = pair(table) {
        table = rest;
        for number in first..first.saturating_add(count) {
            let Some((offset, _, rest)) = pair(table) else { return lost };
            let rest = rest.trim_ascii_start();
            let Some((kind, rest)) = rest.split_first() else { return lost };
            table = rest;
            entries += 1;
            if entries > MAX_ENTRIES {
                return lost;
            }
            let target = || offset.checked_add(base).and_then(|at| bytes.get(at..));
            let is_found = *kind != b'n' || offset == 0 || target().is_some_and(|at| is_object(at, Some(number)));
            lost += usize::from(!is_found);
        }
    }
    lost
}

fn pair(text: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (first, rest) = integer(text)?;
    let (second, rest) = integer(rest)?;
    Some((first, second, rest))
}

/// Whether an object starts here, with this number if one is given.
fn is_object(text: &[u8], number: Option<usize>) -> bool {
    pair(text).is_some_and(|(own, _, rest)| {
        number.is_none_or(|number| number == own) && rest.trim_ascii_start().starts_with(b"obj")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_that_of_the_specification() {
        let mut checksum = Checksum { low: 1, high: 0 };
        checksum.add(b"Wikipedia");
        assert_eq!(checksum.value(), 0x11e6_0398);
    }

    #[test]
    fn dictionaries_are_found_backwards() {
        for (text, expected) in [
            (&b"1 0 obj\n<</Length 3>>stream\nabc"[..], Some(&b"/Length 3"[..])),
            (b"<</A<</B 1>>/ID<ab>>>\nstream\r\nabc", Some(b"/A<</B 1>>/ID<ab>")),
            (b"no dictionary stream\n", None),
            (b"<</Length 3>>stream of words", None),
        ] {
            let keyword = memmem::find(text, b"stream").unwrap();
            assert_eq!(stream_at(text, keyword).map(|(dictionary, _)| dictionary), expected);
        }
    }
}
