//! Mutated images: sizes and lengths that are not so, chunks out of order, frames outside their image.

use super::Kind;
use super::chance::{Chance, find_all, overwrite};
use super::pdf_file::deflated;
use super::picture_files::{GIF_HEAD, PNG_MARK, Tag, WEBP, bmp, chunk, gif, gif_frame, png, png_head, tiff, tiff_tags};
use super::seeds::Seeds;

/// The kinds of mutations; a name begins with the format.
pub(super) const KINDS: &[Kind] = &[
    ("png-chunk-lengths", png_chunk_lengths),
    ("png-checksums", png_checksums),
    ("png-sizes", png_sizes),
    ("png-chunk-order", png_chunk_order),
    ("png-extra-chunks", png_extra_chunks),
    ("png-pixels", png_pixels),
    ("png-truncated", png_truncated),
    ("jpeg-segments", jpeg_segments),
    ("jpeg-sizes", jpeg_sizes),
    ("jpeg-tables", jpeg_tables),
    ("jpeg-scans", jpeg_scans),
    ("jpeg-truncated", jpeg_truncated),
    ("tiff-counts", tiff_counts),
    ("tiff-values", tiff_values),
    ("tiff-types", tiff_types),
    ("tiff-pages-in-a-ring", tiff_pages_in_a_ring),
    ("tiff-strips", tiff_strips),
    ("tiff-compression", tiff_compression),
    ("gif-frames", gif_frames),
    ("gif-codes", gif_codes),
    ("gif-blocks", gif_blocks),
    ("webp-sizes", webp_sizes),
    ("webp-chunks", webp_chunks),
    ("webp-bits", webp_bits),
    ("bmp-heights", bmp_heights),
    ("bmp-headers", bmp_headers),
    ("bmp-palettes", bmp_palettes),
];

/// A size that an image should not have.
fn size(chance: &mut Chance) -> u32 {
    [0, 1, 7, 65_535, 65_536, 1_000_000, 0x7fff_ffff, 0x8000_0000, u32::MAX][chance.below(9)]
}

fn seed_png(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    if chance.below(2) == 0 { png(b"") } else { seeds.pngs[chance.below(seeds.pngs.len())].clone() }
}

fn png_chunk_lengths(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seed_png(seeds, chance);
    let kind: &[u8] = chance.pick(&[b"IHDR", b"IDAT", b"IEND"]);
    if let Some(at) = find_all(&bytes, kind).first() {
        let length = chance.odd_number() as u32;
        overwrite(&mut bytes, at - 4, &length.to_be_bytes());
    }
    bytes
}

fn png_checksums(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seed_png(seeds, chance);
    let at = match chance.below(3) {
        0 => 8 + 8 + 13,
        1 => bytes.len() - 1,
        _ => bytes.len() - 13 - chance.below(4),
    };
    bytes[at] ^= 1 << chance.below(8);
    bytes
}

fn png_sizes(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let (width, height) = (size(chance), size(chance));
    let bits = [0, 1, 2, 4, 8, 16, 32, 255][chance.below(8)];
    let colours = [0, 1, 2, 3, 4, 5, 6, 7][chance.below(8)];
    let head = png_head(width, height, bits, colours, chance.below(3) as u8);
    [PNG_MARK, &head, &chunk(b"IDAT", &deflated(&[0; 500])), &chunk(b"IEND", b"")].concat()
}

fn png_chunk_order(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let head = png_head(8, 8, 8, 3 * chance.below(2) as u8, 0);
    let pixels = chunk(b"IDAT", &deflated(&[0; 72]));
    let others = [head.clone(), pixels, chunk(b"PLTE", &[1; 9]), chunk(b"IEND", b""), chunk(b"tRNS", &[0; 300])];
    let mut bytes = PNG_MARK.to_vec();
    if chance.below(2) == 0 {
        bytes.extend(&head);
    }
    for _ in 0..8 {
        bytes.extend(&others[chance.below(others.len())]);
    }
    bytes
}

