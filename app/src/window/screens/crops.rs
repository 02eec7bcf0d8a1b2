//! Crops of a page that show the sources of an answer.

use eframe::egui::{Rect as ScreenRect, Ui, pos2, vec2};
use engine::document::geometry::Rect;

use crate::window::pages::{FrameCache, PageView};
use crate::window::screens::page::part_ui;
use crate::window::theme::Look;

/// Margin left and right, in points of the page.
const MARGIN_PT: f32 = 10.0;

/// Margin above and below, in points of the page: less than the space between lines, to avoid cut lines.
const GAP_PT: f32 = 2.5;

/// Places closer than this share a crop, in points of the page.
const CLOSE_PT: f32 = 32.0;

/// Width of a picture, in screen points.
pub(super) const CROP_WIDTH: f32 = 460.0;

/// Opacity of marks in a crop.
const MARK_OPACITY: f32 = 0.22;

/// Draws the places of a page, each given by its boxes.
pub(super) fn crops_ui(
    ui: &mut Ui,
    look: &Look,
    (page, places): (u32, &[&[Rect]]),
    view: &PageView,
    cache: &mut FrameCache,
) {
    ui.spacing_mut().item_spacing.y = look.sizes().gap;
    let boxes: Vec<Rect> = places.iter().flat_map(|boxes| boxes.iter().copied()).collect();
    for part in close_together(boxes.clone()) {
        let shown = ui.scope(|ui| part_ui(ui, view, cache, (page, &part), CROP_WIDTH)).response.rect;
        let scale = shown.width() / part.width().max(1.0);
        let on_screen = |x: f32, y: f32| shown.min + vec2(x - part.left, y - part.top) * scale;
        // A crop that shows nothing else needs no marks.
        let is_alone = boxes.len() == 1 || part.height() > 0.5 * shown.width() / scale;
        for marked in boxes.iter().filter(|marked| !is_alone && part.top <= marked.top && marked.bottom <= part.bottom)
        {
            let (min, max) = (on_screen(marked.left, marked.top), on_screen(marked.right, marked.bottom));
            let rect = ScreenRect::from_min_max(pos2(min.x, min.y), pos2(max.x, max.y));
            ui.painter().rect_filled(rect, 2.0, look.colours().mark.gamma_multiply(MARK_OPACITY));
        }
    }
}

/// Parts of a page that contain the boxes, from top to bottom, with margins; close ones are merged.
fn close_together(mut boxes: Vec<Rect>) -> Vec<Rect> {
    boxes.sort_by(|a, b| a.top.total_cmp(&b.top));
    let mut parts: Vec<Rect> = Vec::new();
    for next in boxes {
        match parts.last_mut().filter(|last| next.top <= last.bottom + CLOSE_PT) {
            Some(last) => *last = last.union(&next),
            None => parts.push(next),
        }
    }
    let with_margin = |part: Rect| {
        let (left, top) = ((part.left - MARGIN_PT).max(0.0), (part.top - GAP_PT).max(0.0));
        Rect::new(left, top, part.right + MARGIN_PT, part.bottom + GAP_PT)
    };
    parts.into_iter().map(with_margin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_places_share_a_crop() {
        let line = |top: f32| Rect::new(72.0, top, 540.0, top + 12.0);
        let crops = |tops: &[f32]| {
            let parts = close_together(tops.iter().map(|top| line(*top)).collect());
            parts.iter().map(|part| (part.top + GAP_PT, part.bottom - GAP_PT)).collect::<Vec<_>>()
        };
        assert_eq!(crops(&[]), []);
        assert_eq!(crops(&[100.0]), [(100.0, 112.0)]);
        assert_eq!(crops(&[114.0, 100.0]), [(100.0, 126.0)]);
        assert_eq!(crops(&[140.0, 100.0]), [(100.0, 152.0)], "a line or two in between");
        assert_eq!(crops(&[400.0, 100.0]), [(100.0, 112.0), (400.0, 412.0)]);
    }
}
