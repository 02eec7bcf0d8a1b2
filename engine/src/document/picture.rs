//! Images as documents: each picture in the file is a page.

use std::io::{Cursor, ErrorKind};
use std::path::Path;

use image::codecs::gif::GifDecoder;
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use super::error::DocumentError;
use super::geometry::Rect;
use super::tiff_pages::{ChainError, Directory, StartingAt, directories};
use crate::cancel::CancelToken;
use crate::diagnostic::Diagnostic;
use crate::resample::{Filter, Part, resize};

/// Points per pixel: 96 pixels per inch, because images carry no reliable size.
const POINTS_PER_PIXEL: f32 = 0.75;

/// Limits: file size, pixels, and memory of one picture.
const MAX_FILE_BYTES: u64 = 1 << 30;
const MAX_PIXELS: u64 = 400_000_000;
const MAX_DECODED_BYTES: u64 = 2 << 30;

/// Most pixels of a rendering.
const MAX_RENDERED_PIXELS: u64 = 64 << 20;

/// An open image file.
#[derive(Debug)]
pub(super) struct Pictures {
    bytes: Vec<u8>,
    format: ImageFormat,
    pages: Vec<PicturePage>,
    /// The picture that was decoded last, with its page.
    decoded: Option<(usize, RgbImage)>,
}

/// One picture of the file.
#[derive(Clone, Copy, Debug)]
struct PicturePage {
    /// Offset of its directory, in TIFF files with several pictures.
    tiff_offset: Option<u64>,
    /// Width and height as displayed, in pixels; `None` if they cannot be read.
    size_px: Option<(u32, u32)>,
}

impl Pictures {
    /// Opens an image file.
    pub(super) fn open(
        path: &Path,
        format: ImageFormat,
        cancel: &CancelToken,
    ) -> Result<(Self, Vec<Diagnostic>), DocumentError> {
        let io = |error: &std::io::Error| DocumentError::from_io(error, path.to_path_buf());
        let length = std::fs::metadata(path).map_err(|error| io(&error))?.len();
        if length > MAX_FILE_BYTES {
            let size = format!("{} MiB of at most {}", length >> 20, MAX_FILE_BYTES >> 20);
            return Err(DocumentError::TooLarge { what: "the image file", size, path: path.to_path_buf() });
        }
        let bytes = std::fs::read(path).map_err(|error| io(&error))?;
        let mut warnings = Vec::new();
        if format == ImageFormat::Gif && is_animated(&bytes) {
            warnings.push(Diagnostic::general("the GIF is animated, only its first frame is read"));
        }
        if format == ImageFormat::Jpeg && lacks_end(&bytes) {
            warnings.push(Diagnostic::general("the end of the JPEG is missing, its lower part may be blank"));
        }
        let mut pictures = Self { bytes, format, pages: Vec::new(), decoded: None };
        if format == ImageFormat::Tiff {
            let found = directories(&pictures.bytes, cancel).map_err(|error| match error {
                ChainError::Cancelled(cancelled) => DocumentError::Cancelled(cancelled),
                error => {
                    let detail = Some(error.to_string());
                    DocumentError::Damaged { what: "the image", detail, path: path.to_path_buf() }
                }
            })?;
            warnings.extend(found.warning().map(Diagnostic::general));
            let page = |Directory { offset, size_px }| PicturePage { tiff_offset: Some(offset), size_px };
            pictures.pages = found.listed.into_iter().map(page).collect();
        }
        if pictures.pages.is_empty() {
            pictures.pages.push(PicturePage { tiff_offset: None, size_px: pictures.size() });
        }
        // In a file of several pictures a bad one only costs its page; a single one is the file.
        match *pictures.pages {
            [PicturePage { tiff_offset, size_px: None }] => return Err(pictures.why_not(tiff_offset, path)),
            [_] => pictures.check(0, path)?,
            _ => {}
        }
        Ok((pictures, warnings))
    }

