//! Preprocessing: a picture to the pixels that the vision tower expects.
//!
//! Resized to a square without keeping the aspect ratio, by an antialiased bilinear filter (a triangle whose support
//! grows when shrinking, as PIL's), then `x / 127.5 - 1`, channels first (reference description §4.3).

use crate::model::error::ModelError;
use crate::resample::{Filter, resize};

/// Channels first, `[3, side, side]`, values in -1..=1.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Red plane, green plane, blue plane; each row by row.
    pub values: Vec<f32>,
    /// Height and width.
    pub side: usize,
}

/// Pixels of an RGB picture, given as three bytes per pixel, row by row.
///
/// # Errors
/// Returns [`ModelError::Picture`] when `rgb` is not `width * height * 3` bytes or has no pixels.
pub fn preprocess(rgb: &[u8], width: u32, height: u32, side: usize) -> Result<Pixels, ModelError> {
    let bytes = resize(rgb, (width, height), None, (side as u32, side as u32), Filter::Bilinear)
        .ok_or(ModelError::Picture { width, height })?;
    let mut values = Vec::with_capacity(bytes.len());
    for channel in 0..3 {
        values.extend(bytes.iter().skip(channel).step_by(3).map(|&byte| f32::from(byte) / 127.5 - 1.0));
    }
    Ok(Pixels { values, side })
}
