//! Where pages lie: one below the other, each in the middle of the column.

use std::ops::Range;

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};
use serde::{Deserialize, Serialize};

/// A place on a page, in points of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spot {
    /// Counted from 0.
    pub index: usize,
    /// From the page's left edge.
    pub x_pt: f32,
    /// From the page's top edge.
    pub y_pt: f32,
}

/// Pages in a column, at one scale.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pages: Vec<Rect>,
    size: Vec2,
    scale: f32,
}

impl Column {
    /// Puts pages of these sizes (in points) into a column that is at least `width` wide, `scale` screen points to a point
    /// of the page, `gap` apart.
    pub(crate) fn new(sizes_pt: &[(f32, f32)], scale: f32, gap: f32, width: f32) -> Self {
        let widest = sizes_pt.iter().map(|size| size.0 * scale).fold(0.0, f32::max);
        let width = width.max(widest + 2.0 * gap);
        let mut top = gap;
        let pages = sizes_pt
            .iter()
            .map(|&(w, h)| {
                let size = vec2(w, h) * scale;
                let rect = Rect::from_min_size(pos2((width - size.x) / 2.0, top), size);
                top += size.y + gap;
                rect
            })
            .collect();
        Self { pages, size: vec2(width, top), scale }
    }

    /// Width and height of all of it.
    pub(crate) fn size(&self) -> Vec2 {
        self.size
    }

    /// Where page `index` lies.
    pub(crate) fn page(&self, index: usize) -> Rect {
        self.pages.get(index).copied().unwrap_or(Rect::ZERO)
    }

    /// Pages of which something lies between two heights.
    pub(crate) fn between(&self, top: f32, bottom: f32) -> Range<usize> {
        let first = self.pages.partition_point(|page| page.bottom() <= top);
        let end = self.pages.partition_point(|page| page.top() < bottom);
        first..end.max(first)
    }

    /// The place at a point of the column; the nearest page where the point lies on none.
    pub(crate) fn spot(&self, at: Pos2) -> Spot {
        let last = self.pages.len().saturating_sub(1);
        let index = self.pages.partition_point(|page| page.bottom() <= at.y).min(last);
        let from = at - self.page(index).min;
        Spot { index, x_pt: from.x / self.scale, y_pt: from.y / self.scale }
    }

    /// Where a place is.
    pub(crate) fn position(&self, spot: Spot) -> Pos2 {
        self.page(spot.index).min + vec2(spot.x_pt, spot.y_pt) * self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sheet, a sheet on its side, and a stamp.
    const SIZES: [(f32, f32); 3] = [(612.0, 792.0), (792.0, 612.0), (100.0, 50.0)];

    #[test]
    fn pages_lie_apart_in_the_middle() {
        for (scale, width) in [(0.5, 300.0), (1.0, 2000.0), (3.0, 100.0)] {
            let column = Column::new(&SIZES, scale, 10.0, width);
            assert!(column.size().x >= width && column.size().x >= 792.0 * scale + 20.0);
            for index in 0..SIZES.len() {
                let page = column.page(index);
                assert!((page.center().x - column.size().x / 2.0).abs() < 1e-2, "{page:?}");
                assert!(page.top() >= 10.0 && page.bottom() <= column.size().y - 10.0 + 1e-2, "{page:?}");
            }
            assert!((column.page(1).top() - column.page(0).bottom() - 10.0).abs() < 1e-2);
        }
    }

    #[test]
    fn what_is_in_sight_is_found() {
        let column = Column::new(&SIZES, 1.0, 10.0, 800.0);
        for (top, bottom, expected) in [
            (0.0, 5.0, 0..0),
            (0.0, 11.0, 0..1),
            (700.0, 900.0, 0..2),
            (803.0, 811.0, 1..1),
            (900.0, 901.0, 1..2),
            (0.0, 9999.0, 0..3),
            (9000.0, 9999.0, 3..3),
        ] {
            assert_eq!(column.between(top, bottom), expected, "{top} to {bottom}");
        }
    }

    #[test]
    fn places_are_found_again_at_another_scale() {
        let near = Column::new(&SIZES, 2.0, 10.0, 800.0);
        let far = Column::new(&SIZES, 0.3, 10.0, 800.0);
        for spot in [
            Spot { index: 0, x_pt: 0.0, y_pt: 0.0 },
            Spot { index: 1, x_pt: 300.0, y_pt: 611.0 },
            Spot { index: 2, x_pt: 50.0, y_pt: 25.0 },
        ] {
            for column in [&near, &far] {
                let found = column.spot(column.position(spot));
                assert_eq!(found.index, spot.index);
                assert!((found.x_pt - spot.x_pt).abs() < 0.05 && (found.y_pt - spot.y_pt).abs() < 0.05, "{found:?}");
            }
        }
    }
}