    /// Number of pictures.
    pub(super) fn page_count(&self) -> u32 {
        self.pages.len() as u32
    }

    /// Width and height of picture `index` in points; `None` if it cannot be read.
    pub(super) fn size_pt(&self, index: usize) -> Option<(f32, f32)> {
        let (width, height) = self.pages.get(index)?.size_px?;
        Some((width as f32 * POINTS_PER_PIXEL, height as f32 * POINTS_PER_PIXEL))
    }

    /// Makes sure that picture `index` can be decoded.
    pub(super) fn check(&mut self, index: usize, path: &Path) -> Result<(), DocumentError> {
        self.decode(index, path).map(|_| ())
    }

    /// Draws a rectangle (in points) of picture `index`.
    pub(super) fn render(
        &mut self,
        index: usize,
        rect: &Rect,
        (width_px, height_px): (u32, u32),
        path: &Path,
    ) -> Result<RgbImage, DocumentError> {
        let pixels = u64::from(width_px) * u64::from(height_px);
        if pixels == 0 || pixels > MAX_RENDERED_PIXELS || !rect.is_finite() || rect.area() <= 0.0 {
            let size = format!("{width_px} x {height_px} pixels");
            return Err(DocumentError::TooLarge { what: "the part to draw", size, path: path.to_path_buf() });
        }
        let picture = self.decode(index, path)?;
        draw(picture, rect, width_px, height_px).ok_or_else(|| DocumentError::Damaged {
            what: "the image",
            detail: Some("it cannot be scaled".to_owned()),
            path: path.to_path_buf(),
        })
    }

    /// Width and height of the only picture, as displayed.
    fn size(&self) -> Option<(u32, u32)> {
        let mut decoder = self.decoder(None).ok()?;
        let (width, height) = decoder.dimensions();
        let turned = matches!(
            decoder.orientation().unwrap_or(Orientation::NoTransforms),
            Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
        );
        Some(if turned { (height, width) } else { (width, height) })
    }

    /// Decodes the picture whose directory is at `tiff_offset`.
    fn decoder(&self, tiff_offset: Option<u64>) -> image::ImageResult<impl ImageDecoder + '_> {
        let mut reader = ImageReader::with_format(StartingAt::new(&self.bytes, tiff_offset), self.format);
        reader.limits(limits());
        reader.into_decoder()
    }

    fn decode(&mut self, index: usize, path: &Path) -> Result<&RgbImage, DocumentError> {
        let kept = self.decoded.take().filter(|(page, _)| *page == index);
        let picture = match kept {
            Some((_, picture)) => picture,
            None => self.decode_anew(index, path)?,
        };
        Ok(&self.decoded.insert((index, picture)).1)
    }

    fn decode_anew(&self, index: usize, path: &Path) -> Result<RgbImage, DocumentError> {
        let page_count = self.page_count();
        let no_page = || DocumentError::NoSuchPage { number: index as u32 + 1, page_count, path: path.to_path_buf() };
        let page = self.pages.get(index).ok_or_else(no_page)?;
        let failed = |error: image::ImageError| describe(error, path);
        let mut decoder = self.decoder(page.tiff_offset).map_err(failed)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES {
            let size = format!("{width} x {height} pixels");
            return Err(DocumentError::TooLarge { what: "the image", size, path: path.to_path_buf() });
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
        picture.apply_orientation(orientation);
        Ok(on_white(picture))
    }

    /// Why the only picture of a file cannot even be measured.
    fn why_not(&self, tiff_offset: Option<u64>, path: &Path) -> DocumentError {
        match self.decoder(tiff_offset) {
            Err(error) => describe(error, path),
            Ok(_) => DocumentError::Damaged { what: "the image", detail: None, path: path.to_path_buf() },
        }
    }
}

