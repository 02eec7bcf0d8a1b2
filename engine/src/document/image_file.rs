//! An open image file: translates between the process that decodes it and documents. Decodes nothing itself.

use std::path::{Path, PathBuf};

use image::RgbImage;

use super::error::DocumentError;
use super::geometry::Rect;
use super::pages::picture_wire::{MAX_RENDERED_PIXELS, PictureFault};
use super::pages::{PagesOptions, PictureError, PicturesProcess};
use crate::cancel::{CancelToken, Cancelled};
use crate::diagnostic::Diagnostic;

/// Points per pixel: 96 pixels per inch, because images carry no reliable size.
pub(super) const POINTS_PER_PIXEL: f32 = 0.75;

/// Longest line taken from the process, in characters.
const MAX_LINE: usize = 200;

/// An open image file.
#[derive(Debug)]
pub(super) struct ImageFile {
    path: PathBuf,
    process: PicturesProcess,
    /// The picture that was last found to be readable.
    checked: Option<u32>,
}

impl ImageFile {
    /// Opens an image file.
    pub(super) fn open(
        path: &Path,
        options: Option<PagesOptions>,
        cancel: &CancelToken,
    ) -> Result<(Self, Vec<Diagnostic>), DocumentError> {
        let options = match options {
            Some(options) => options,
            // PDFium is not needed for images.
            None => PagesOptions::this_program(PathBuf::new())
                .map_err(|error| DocumentError::ImageDied { detail: error.to_string(), path: path.to_path_buf() })?,
        };
        let process = PicturesProcess::open(options, path, cancel).map_err(|error| translate(error, path))?;
        let warnings = process.info().warnings.iter().map(|said| Diagnostic::general(line(said))).collect();
        let mut file = Self { path: path.to_path_buf(), process, checked: None };
        // In a file of several pictures a bad one only costs its page; a single one is the file.
        if file.page_count() == 1 {
            file.check(0, cancel)?;
        }
        Ok((file, warnings))
    }

    /// Number of pictures.
    pub(super) fn page_count(&self) -> u32 {
        self.process.info().sizes_px.len() as u32
    }

    /// Width and height of picture `index` in points; `None` if it cannot be read.
    pub(super) fn size_pt(&self, index: u32) -> Option<(f32, f32)> {
        let (width, height) = self.process.info().sizes_px.get(index as usize).copied()??;
        Some((width as f32 * POINTS_PER_PIXEL, height as f32 * POINTS_PER_PIXEL))
    }

    /// Makes sure that picture `index` can be decoded.
    pub(super) fn check(&mut self, index: u32, cancel: &CancelToken) -> Result<(), DocumentError> {
        if self.checked != Some(index) {
            self.process.check(index, cancel).map_err(|error| translate(error, &self.path))?;
            self.checked = Some(index);
        }
        Ok(())
    }

    /// Draws a rectangle (in points) of picture `index`.
    pub(super) fn render(
        &mut self,
        index: u32,
        rect: Rect,
        (width_px, height_px): (u32, u32),
    ) -> Result<RgbImage, DocumentError> {
        let pixels = u64::from(width_px) * u64::from(height_px);
        if pixels == 0 || pixels > MAX_RENDERED_PIXELS || !rect.is_finite() || rect.area() <= 0.0 {
            let size = format!("{width_px} x {height_px} pixels");
            return Err(DocumentError::TooLarge { what: "the part to draw", size, path: self.path.clone() });
        }
        let drawn = self.process.render(index, rect, (width_px, height_px), &CancelToken::default());
        let bytes = drawn.map_err(|error| translate(error, &self.path))?;
        let detail = || DocumentError::Damaged { what: "the image", detail: None, path: self.path.clone() };
        RgbImage::from_raw(width_px, height_px, bytes).ok_or_else(detail)
    }
}

fn translate(error: PictureError, path: &Path) -> DocumentError {
    let path = path.to_path_buf();
    match error {
        PictureError::Refused(PictureFault::Io(detail)) => DocumentError::Io { detail: line(&detail), path },
        PictureError::Refused(PictureFault::TooLarge(size)) => {
            DocumentError::TooLarge { what: "the image", size: line(&size), path }
        }
        PictureError::Refused(PictureFault::Unsupported) => DocumentError::NotADocument {
            found: "an image in an unsupported format",
            advice: "open it in an image program and save it as PNG",
            path,
        },
        PictureError::Refused(PictureFault::Damaged(detail)) => {
            DocumentError::Damaged { what: "the image", detail: detail.as_deref().map(line), path }
        }
        PictureError::Refused(PictureFault::OutOfBounds) => {
            DocumentError::Damaged { what: "the image", detail: Some("it cannot be scaled".to_owned()), path }
        }
        PictureError::TimedOut(after) => DocumentError::ImageTimedOut { seconds: after.as_secs_f32(), path },
        PictureError::Cancelled => DocumentError::Cancelled(Cancelled),
        error => DocumentError::ImageDied { detail: error.to_string(), path },
    }
}

/// A text of the process as one line of bounded length, since a file may have taken it over.
fn line(text: &str) -> String {
    text.chars().take(MAX_LINE).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
