//! Images as documents, in all their formats and turned all ways.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::time::Duration;

use engine::cancel::CancelToken;
use engine::diagnostic::Hint;
use engine::document::geometry::Rect;
use engine::document::page::{DocumentKind, FigureKind, PageContent};
use engine::document::{DocumentError, OpenDocument};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::{Files, open_file, open_options, read, read_with, within_limit};

const RED: [u8; 3] = [200, 30, 30];
const BLUE: [u8; 3] = [30, 30, 200];

/// Left half red, right half blue.
fn sample() -> RgbImage {
    RgbImage::from_fn(32, 16, |x, _| Rgb(if x < 16 { RED } else { BLUE }))
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

/// Draws page `number` whole, one pixel per pixel of the image.
fn draw(document: &mut OpenDocument, number: u32, width: u32, height: u32) -> RgbImage {
    let whole = Rect::new(0.0, 0.0, width as f32 * 0.75, height as f32 * 0.75);
    document.render(number, whole, width, height).expect("drawn")
}

fn alike(pixel: Rgb<u8>, expected: [u8; 3]) -> bool {
    pixel.0.iter().zip(expected).all(|(&a, b)| a.abs_diff(b) <= 12)
}

#[test]
fn every_format_shows_its_picture() {
    let files = Files::new();
    let rgb = DynamicImage::from(sample());
    let grey = DynamicImage::from(rgb.to_luma8());
    let deep = DynamicImage::from(rgb.to_rgb16());
    for (file, bytes, [left, right]) in [
        ("a.png", encode(&rgb, ImageFormat::Png), [RED, BLUE]),
        ("a.jpg", encode(&rgb, ImageFormat::Jpeg), [RED, BLUE]),
        ("a.webp", encode(&rgb, ImageFormat::WebP), [RED, BLUE]),
        ("a.tiff", encode(&rgb, ImageFormat::Tiff), [RED, BLUE]),
        ("a.bmp", encode(&rgb, ImageFormat::Bmp), [RED, BLUE]),
        ("a.gif", encode(&rgb, ImageFormat::Gif), [RED, BLUE]),
        ("deep.png", encode(&deep, ImageFormat::Png), [RED, BLUE]),
        ("deep.tif", encode(&deep, ImageFormat::Tiff), [RED, BLUE]),
        ("grey.jpg", encode(&grey, ImageFormat::Jpeg), [[66; 3], [42; 3]]),
    ] {
        let path = files.add(file, &bytes);
        within_limit(file, move || {
            let mut document = open_file(&path).expect(file);
            assert_eq!(document.info().kind, DocumentKind::Image, "{file}");
            assert!(document.info().warnings.is_empty(), "{file}: {:?}", document.info().warnings);
            let read = read(&path).expect(file).value;
            assert_eq!(read.pages.len(), 1, "{file}");
            assert_eq!(read.pages[0].content, PageContent::Scan);
            assert_eq!(read.pages[0].figures[0].kind, FigureKind::Raster);
            let drawn = draw(&mut document, 1, 32, 16);
            assert!(alike(*drawn.get_pixel(4, 8), left), "{file}: {:?}", drawn.get_pixel(4, 8));
            assert!(alike(*drawn.get_pixel(27, 8), right), "{file}: {:?}", drawn.get_pixel(27, 8));
        });
    }
}

#[test]
fn what_shows_through_is_white() {
    let files = Files::new();
    let glass = image::RgbaImage::from_pixel(8, 8, image::Rgba([0, 0, 0, 51]));
    let path = files.add("glass.png", &encode(&DynamicImage::from(glass), ImageFormat::Png));
    let drawn = draw(&mut open_file(&path).expect("opened"), 1, 8, 8);
    assert_eq!(drawn.get_pixel(4, 4).0, [204; 3]);
}

/// A JPEG with an EXIF block that says `orientation`.
fn turned_jpeg(orientation: u8) -> Vec<u8> {
    let jpeg = encode(&DynamicImage::from(sample()), ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend((exif.len() as u16 + 2).to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    bytes
}

#[test]
fn all_eight_orientations_are_upright() {
    let files = Files::new();
    // Where the stored left half, which is red, goes.
    for (orientation, red_at) in
        [(1, "left"), (2, "right"), (3, "right"), (4, "left"), (5, "top"), (6, "top"), (7, "bottom"), (8, "bottom")]
    {
        let path = files.add("turned.jpg", &turned_jpeg(orientation));
        let mut document = open_file(&path).expect("opened");
        let size = read(&path).map(|read| (read.value.pages[0].width_pt, read.value.pages[0].height_pt)).expect("read");
        let lying = orientation < 5;
        assert_eq!(size, if lying { (24.0, 12.0) } else { (12.0, 24.0) }, "{orientation}");
        let (width, height) = if lying { (32, 16) } else { (16, 32) };
        let drawn = draw(&mut document, 1, width, height);
        let at = |x, y| if alike(*drawn.get_pixel(x, y), RED) { Some(()) } else { None };
        let seen = match (at(3, 8), at(width - 4, 8), at(8, 3), at(8, height - 4)) {
            (Some(()), None, _, _) if lying => "left",
            (None, Some(()), _, _) if lying => "right",
            (_, _, Some(()), None) => "top",
            (_, _, None, Some(())) => "bottom",
            _ => "nowhere",
        };
        assert_eq!(seen, red_at, "orientation {orientation}");
    }
}

/// A TIFF of uncompressed grey pictures of 4 by 2 pixels, one per shade.
fn grey_tiff(shades: &[u8]) -> Vec<u8> {
    tiff_with_gaps(shades, 0)
}

/// As [`grey_tiff`], with `gap` bytes that mean nothing after each picture.
fn tiff_with_gaps(shades: &[u8], gap: u32) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    for (index, &shade) in shades.iter().enumerate() {
        let start = bytes.len() as u32;
        let entries: [(u16, u16, u32); 8] = [
            (256, 3, 4),
            (257, 3, 2),
            (258, 3, 8),
            (259, 3, 1),
            (262, 3, 1),
            (273, 4, start + 2 + 8 * 12 + 4),
            (278, 3, 2),
            (279, 4, 8),
        ];
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        let next = if index + 1 < shades.len() { bytes.len() as u32 + 4 + 8 + gap } else { 0 };
        bytes.extend(next.to_le_bytes());
        bytes.extend([shade; 8]);
        bytes.resize(bytes.len() + gap as usize, 0);
    }
    bytes
}

#[test]
fn thousands_of_pictures_cost_their_own_size_each() {
    let files = Files::new();
    let shades: Vec<u8> = (0..2000).map(|page| (page % 251) as u8).collect();
    let path = files.add("archive.tif", &tiff_with_gaps(&shades, 30_000));
    within_limit("2,000 pictures in 60 MB", move || {
        let mut document = open_file(&path).expect("opened");
        let read = document.read_pages(&[], &mut |_| {}, &CancelToken::default()).expect("read");
        assert_eq!(read.value.pages.len(), 2000);
        assert!(read.value.pages.iter().all(|page| page.content == PageContent::Scan), "{:?}", read.warnings);
        assert_eq!(draw(&mut document, 1999, 4, 2).get_pixel(2, 1).0, [shades[1998]; 3]);
    });
}

#[test]
fn a_tiff_of_too_many_pictures_says_how_many_are_left_out() {
    let files = Files::new();
    let path = files.add("endless.tif", &grey_tiff(&[7; 12_345]));
    let document = within_limit("endless", move || open_file(&path)).expect("opened");
    assert_eq!(document.info().page_count, 10_000);
    let said: Vec<String> = document.info().warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["the TIFF has 12345 pictures, only the first 10000 are read and 2345 are left out"]);
}

#[test]
fn a_tiff_that_goes_round_in_a_circle_is_refused() {
    let files = Files::new();
    let mut bytes = grey_tiff(&[10, 120, 240]);
    // The last directory leads back to the first.
    let last = bytes.len() - 8 - 4;
    bytes[last] = 8;
    let path = files.add("circle.tif", &bytes);
    let error = open_file(&path).expect_err("a circle");
    assert!(error.to_string().contains("goes round in a circle") && error.hint().is_some(), "{error}");
}

#[test]
fn reading_pictures_can_be_cancelled_between_pages() {
    let files = Files::new();
    let mut document = open_file(&files.add("fax.tif", &grey_tiff(&[10, 120, 240]))).expect("opened");
    let cancel = CancelToken::default();
    let mut seen = 0;
    let outcome = document.read_pages(
        &[],
        &mut |_| {
            seen += 1;
            cancel.cancel();
        },
        &cancel,
    );
    assert!(matches!(outcome, Err(DocumentError::Cancelled(_))));
    assert_eq!(seen, 1);
}

#[test]
fn every_picture_of_a_tiff_is_a_page() {
    let files = Files::new();
    let shades = [10, 120, 240];
    let path = files.add("fax.tif", &grey_tiff(&shades));
    let mut document = open_file(&path).expect("opened");
    assert_eq!(document.info().page_count, 3);
    // Not in order, so that what was decoded last is not taken for another page.
    for page in [3, 1, 2] {
        let drawn = draw(&mut document, page, 4, 2);
        assert_eq!(drawn.get_pixel(2, 1).0, [shades[page as usize - 1]; 3], "page {page}");
    }
}

#[test]
fn a_damaged_picture_among_others_costs_its_page() {
    let files = Files::new();
    let mut bytes = grey_tiff(&[10, 120, 240]);
    // The second directory begins after the header, the first directory and its pixels; its width becomes 0.
    let second = 8 + (2 + 8 * 12 + 4) + 8;
    bytes[second + 2 + 8] = 0;
    let path = files.add("fax.tif", &bytes);
    let read = read(&path).expect("read");
    let failed: Vec<bool> = read.value.pages.iter().map(|page| super::is_failed(&page.content)).collect();
    assert_eq!(failed, [false, true, false], "{:?}", read.warnings);
    assert_eq!(read.warnings.len(), 1);
}

/// A JPEG of four inks, as Adobe's programs write it: 8 by 8 pixels, all of one colour, each ink stored inverted.
fn cmyk_jpeg(stored: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xee, 0, 14];
    bytes.extend(b"Adobe\0\x64\0\0\0\0\0");
    bytes.extend([0xff, 0xdb, 0, 67, 0]);
    bytes.extend([1; 64]);
    bytes.extend([0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4]);
    for ink in 1..=4 {
        bytes.extend([ink, 0x11, 0]);
    }
    // One Huffman table of 16 codes of 4 bits for the sizes of differences, one of a single code for "no more".
    bytes.extend([0xff, 0xc4, 0, 31, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(0..12);
    bytes.extend([0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]);
    let mut bits = String::new();
    for value in stored {
        // The mean of a block is its first coefficient, times eight.
        let difference = (i32::from(value) - 128) * 8;
        let size = 32 - difference.unsigned_abs().leading_zeros();
        let code = if difference < 0 { difference + (1 << size) - 1 } else { difference };
        write!(bits, "{size:04b}").expect("written");
        if size > 0 {
            write!(bits, "{code:0width$b}", width = size as usize).expect("written");
        }
        bits += "0";
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = byte.iter().fold(0, |sum, &bit| sum << 1 | (bit - b'0'));
        bytes.push(byte);
        if byte == 0xff {
            bytes.push(0);
        }
    }
    bytes.extend([0xff, 0xd9]);
    bytes
}

#[test]
fn four_inks_become_the_colour_they_print() {
    let files = Files::new();
    for (stored, expected) in [
        ([255, 255, 255, 255], [255, 255, 255]),
        ([255, 40, 40, 255], [255, 40, 40]),
        ([255, 255, 255, 20], [20, 20, 20]),
    ] {
        let path = files.add("inks.jpg", &cmyk_jpeg(stored));
        let drawn = draw(&mut open_file(&path).expect("opened"), 1, 8, 8);
        assert!(alike(*drawn.get_pixel(4, 4), expected), "{stored:?}: {:?}", drawn.get_pixel(4, 4));
    }
}

#[test]
fn an_animated_gif_says_that_only_its_first_picture_is_read() {
    let files = Files::new();
    let mut bytes = Vec::new();
    let frame = || image::Frame::new(DynamicImage::from(sample()).to_rgba8());
    image::codecs::gif::GifEncoder::new(&mut bytes).encode_frames([frame(), frame()]).expect("encoded");
    let path = files.add("moving.gif", &bytes);
    let read = read(&path).expect("read");
    assert!(read.warnings.iter().any(|warning| warning.message.contains("animated")), "{:?}", read.warnings);
}

#[test]
fn a_picture_that_breaks_off_is_said_to_do_so() {
    let files = Files::new();
    let sample = DynamicImage::from(sample());
    let cut = |format, missing| {
        let whole = encode(&sample, format);
        whole[..whole.len() - missing].to_vec()
    };
    let error = read(&files.add("cut.png", &cut(ImageFormat::Png, 30))).expect_err("cut");
    assert!(error.to_string().contains("its end is missing"), "{error}");
    let read = read(&files.add("cut.jpg", &cut(ImageFormat::Jpeg, 4))).expect("read");
    assert!(read.warnings.iter().any(|warning| warning.message.contains("end of the JPEG")), "{:?}", read.warnings);
}

#[test]
fn a_picture_too_large_to_unpack_is_refused() {
    let files = Files::new();
    // A PNG that promises 60,000 by 60,000 pixels.
    let mut header = b"IHDR".to_vec();
    header.extend(60_000_u32.to_be_bytes());
    header.extend(60_000_u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&header);
    bytes.extend(crc32(&header).to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT");
    bytes.extend(crc32(b"IDAT").to_be_bytes());
    let path = files.add("bomb.png", &bytes);
    let outcome = within_limit("bomb", move || {
        let mut document = open_file(&path)?;
        document.render(1, Rect::new(0.0, 0.0, 100.0, 100.0), 10, 10)
    });
    assert!(matches!(outcome, Err(DocumentError::TooLarge { .. })), "{outcome:?}");
}

/// A PNG of one colour that unpacks to 16,000 by 16,000 pixels, 768 MB, from some 800 KB.
fn png_bomb() -> Vec<u8> {
    const SIDE: u32 = 16_000;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(1));
    let row = vec![0; 1 + 3 * SIDE as usize];
    for _ in 0..SIDE {
        packed.write_all(&row).expect("packed");
    }
    let packed = packed.finish().expect("packed");
    let mut header = SIDE.to_be_bytes().to_vec();
    header.extend(SIDE.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [(b"IHDR", &header), (b"IDAT", &packed), (b"IEND", &Vec::new())] {
        bytes.extend((content.len() as u32).to_be_bytes());
        let chunk = [&name[..], content].concat();
        bytes.extend(&chunk);
        bytes.extend(crc32(&chunk).to_be_bytes());
    }
    bytes
}

/// The most memory that this process has had in use, in MiB.
#[cfg(target_os = "linux")]
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its peak");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") >> 10
}

#[cfg(target_os = "linux")]
#[test]
fn a_png_bomb_is_unpacked_in_another_process_if_at_all() {
    let files = Files::new();
    let path = files.add("bomb.png", &png_bomb());
    let good = files.add("good.png", &encode(&DynamicImage::from(sample()), ImageFormat::Png));
    let bomb = path.clone();
    // Other tests run in this process too, but none needs a tenth of this.
    let before = peak_mib();
    let mut document = within_limit("bomb", move || open_file(&bomb)).expect("opened");
    let whole = Rect::new(0.0, 0.0, 12_000.0, 12_000.0);
    let drawn = document.render(1, whole, 100, 100).expect("drawn");
    assert_eq!(drawn.get_pixel(50, 50).0, [0; 3]);
    assert!(peak_mib() - before < 500, "{before} MiB, then {} MiB", peak_mib());
    // With less memory it is refused, in one line, and the next document is read.
    let mut options = open_options();
    options.pages.as_mut().expect("given").limits.memory_bytes = 400 << 20;
    let error = within_limit("bomb", move || read_with(&path, options)).expect_err("too large");
    assert!(matches!(error, DocumentError::TooLarge { .. }), "{error}");
    let message = error.to_string();
    assert!(!message.contains('\n') && message.contains("memory") && error.hint().is_some(), "{message}");
    assert_eq!(read(&good).expect("read").value.pages.len(), 1);
}

#[test]
fn a_picture_that_takes_too_long_is_given_up_and_the_next_document_is_read() {
    let files = Files::new();
    let path = files.add("slow.png", &png_bomb());
    let good = files.add("good.png", &encode(&DynamicImage::from(sample()), ImageFormat::Png));
    let mut options = open_options();
    options.pages.as_mut().expect("given").limits.page_timeout = Duration::from_millis(20);
    let error = within_limit("slow", move || read_with(&path, options)).expect_err("too slow");
    assert!(matches!(error, DocumentError::ImageTimedOut { .. }), "{error}");
    assert!(!error.to_string().contains('\n') && error.hint().is_some(), "{error}");
    assert_eq!(read(&good).expect("read").value.pages.len(), 1);
}

#[test]
fn pictures_cut_anywhere_are_one_clear_line_or_what_is_left_of_them() {
    let files = Files::new();
    let image = DynamicImage::from(sample());
    for format in [ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff] {
        let whole = encode(&image, format);
        let mut refused = 0;
        for kept in [whole.len() / 4, whole.len() / 2, whole.len() - whole.len() / 8, whole.len() - 1] {
            let what = format!("{format:?}, {kept} of {} bytes", whole.len());
            let path = files.add("cut.img", &whole[..kept]);
            let outcome = within_limit(&what, move || {
                let mut document = open_file(&path)?;
                Ok::<_, DocumentError>(draw(&mut document, 1, 32, 16))
            });
            if let Err(error) = outcome {
                let message = error.to_string();
                assert!(!message.contains('\n') && message.ends_with("cut.img"), "{what}: {message}");
                assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{what}: {message}");
                assert!(!matches!(error, DocumentError::ImageDied { .. }), "{what}: {message}");
                refused += 1;
            }
        }
        assert!(refused > 0, "{format:?}: a quarter of a file passes for a whole one");
    }
}

#[test]
fn a_decoder_that_dies_costs_its_document() {
    let files = Files::new();
    let path = files.add("good.png", &encode(&DynamicImage::from(sample()), ImageFormat::Png));
    for (manner, expected) in
        [("dies-at-once", "ended unexpectedly"), ("other-version", "another version"), ("lies", "another version")]
    {
        let mut pages = super::pages_options();
        pages.program = vec![env!("CARGO_BIN_EXE_faulty-pages").into(), manner.into()];
        let mut options = open_options();
        options.pages = Some(pages);
        let path = path.clone();
        let error = within_limit(manner, move || read_with(&path, options)).expect_err(manner);
        assert!(error.to_string().contains(expected), "{manner}: {error}");
    }
}

#[test]
fn many_images_can_be_open_at_once() {
    let files = Files::new();
    let bytes = encode(&DynamicImage::from(sample()), ImageFormat::Png);
    let paths: Vec<_> = (0..20).map(|index| files.add(&format!("{index}.png"), &bytes)).collect();
    within_limit("many", move || {
        let mut open: Vec<OpenDocument> = paths.iter().map(|path| open_file(path).expect("opened")).collect();
        for document in &mut open {
            let drawn = draw(document, 1, 32, 16);
            assert!(alike(*drawn.get_pixel(4, 8), RED));
        }
    });
}

/// The check sum of a PNG's chunks.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0_u32, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), step))
}