fn limits() -> image::Limits {
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

fn is_animated(bytes: &[u8]) -> bool {
    GifDecoder::new(Cursor::new(bytes)).is_ok_and(|mut decoder| {
        decoder.set_limits(limits()).is_ok() && decoder.into_frames().take(2).flatten().count() > 1
    })
}

/// Whether a JPEG is cut off: no end marker after the last scan marker. Neither can occur within data.
fn lacks_end(bytes: &[u8]) -> bool {
    let last = |mark: [u8; 2]| bytes.windows(2).rposition(|pair| pair == mark);
    last([0xff, 0xd9]) < last([0xff, 0xda])
}

fn describe(error: image::ImageError, path: &Path) -> DocumentError {
    let path = path.to_path_buf();
    match error {
        image::ImageError::Limits(_) => {
            DocumentError::TooLarge { what: "the image", size: "it does not fit into memory".to_owned(), path }
        }
        image::ImageError::Unsupported(_) => DocumentError::NotADocument {
            found: "an image in an unsupported format",
            advice: "open it in an image program and save it as PNG",
            path,
        },
        error => {
            let said = error.to_string();
            let cut = matches!(&error, image::ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof)
                || said.contains("end of file");
            let detail = Some(if cut { "its end is missing".to_owned() } else { said.replace(['\n', '\r'], " ") });
            DocumentError::Damaged { what: "the image", detail, path }
        }
    }
}

/// Eight bits per channel, transparency over white.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mut opaque = RgbImage::new(picture.width(), picture.height());
    for (to, from) in opaque.pixels_mut().zip(picture.pixels()) {
        let alpha = u16::from(from.0[3]);
        for (to, &from) in to.0.iter_mut().zip(&from.0) {
            *to = ((u16::from(from) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    opaque
}

/// Cuts and scales; what lies outside the picture is white.
fn draw(picture: &RgbImage, rect: &Rect, width_px: u32, height_px: u32) -> Option<RgbImage> {
    let wanted = [rect.left, rect.top, rect.right, rect.bottom].map(|points| f64::from(points / POINTS_PER_PIXEL));
    let (across, from_x, to_x) = overlap(wanted[0], wanted[2], picture.width(), width_px);
    let (down, from_y, to_y) = overlap(wanted[1], wanted[3], picture.height(), height_px);
    let mut result = RgbImage::from_pixel(width_px, height_px, image::Rgb([255; 3]));
    if from_x >= to_x || from_y >= to_y {
        return Some(result);
    }
    let cut = Part { left: across.0, top: down.0, width: across.1 - across.0, height: down.1 - down.0 };
    let target = (to_x - from_x, to_y - from_y);
    let part = resize(picture.as_raw(), picture.dimensions(), Some(cut), target, Filter::Sharp)?;
    let part = RgbImage::from_raw(target.0, target.1, part)?;
    image::imageops::replace(&mut result, &part, i64::from(from_x), i64::from(from_y));
    Some(result)
}

/// For one axis: which part of the picture's `length` pixels `from..to` covers, and which pixels of the result it
/// fills.
fn overlap(from: f64, to: f64, length: u32, pixels: u32) -> ((f64, f64), u32, u32) {
    let scale = f64::from(pixels) / (to - from);
    let (start, end) = (from.max(0.0), to.min(f64::from(length)));
    let at = |position: f64| (((position - from) * scale).round().max(0.0) as u32).min(pixels);
    ((start, end), at(start), at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_is_white() {
        let black = RgbImage::new(4, 4);
        let drawn = draw(&black, &Rect::new(-3.0, 0.0, 3.0, 3.0), 8, 4).expect("drawn");
        assert_eq!(drawn.get_pixel(3, 0).0, [255; 3]);
        assert_eq!(drawn.get_pixel(4, 0).0, [0; 3]);
        let elsewhere = draw(&black, &Rect::new(100.0, 0.0, 103.0, 3.0), 2, 2).expect("drawn");
        assert!(elsewhere.pixels().all(|pixel| pixel.0 == [255; 3]));
    }
}
