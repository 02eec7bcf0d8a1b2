//! A picture to the pixels that the vision tower wants.
//!
//! Resized to a square without keeping the aspect ratio, by an antialiased bilinear filter (a triangle whose support
//! grows when shrinking, as PIL's), then `x / 127.5 - 1`, channels first (reference description §4.3).

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::model::ModelError;

/// Channels first, `[3, side, side]`, values in -1..=1.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Red plane, green plane, blue plane; each row by row.
    pub values: Vec<f32>,
    /// Height and width.
    pub side: usize,
}

/// Pixels of an RGB picture, three bytes a pixel, row by row.
///
/// # Errors
/// Returns [`ModelError::Picture`] when `rgb` is not `width * height * 3` bytes or has no pixels.
pub fn preprocess(rgb: &[u8], width: u32, height: u32, side: usize) -> Result<Pixels, ModelError> {
    let unusable = || ModelError::Picture { width, height };
    let source = ImageRef::new(width, height, rgb, PixelType::U8x3).map_err(|_| unusable())?;
    let mut resized = Image::new(side as u32, side as u32, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).use_alpha(false);
    Resizer::new().resize(&source, &mut resized, &options).map_err(|_| unusable())?;
    let bytes = resized.buffer();
    let mut values = Vec::with_capacity(bytes.len());
    for channel in 0..3 {
        values.extend(bytes.iter().skip(channel).step_by(3).map(|&byte| f32::from(byte) / 127.5 - 1.0));
    }
    Ok(Pixels { values, side })
}
