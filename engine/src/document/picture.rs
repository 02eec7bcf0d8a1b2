//! Decodes the pictures of an image file: each is a page. Runs only in the process that is there for it
//! (`pages/picture_server.rs`), because a small file may ask for gigabytes.

use std::io::{Cursor, ErrorKind};

use image::codecs::gif::GifDecoder;
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use super::geometry::Rect;
use super::image_file::POINTS_PER_PIXEL;
use super::pages::picture_wire::{MAX_RENDERED_PIXELS, PictureFault, PicturesInfo};
use super::sniff::{HEAD_BYTES, image_format};
use super::tiff_pages::{Directory, StartingAt, directories};
use crate::cancel::CancelToken;
use crate::resample::{Filter, Part, resize};

/// Limits: file size, pixels, and memory of one picture.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;
const MAX_PIXELS: u64 = 400_000_000;
const MAX_DECODED_BYTES: u64 = 2 << 30;

/// An open image file.
#[derive(Debug)]
pub(super) struct Pictures<B> {
    bytes: B,
    format: ImageFormat,
    /// Offset of each picture's directory, in TIFF files.
    tiff_offsets: Vec<Option<u64>>,
    /// The picture that was decoded last, with its page.
    decoded: Option<(usize, RgbImage)>,
}

impl<B: AsRef<[u8]>> Pictures<B> {
    /// Opens an image file that is in memory or mapped.
    pub(super) fn open(bytes: B) -> Result<(Self, PicturesInfo), PictureFault> {
        let file = bytes.as_ref();
        let format = image_format(file.get(..HEAD_BYTES).unwrap_or(file)).ok_or(PictureFault::Damaged(None))?;
        let mut info = PicturesInfo::default();
        if format == ImageFormat::Gif && is_animated(file) {
            info.warnings.push("the GIF is animated, only its first frame is read".to_owned());
        }
        if format == ImageFormat::Jpeg && lacks_end(file) {
            info.warnings.push("the end of the JPEG is missing, its lower part may be blank".to_owned());
        }
        let mut tiff_offsets = Vec::new();
        if format == ImageFormat::Tiff {
            // Whoever waits for this process ends it where it is no longer wanted.
            let found = directories(file, &CancelToken::default())
                .map_err(|error| PictureFault::Damaged(Some(error.to_string())))?;
            info.warnings.extend(found.warning());
            for Directory { offset, size_px } in found.listed {
                tiff_offsets.push(Some(offset));
                info.sizes_px.push(size_px);
            }
        }
        let mut pictures = Self { bytes, format, tiff_offsets, decoded: None };
        if pictures.tiff_offsets.is_empty() {
            pictures.tiff_offsets.push(None);
            info.sizes_px.push(pictures.size());
        }
        match *info.sizes_px {
            [None] => Err(pictures.why_not()),
            _ => Ok((pictures, info)),
        }
    }

    /// Makes sure that picture `index` can be decoded.
    pub(super) fn check(&mut self, index: usize) -> Result<(), PictureFault> {
        self.decode(index).map(|_| ())
    }

    /// Draws a rectangle (in points) of picture `index`.
    pub(super) fn render(
        &mut self,
        index: usize,
        rect: &Rect,
        (width_px, height_px): (u32, u32),
    ) -> Result<RgbImage, PictureFault> {
        let pixels = u64::from(width_px) * u64::from(height_px);
        if pixels == 0 || pixels > MAX_RENDERED_PIXELS || !rect.is_finite() || rect.area() <= 0.0 {
            return Err(PictureFault::OutOfBounds);
        }
        draw(self.decode(index)?, rect, width_px, height_px).ok_or(PictureFault::OutOfBounds)
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

    /// A decoder of the picture whose directory is at `tiff_offset`.
    fn decoder(&self, tiff_offset: Option<u64>) -> image::ImageResult<impl ImageDecoder + '_> {
        let mut reader = ImageReader::with_format(StartingAt::new(self.bytes.as_ref(), tiff_offset), self.format);
        reader.limits(limits());
        reader.into_decoder()
    }

    fn decode(&mut self, index: usize) -> Result<&RgbImage, PictureFault> {
        let kept = self.decoded.take().filter(|(page, _)| *page == index);
        let picture = match kept {
            Some((_, picture)) => picture,
            None => self.decode_anew(index)?,
        };
        Ok(&self.decoded.insert((index, picture)).1)
    }

    fn decode_anew(&self, index: usize) -> Result<RgbImage, PictureFault> {
        let tiff_offset = *self.tiff_offsets.get(index).ok_or(PictureFault::OutOfBounds)?;
        let mut decoder = self.decoder(tiff_offset).map_err(describe)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES {
            return Err(PictureFault::TooLarge(format!("{width} x {height} pixels")));
        }
        if !fits_into_memory(decoder.total_bytes()) {
            let size = format!("{width} x {height} pixels, which do not fit into memory");
            return Err(PictureFault::TooLarge(size));
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut picture = DynamicImage::from_decoder(decoder).map_err(describe)?;
        picture.apply_orientation(orientation);
        on_white(picture).ok_or(PictureFault::Damaged(None))
    }

    /// Why the only picture of a file cannot even be measured.
    fn why_not(&self) -> PictureFault {
        let tiff_offset = self.tiff_offsets.first().copied().flatten();
        self.decoder(tiff_offset).err().map_or(PictureFault::Damaged(None), describe)
    }
}

/// Whether so many bytes can be had; otherwise decoding would end this process.
fn fits_into_memory(bytes: u64) -> bool {
    usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok())
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

fn describe(error: image::ImageError) -> PictureFault {
    match error {
        image::ImageError::Limits(_) => PictureFault::TooLarge("it does not fit into memory".to_owned()),
        image::ImageError::Unsupported(_) => PictureFault::Unsupported,
        error => {
            let said = error.to_string();
            let cut = matches!(&error, image::ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof)
                || said.contains("end of file");
            PictureFault::Damaged(Some(if cut { "its end is missing".to_owned() } else { said }))
        }
    }
}

/// Eight bits per channel, transparency over white, in the same memory.
fn on_white(picture: DynamicImage) -> Option<RgbImage> {
    if !picture.color().has_alpha() {
        return Some(picture.into_rgb8());
    }
    let picture = picture.into_rgba8();
    let (width, height) = picture.dimensions();
    let mut bytes = picture.into_raw();
    let pixels = bytes.len() / 4;
    for pixel in 0..pixels {
        let alpha = u16::from(bytes[4 * pixel + 3]);
        for channel in 0..3 {
            let from = u16::from(bytes[4 * pixel + channel]);
            bytes[3 * pixel + channel] = ((from * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    bytes.truncate(3 * pixels);
    RgbImage::from_raw(width, height, bytes)
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
