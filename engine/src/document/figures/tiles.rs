//! Cuts a figure so that its text stays legible in the square that the vision model sees.

use crate::document::geometry::Rect;
use crate::document::page::{Figure, FigureKind};

/// Side of the model's square input, in pixels.
const SIDE_PX: f32 = 896.0;
/// Pixels per point that make nine-point print legible: letters are then about eight pixels tall. A page of usual size
/// is cut into an upper and a lower half; four quarters would be slightly more legible at twice the cost.
const LEGIBLE_PX_PER_PT: f32 = 1.4;
/// Share of a tile that overlaps the next, so that no line of text is cut in both.
const OVERLAP: f32 = 0.1;

/// The parts of `figure` to show the model one by one, in reading order: one for ordinary figures, overlapping parts
/// for page scans whose print would be too small as a whole. The page is measured as displayed; boxes are in page
/// space.
pub fn tiles(page_size_pt: (f32, f32), figure: &Figure) -> Vec<Rect> {
    let whole = figure.bbox;
    if figure.kind != FigureKind::Scan || !whole.is_finite() || whole.area() <= 0.0 {
        return vec![whole];
    }
    // A scan of unusual size was set larger or smaller than print; it is measured as a letter or A4 page.
    let longest = page_size_pt.0.max(page_size_pt.1).max(1.0);
    let scale = 800.0 / longest;
    let parts = |extent: f32| ((extent * scale * LEGIBLE_PX_PER_PT / SIDE_PX).ceil() as usize).clamp(1, 2);
    let (columns, rows) = (parts(whole.width()), parts(whole.height()));
    let mut out = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let (top, bottom) = span(whole.top, whole.bottom, row, rows);
        for column in 0..columns {
            let (left, right) = span(whole.left, whole.right, column, columns);
            out.push(Rect { left, top, right, bottom });
        }
    }
    out
}

/// The `index`th of `count` equal spans from `low` to `high` that overlap their neighbours.
fn span(low: f32, high: f32, index: usize, count: usize) -> (f32, f32) {
    let step = (high - low) / count as f32;
    let margin = if count > 1 { step * OVERLAP / 2.0 } else { 0.0 };
    let start = low + step * index as f32;
    ((start - margin).max(low), (start + step + margin).min(high))
}
