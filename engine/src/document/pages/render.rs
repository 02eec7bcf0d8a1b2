//! Drawing a rectangle of a page.
#![expect(unsafe_code, reason = "PDFium is a C library")]

use super::super::geometry::Rect;
use super::page_space::PageSpace;
use super::pdfium::PdfPage;
use super::wire::{Fault, MAX_PIXELS, Pixels};

/// PDFium's three bytes per pixel.
const FORMAT_BGR: i32 = 2;

/// Includes annotations; red first.
const FLAGS: i32 = 0x01 | 0x10;

/// Longest side, in pixels, that the whole page may have at the scale asked for: PDFium counts in 32 bits.
const MAX_PAGE_SIDE: f64 = 1e8;

/// Smallest rectangle that can be drawn, in points.
const MIN_SIDE: f32 = 1e-3;

/// Draws `rect` (page space) on white, `width_px` by `height_px`.
pub(super) fn render(
    page: &PdfPage<'_>,
    space: &PageSpace,
    rect: &Rect,
    width_px: u32,
    height_px: u32,
) -> Result<Pixels, Fault> {
    let pixels = u64::from(width_px) * u64::from(height_px);
    let drawable = rect.is_finite() && rect.width() >= MIN_SIDE && rect.height() >= MIN_SIDE;
    if !drawable || pixels == 0 || pixels > MAX_PIXELS {
        return Err(Fault::OutOfBounds);
    }
    let (page_width, page_height) = space.size();
    let across = Axis::new(rect.left, rect.width(), page_width, width_px).ok_or(Fault::OutOfBounds)?;
    let down = Axis::new(rect.top, rect.height(), page_height, height_px).ok_or(Fault::OutOfBounds)?;

    let row = width_px as usize * 3;
    let stride = row.next_multiple_of(4);
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(stride * height_px as usize).map_err(|_| Fault::OutOfBounds)?;
    buffer.resize(stride * height_px as usize, 255_u8);
    draw(page, &mut buffer, stride, (width_px as i32, height_px as i32), (across, down))?;
    if stride != row {
        for y in 1..height_px as usize {
            buffer.copy_within(y * stride..y * stride + row, y * row);
        }
        buffer.truncate(row * height_px as usize);
    }
    Ok(Pixels(buffer))
}

/// Position of the whole page along one axis of the result, in pixels.
#[derive(Clone, Copy)]
struct Axis {
    start: i32,
    size: i32,
}

impl Axis {
    fn new(from_pt: f32, extent_pt: f32, page_pt: f32, pixels: u32) -> Option<Self> {
        let scale = f64::from(pixels) / f64::from(extent_pt);
        let (start, size) = (-f64::from(from_pt) * scale, f64::from(page_pt) * scale);
        let fits = start.abs() < MAX_PAGE_SIDE && size < MAX_PAGE_SIDE;
        fits.then(|| Self { start: start.round() as i32, size: size.round().max(1.0) as i32 })
    }
}

fn draw(
    page: &PdfPage<'_>,
    buffer: &mut [u8],
    stride: usize,
    (width, height): (i32, i32),
    (across, down): (Axis, Axis),
) -> Result<(), Fault> {
    let calls = page.calls();
    // SAFETY: `buffer` holds `height` rows of `stride` bytes and outlives the bitmap, which is destroyed below.
    let bitmap =
        unsafe { calls.FPDFBitmap_CreateEx(width, height, FORMAT_BGR, buffer.as_mut_ptr().cast(), stride as i32) };
    if bitmap.is_null() {
        return Err(Fault::OutOfBounds);
    }
    // SAFETY: bitmap and page are valid; the bitmap is not used after it was destroyed.
    unsafe {
        calls.FPDF_RenderPageBitmap(
            bitmap,
            page.handle().cast(),
            across.start,
            down.start,
            across.size,
            down.size,
            0,
            FLAGS,
        );
        calls.FPDFBitmap_Destroy(bitmap);
    }
    Ok(())
}