fn png_extra_chunks(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let text = deflated(&vec![b'a'; 3_000_000]);
    let extra = match chance.below(6) {
        0 => chunk(b"zTXt", &[b"Comment\0\0", &text[..]].concat()),
        1 => chunk(b"iCCP", &[b"profile\0\0", &text[..]].concat()),
        2 => chunk(b"acTL", &[&u32::MAX.to_be_bytes()[..], &[0; 4]].concat()),
        3 => chunk(b"gAMA", b"").repeat(20_000),
        4 => chunk(b"iTXt", &[b"\x1b[2J\0\x01\0\0\0", &text[..]].concat()),
        _ => chunk(
            b"eXIf",
            &[b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\xff\xff\xff\xff\0\x09".as_slice(), &chance.bytes(30)].concat(),
        ),
    };
    png(&extra)
}

fn png_pixels(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pixels = deflated(&vec![9; 72 + chance.below(100_000)]);
    match chance.below(3) {
        0 => pixels.truncate(chance.below(pixels.len())),
        1 => pixels = chance.bytes(1000),
        _ => pixels[0] = 0xff,
    }
    let split: Vec<u8> = pixels.chunks(1 + chance.below(50)).flat_map(|part| chunk(b"IDAT", part)).collect();
    [PNG_MARK, &png_head(8, 8, 8, 0, 0), &split, &chunk(b"IEND", b"")].concat()
}

fn png_truncated(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seed_png(seeds, chance);
    bytes.truncate(8 + chance.below(bytes.len() - 8));
    bytes
}

fn jpeg(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    seeds.jpegs[chance.below(seeds.jpegs.len())].clone()
}

/// Places of the markers of this second byte.
fn marker(bytes: &[u8], second: u8) -> Option<usize> {
    find_all(bytes, &[0xff, second]).first().copied()
}

fn jpeg_segments(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = jpeg(seeds, chance);
    let second = [0xc0, 0xc4, 0xdb, 0xda, 0xee, 0xe1][chance.below(6)];
    let at = marker(&bytes, second).unwrap_or(2);
    let length = [0, 1, 2, 3, 0xffff, chance.next() as u16][chance.below(6)];
    overwrite(&mut bytes, at + 2, &length.to_be_bytes());
    bytes
}

fn jpeg_sizes(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = jpeg(seeds, chance);
    let at = marker(&bytes, 0xc0).or_else(|| marker(&bytes, 0xc2)).unwrap_or(2);
    let sizes = [0_u16, 1, 0xffff, 30_000];
    let (height, width) = (sizes[chance.below(4)], sizes[chance.below(4)]);
    overwrite(&mut bytes, at + 5, &[height.to_be_bytes(), width.to_be_bytes()].concat());
    if chance.below(2) == 0 {
        let parts = [0, 1, 2, 5, 255][chance.below(5)];
        overwrite(&mut bytes, at + 9, &[parts, 1, 0xff, 9]);
    }
    bytes
}

fn jpeg_tables(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = jpeg(seeds, chance);
    let at = marker(&bytes, [0xc4, 0xdb][chance.below(2)]).unwrap_or(2);
    let noise = chance.bytes(20);
    overwrite(&mut bytes, at + 4 + chance.below(30), &noise);
    bytes
}

fn jpeg_scans(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = jpeg(seeds, chance);
    let Some(scan) = marker(&bytes, 0xda) else { return bytes };
    match chance.below(4) {
        0 => {
            let part = bytes[scan..].to_vec();
            let end = bytes.len() - 2;
            let copies = part.repeat(1 + chance.below(100));
            bytes.splice(end..end, copies);
        }
        1 => bytes[2..scan].reverse(),
        2 => {
            let at = scan + chance.below(bytes.len() - scan);
            bytes.splice(at..at, [0xff, 0xd0].repeat(50_000));
        }
        _ => {
            let noise = chance.bytes(500);
            overwrite(&mut bytes, scan + 2, &noise);
        }
    }
    bytes
}

fn jpeg_truncated(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = jpeg(seeds, chance);
    bytes.truncate(4 + chance.below(bytes.len() - 5));
    bytes
}

/// A TIFF with some tags changed.
fn tiff_changed(chance: &mut Chance, change: impl Fn(&mut Tag, &mut Chance)) -> Vec<u8> {
    let mut tags = tiff_tags();
    for _ in 0..=chance.below(3) {
        let at = chance.below(tags.len());
        change(&mut tags[at], chance);
    }
    tiff(&tags, 0)
}

fn tiff_counts(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    tiff_changed(chance, |tag, chance| tag.2 = [0, 2, 0x1000_0000, 0x7fff_ffff, u32::MAX][chance.below(5)])
}

fn tiff_values(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    tiff_changed(chance, |tag, chance| tag.3 = size(chance))
}

fn tiff_types(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    tiff_changed(chance, |tag, chance| tag.1 = [0, 1, 2, 5, 7, 10, 12, 16, 18, 0xffff][chance.below(10)])
}

fn tiff_pages_in_a_ring(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    // The page itself, its middle, its own pixels, or past the end.
    tiff(&tiff_tags(), [72, 76, 8, 0xffff_fff0, 1][chance.below(5)])
}

fn tiff_strips(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut tags = tiff_tags();
    tags.retain(|tag| ![273, 278, 279].contains(&tag.0));
    let (offset, length) = (size(chance), size(chance));
    match chance.below(4) {
        0 => tags.extend([(273, 4, 1, offset), (278, 3, 1, 0), (279, 4, 1, length)]),
        1 => tags.extend([(273, 4, 1, 8), (278, 4, 1, u32::MAX), (279, 4, 1, length)]),
        2 => tags.extend([(322, 3, 1, 1), (323, 3, 1, 1), (324, 4, u32::MAX, offset), (325, 4, 1, length)]),
        _ => tags.extend([(322, 4, 1, size(chance)), (323, 4, 1, size(chance)), (324, 4, 1, 8), (325, 4, 1, 64)]),
    }
    tags.sort_unstable();
    tiff(&tags, 0)
}

fn tiff_compression(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut tags = tiff_tags();
    tags[3].3 = [2, 3, 4, 5, 6, 7, 8, 32_773, 32_946, 50_000, 65_535][chance.below(11)];
    tags[0].3 = [8, 30_000, 65_535][chance.below(3)];
    tags[1].3 = [8, 30_000, 65_535][chance.below(3)];
    tags.push((317, 3, 1, [1, 2, 3, 9][chance.below(4)]));
    tiff(&tags, 0)
}

fn gif_frames(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let place = |chance: &mut Chance| [0, 1, 9, 0x7fff, 0xffff][chance.below(5)];
    let mut bytes = GIF_HEAD.to_vec();
    if chance.below(3) == 0 {
        overwrite(&mut bytes, 6, &[0xff; 4]);
    }
    for _ in 0..[1, 3, 3000][chance.below(3)] {
        let frame = gif_frame(place(chance), place(chance), place(chance), place(chance));
        bytes.extend(frame);
    }
    bytes.push(b';');
    bytes
}

fn gif_codes(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = gif();
    let start = GIF_HEAD.len() + 8 + 10;
    bytes[start] = [0, 1, 2, 8, 9, 12, 13, 255][chance.below(8)];
    let count = 1 + chance.below(30);
    let noise = chance.bytes(count);
    overwrite(&mut bytes, start + 2, &noise);
    bytes
}

fn gif_blocks(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = GIF_HEAD.to_vec();
    match chance.below(4) {
        0 => bytes.extend(b"\x21\xfe\x01a".repeat(100_000)),
        1 => bytes.extend(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\xff\xff\0".repeat(10_000)),
        2 => bytes.extend([0x2c; 500]),
        _ => bytes.extend(b"\x21\xf9\x04\xff\xff\xff\xff\xff"),
    }
    bytes.extend(gif_frame(0, 0, 8, 8));
    bytes.truncate(bytes.len() - chance.below(20));
    bytes
}

fn webp_sizes(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = WEBP.to_vec();
    let at = [4, 16][chance.below(2)];
    let length = size(chance);
    overwrite(&mut bytes, at, &length.to_le_bytes());
    bytes
}

fn webp_chunks(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let part = |kind: &[u8], data: &[u8]| [kind, &(data.len() as u32).to_le_bytes(), data].concat();
    let mut body = b"WEBP".to_vec();
    let size = [[0xff, 0xff, 0xff], [0, 0, 0], [0xff, 0x3f, 0]][chance.below(3)];
    body.extend(part(b"VP8X", &[&[chance.next() as u8, 0, 0, 0][..], &size, &size].concat()));
    for _ in 0..=chance.below(50) {
        let kind = chance.pick(&["ALPH", "ANIM", "ANMF", "ICCP", "VP8 ", "VP8L", "EXIF", "\u{1b}[2J"]);
        let count = 2 * chance.below(40);
        let mut data = chance.bytes(count);
        if kind == "VP8 " {
            data = [&b"\x30\x01\0\x9d\x01\x2a\xff\x3f\xff\x3f"[..], &data].concat();
        }
        body.extend(part(kind.as_bytes(), &data));
    }
    [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
}

fn webp_bits(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = WEBP.to_vec();
    // Width and height of 14 bits each, then the transforms.
    let noise = chance.bytes(11);
    overwrite(&mut bytes, 21, &noise);
    if chance.below(2) == 0 {
        let more = 2 * chance.below(2000);
        bytes.extend(chance.bytes(more));
        let (all, data) = (bytes.len() as u32 - 8, bytes.len() as u32 - 20);
        overwrite(&mut bytes, 4, &all.to_le_bytes());
        overwrite(&mut bytes, 16, &data.to_le_bytes());
    }
    bytes
}

fn bmp_heights(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bmp();
    let sizes = [-8_i32, -1, 0, i32::MIN, i32::MAX, -100_000, 65_536];
    let (width, height) = (sizes[chance.below(7)], sizes[chance.below(7)]);
    overwrite(&mut bytes, 22, &height.to_le_bytes());
    if chance.below(2) == 0 {
        overwrite(&mut bytes, 18, &width.to_le_bytes());
    }
    bytes
}

fn bmp_headers(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bmp();
    let at = [2, 10, 14, 26, 28, 30, 34, 46, 50][chance.below(9)];
    let value = size(chance);
    overwrite(&mut bytes, at, &value.to_le_bytes());
    bytes
}

fn bmp_palettes(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bmp();
    let bits = [1_u16, 2, 4, 8, 16, 32, 0, 64][chance.below(8)];
    overwrite(&mut bytes, 28, &bits.to_le_bytes());
    let compression = chance.below(14) as u32;
    overwrite(&mut bytes, 30, &compression.to_le_bytes());
    let noise = chance.bytes(150);
    overwrite(&mut bytes, 54, &noise);
    bytes
}
