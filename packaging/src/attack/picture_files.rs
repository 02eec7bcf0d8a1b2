//! Small images of every format that Recto reads, written byte by byte. Nothing is wrong with them.

use super::pdf_file::deflated;
use super::seeds::Seeds;

/// What every PNG begins with.
pub(super) const PNG_MARK: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A chunk of a PNG, with its length and checksum.
pub(super) fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let body = [kind, data].concat();
    [&(data.len() as u32).to_be_bytes(), &body[..], &crc32(&body).to_be_bytes()].concat()
}

/// The first chunk of a PNG.
pub(super) fn png_head(width: u32, height: u32, bits: u8, colours: u8, interlaced: u8) -> Vec<u8> {
    chunk(b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, colours, 0, 0, interlaced]].concat())
}

/// A grey PNG of 8 × 8, with more chunks before its pixels.
pub(super) fn png(more: &[u8]) -> Vec<u8> {
    let rows: Vec<u8> = (0..8).flat_map(|row| [0, row, 2, 3, 4, 5, 6, 7, 8]).collect();
    [PNG_MARK, &png_head(8, 8, 8, 0, 0), more, &chunk(b"IDAT", &deflated(&rows)), &chunk(b"IEND", b"")].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}

/// A BMP of 8 × 8 with 24 bits: header of 14 bytes, then of 40.
pub(super) fn bmp() -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    for number in [54 + 192_u32, 0, 54, 40, 8, 8] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    for number in [0_u32, 192, 2835, 2835, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend((0..192).map(|index| index as u8));
    bytes
}

/// What precedes the frames of a GIF of 8 × 8 with four colours.
pub(super) const GIF_HEAD: &[u8] = b"GIF89a\x08\0\x08\0\xf1\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\xff";

/// A frame of a GIF, at this place and of this size.
pub(super) fn gif_frame(left: u16, top: u16, width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"\x21\xf9\x04\0\x0a\0\0\0\x2c".to_vec();
    for number in [left, top, width, height] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([0, 2]);
    // Codes of three bits: clear, two pixels, and again, so that the codes never grow.
    let codes = (0..32).flat_map(|_| [4_u8, 1, 2]).chain([5]);
    let bits: Vec<u8> = codes.flat_map(|code| (0..3).map(move |bit| (code >> bit) & 1)).collect();
    let data: Vec<u8> = bits.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit)).collect();
    bytes.push(data.len() as u8);
    bytes.extend(data);
    bytes.push(0);
    bytes
}

/// A GIF of one frame.
pub(super) fn gif() -> Vec<u8> {
    [GIF_HEAD, &gif_frame(0, 0, 8, 8), b";"].concat()
}

/// A tag of a TIFF: its number, type, count and value.
pub(super) type Tag = (u16, u16, u32, u32);

/// The tags of a grey TIFF of 8 × 8, whose pixels begin at byte 8.
pub(super) fn tiff_tags() -> Vec<Tag> {
    vec![
        (256, 3, 1, 8),
        (257, 3, 1, 8),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 3, 1, 8),
        (279, 4, 1, 64),
    ]
}

/// A TIFF of one page with these tags; `next` is where the next page is.
pub(super) fn tiff(tags: &[Tag], next: u32) -> Vec<u8> {
    let mut bytes = b"II*\0\x48\0\0\0".to_vec();
    bytes.extend(0..64);
    bytes.extend((tags.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in tags {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(next.to_le_bytes());
    bytes
}

/// A lossless WebP of 1 × 1.
pub(super) const WEBP: &[u8] = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";

/// One image of each format, by the format's name.
pub(super) fn all(seeds: &Seeds) -> Vec<(&'static str, Vec<u8>)> {
    let jpeg = seeds.jpegs.first().cloned().unwrap_or_default();
    vec![
        ("png", png(b"")),
        ("jpeg", jpeg),
        ("tiff", tiff(&tiff_tags(), 0)),
        ("gif", gif()),
        ("webp", WEBP.to_vec()),
        ("bmp", bmp()),
    ]
}
