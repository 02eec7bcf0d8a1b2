//! The pictures that a page is composed of.

use eframe::egui::Rect;
use engine::document::geometry;
use engine::viewer::{PageKey, PictureKey};

/// Side of a tile, in pixels.
const TILE_PX: u32 = 768;

/// Width of a thumbnail, in pixels; also shown on a page until its tiles arrive.
const THUMBNAIL_PX: f32 = 240.0;

/// Longest side of a crop, in pixels.
const LONGEST_PART_PX: f32 = 1600.0;

/// The thumbnail of a page of this size, in points.
pub(crate) fn thumbnail_key(page: PageKey, (width, height): (f32, f32)) -> PictureKey {
    // A very tall page would be too narrow to see and too long to draw.
    let scale = (THUMBNAIL_PX / width).min(8.0 * THUMBNAIL_PX / height);
    whole(page, (width, height), scale)
}

/// The tiles of a page of this size (in points) at `scale` pixels per point that overlap `sight`, a part of the page in
/// points.
pub(crate) fn tile_keys(page: PageKey, size: (f32, f32), scale: f32, sight: Rect) -> Vec<PictureKey> {
    let all = whole(page, size, scale);
    let scale_px = all.scale as f32 / 1000.0;
    let tiles = |low: f32, high: f32, end: u32| {
        let (first, past) = ((low.max(0.0) * scale_px) as u32, (high.max(0.0) * scale_px).ceil() as u32);
        if first < end { first / TILE_PX..past.min(end).div_ceil(TILE_PX) } else { 0..0 }
    };
    let mut keys = Vec::new();
    for row in tiles(sight.top(), sight.bottom(), all.height) {
        for column in tiles(sight.left(), sight.right(), all.width) {
            let (left, top) = (column * TILE_PX, row * TILE_PX);
            keys.push(PictureKey {
                left,
                top,
                width: TILE_PX.min(all.width - left),
                height: TILE_PX.min(all.height - top),
                ..all
            });
        }
    }
    keys
}

/// A crop of a page (in points) at `scale` pixels per point, or less if that would be too large.
pub(crate) fn part_key(page: PageKey, part: &geometry::Rect, scale: f32) -> PictureKey {
    let scale = scale.min(LONGEST_PART_PX / part.width().max(part.height()).max(1.0));
    let scale = thousandths(scale);
    let px = |points: f32| (points * scale as f32 / 1000.0).max(0.0);
    let (left, top) = (px(part.left) as u32, px(part.top) as u32);
    let width = (px(part.right).ceil() as u32).saturating_sub(left).max(1);
    let height = (px(part.bottom).ceil() as u32).saturating_sub(top).max(1);
    PictureKey { page, scale, left, top, width, height }
}

fn whole(page: PageKey, (width, height): (f32, f32), scale: f32) -> PictureKey {
    let scale = thousandths(scale);
    let px = |points: f32| ((points * scale as f32 / 1000.0).ceil() as u32).max(1);
    PictureKey { page, scale, left: 0, top: 0, width: px(width), height: px(height) }
}

fn thousandths(scale: f32) -> u32 {
    ((scale * 1000.0).round() as u32).max(1)
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;
    use engine::viewer::DocumentId;

    use super::*;

    const PAGE: PageKey = PageKey { document: DocumentId(1), page: 3 };

    #[test]
    fn tiles_cover_what_is_in_sight_and_end_with_the_page() {
        for scale in [0.5, 1.0, 2.7, 6.0] {
            for sight in [
                Rect::from_min_max(pos2(0.0, 0.0), pos2(612.0, 792.0)),
                Rect::from_min_max(pos2(-50.0, 300.0), pos2(700.0, 301.0)),
                Rect::from_min_max(pos2(500.0, 700.0), pos2(900.0, 2000.0)),
            ] {
                let tiles = tile_keys(PAGE, (612.0, 792.0), scale, sight);
                let in_page = sight.intersect(Rect::from_min_max(pos2(0.0, 0.0), pos2(612.0, 792.0)));
                for at in [in_page.min, in_page.center(), in_page.max - eframe::egui::vec2(0.01, 0.01)] {
                    let holds = |key: &&PictureKey| {
                        let rect = key.rect_pt();
                        (rect.left..=rect.right + 0.01).contains(&at.x)
                            && (rect.top..=rect.bottom + 0.01).contains(&at.y)
                    };
                    assert!(tiles.iter().any(|key| holds(&key)), "{at:?} at {scale}");
                }
                for key in &tiles {
                    assert!(key.width >= 1 && key.height >= 1 && key.width <= TILE_PX && key.height <= TILE_PX);
                    assert!(key.rect_pt().right <= 613.0 && key.rect_pt().bottom <= 793.0, "{key:?}");
                }
            }
        }
    }

    #[test]
    fn a_page_out_of_sight_needs_no_tiles() {
        let above = Rect::from_min_max(pos2(0.0, -90.0), pos2(612.0, -10.0));
        let below = Rect::from_min_max(pos2(0.0, 800.0), pos2(612.0, 900.0));
        assert!(tile_keys(PAGE, (612.0, 792.0), 2.0, above).is_empty());
        assert!(tile_keys(PAGE, (612.0, 792.0), 2.0, below).is_empty());
    }

    #[test]
    fn strange_pages_have_small_pictures_of_bearable_size() {
        for size in [(612.0, 792.0), (10.0, 14_400.0), (14_400.0, 1.0), (1.0, 1.0)] {
            let key = thumbnail_key(PAGE, size);
            // A scale is a whole number of thousandths, which shows where pages are large.
            assert!(key.width <= 250 && key.height <= 1930 && key.width >= 1 && key.height >= 1, "{size:?} {key:?}");
        }
        let key = part_key(PAGE, &geometry::Rect::new(72.0, 100.0, 540.0, 112.0), 90.0);
        assert!(key.width <= 1602, "{key:?}");
    }
}
