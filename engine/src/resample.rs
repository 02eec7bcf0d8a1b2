//! Resizes pictures with antialiasing: the filter's support grows when shrinking, as in PIL.
//!
//! The only place that does so, for a single kind of pixel: the resizing library is compiled anew for every kind of
//! pixel.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

/// A part of a picture, in pixels of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// The interpolation filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Triangle filter: what the vision tower was trained with.
    Bilinear,
    /// Catmull-Rom: sharper to the eye.
    Sharp,
}

/// Resizes `part` (the whole if `None`) of an RGB picture of `size` (width, height), three bytes per pixel, row by row,
/// to `target` (width, height). `None` if the sizes do not match the bytes, or are zero.
pub fn resize(rgb: &[u8], size: (u32, u32), part: Option<Part>, target: (u32, u32), filter: Filter) -> Option<Vec<u8>> {
    let pixels = usize::try_from(u64::from(size.0) * u64::from(size.1)).ok()?;
    if pixels == 0 || pixels.checked_mul(3) != Some(rgb.len()) || target.0 == 0 || target.1 == 0 {
        return None;
    }
    let source = TypedImageRef::<U8x3>::from_buffer(size.0, size.1, rgb).ok()?;
    let mut resized = vec![0; target.0 as usize * target.1 as usize * 3];
    let mut view = TypedImage::<U8x3>::from_buffer(target.0, target.1, &mut resized).ok()?;
    let filter = match filter {
        Filter::Bilinear => FilterType::Bilinear,
        Filter::Sharp => FilterType::CatmullRom,
    };
    let mut options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).use_alpha(false);
    if let Some(part) = part {
        options = options.crop(part.left, part.top, part.width, part.height);
    }
    Resizer::new().resize_typed(&source, &mut view, &options).ok()?;
    Some(resized)
}
