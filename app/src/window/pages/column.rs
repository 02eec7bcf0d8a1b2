//! Layout of pages: centred in a column, or a single page.

use std::ops::Range;

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};
use serde::{Deserialize, Serialize};

use crate::window::pages::placement::{Placement, Rotation};

/// A position on a page, in points of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spot {
    /// Counted from 0.
    pub index: usize,
    /// From the page's left edge.
    pub x_pt: f32,
    /// From the page's top edge.
    pub y_pt: f32,
}

/// Parameters of the layout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arrangement {
    /// Screen points per point of a page.
    pub scale: f32,
    /// Gap between and around pages, in screen points.
    pub gap: f32,
    /// Size of the view, in screen points: the minimum width of the column, in which a single page is centred.
    pub room: Vec2,
    /// Rotation of pages.
    pub rotation: Rotation,
    /// The single page shown, counted from 0; `None` for all.
    pub only: Option<usize>,
}

/// Pages in a column, at one scale.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its first page, counted from 0.
    first: usize,
    pages: Vec<Rect>,
    size: Vec2,
    how: Arrangement,
}

impl Column {
    /// Lays out pages of these sizes (in points, unrotated).
    pub(crate) fn new(sizes_pt: &[(f32, f32)], how: Arrangement) -> Self {
        let first = how.only.map_or(0, |only| only.min(sizes_pt.len().saturating_sub(1)));
        let count = if how.only.is_some() { 1 } else { sizes_pt.len() };
        let sizes = || {
            let turned = sizes_pt.iter().skip(first).take(count).map(|&size| how.rotation.size(size));
            turned.map(|(width, height)| vec2(width, height) * how.scale)
        };
        let widest = sizes().map(|size| size.x).fold(0.0, f32::max);
        let width = how.room.x.max(widest + 2.0 * how.gap);
        let mut top = match how.only {
            Some(_) => sizes().next().map_or(how.gap, |size| ((how.room.y - size.y) / 2.0).max(how.gap)),
            None => how.gap,
        };
        let pages = sizes()
            .map(|size| {
                let rect = Rect::from_min_size(pos2((width - size.x) / 2.0, top), size);
                top += size.y + how.gap;
                rect
            })
            .collect();
        let height = if how.only.is_some() { top.max(how.room.y) } else { top };
        Self { first, pages, size: vec2(width, height), how }
    }

    /// Width and height of the column.
    pub(crate) fn size(&self) -> Vec2 {
        self.size
    }

    /// Its parameters.
    pub(crate) fn how(&self) -> &Arrangement {
        &self.how
    }

    /// Placement of page `index`.
    pub(crate) fn page(&self, index: usize) -> Placement {
        let rect = index.checked_sub(self.first).and_then(|at| self.pages.get(at)).copied().unwrap_or(Rect::ZERO);
        Placement { rect, scale: self.how.scale, rotation: self.how.rotation }
    }

    /// Pages that overlap a vertical range.
    pub(crate) fn between(&self, top: f32, bottom: f32) -> Range<usize> {
        let first = self.pages.partition_point(|page| page.bottom() <= top);
        let end = self.pages.partition_point(|page| page.top() < bottom);
        self.first + first..self.first + end.max(first)
    }

    /// The position at a point of the column; beyond the edges of the nearest page if it is on none.
    pub(crate) fn spot(&self, at: Pos2) -> Spot {
        let last = self.pages.len().saturating_sub(1);
        let index = self.first + self.pages.partition_point(|page| page.bottom() <= at.y).min(last);
        let on_page = self.page(index).to_page(at);
        Spot { index, x_pt: on_page.x, y_pt: on_page.y }
    }

    /// The point of a position.
    pub(crate) fn position(&self, spot: Spot) -> Pos2 {
        self.page(spot.index).to_screen(pos2(spot.x_pt, spot.y_pt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Portrait, landscape and very small pages.
    const SIZES: [(f32, f32); 3] = [(612.0, 792.0), (792.0, 612.0), (100.0, 50.0)];

    fn how(scale: f32, width: f32) -> Arrangement {
        Arrangement { scale, gap: 10.0, room: vec2(width, 500.0), rotation: Rotation::Upright, only: None }
    }

    #[test]
    fn pages_lie_apart_in_the_middle() {
        for (scale, width) in [(0.5, 300.0), (1.0, 2000.0), (3.0, 100.0)] {
            let column = Column::new(&SIZES, how(scale, width));
            assert!(column.size().x >= width && column.size().x >= 792.0 * scale + 20.0);
            for index in 0..SIZES.len() {
                let page = column.page(index).rect;
                assert!((page.center().x - column.size().x / 2.0).abs() < 1e-2, "{page:?}");
                assert!(page.top() >= 10.0 && page.bottom() <= column.size().y - 10.0 + 1e-2, "{page:?}");
            }
            assert!((column.page(1).rect.top() - column.page(0).rect.bottom() - 10.0).abs() < 1e-2);
        }
    }

    #[test]
    fn what_is_in_sight_is_found() {
        let column = Column::new(&SIZES, how(1.0, 800.0));
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
    fn places_are_found_again_at_another_scale_and_turned() {
        let near = Column::new(&SIZES, how(2.0, 800.0));
        let far = Column::new(&SIZES, Arrangement { rotation: Rotation::Left, ..how(0.3, 800.0) });
        for spot in [
            Spot { index: 0, x_pt: 1.0, y_pt: 1.0 },
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

    #[test]
    fn turned_pages_take_the_room_of_turned_sheets() {
        let column = Column::new(&SIZES, Arrangement { rotation: Rotation::Right, ..how(1.0, 800.0) });
        assert_eq!(column.page(0).rect.size(), vec2(792.0, 612.0));
        assert_eq!(column.page(1).rect.size(), vec2(612.0, 792.0));
        assert!((column.page(1).rect.top() - column.page(0).rect.bottom() - 10.0).abs() < 1e-2);
    }

    #[test]
    fn one_page_alone_lies_in_the_middle_of_the_room() {
        for (scale, height) in [(0.5, 500.0), (2.0, 1604.0)] {
            let column = Column::new(&SIZES, Arrangement { only: Some(0), ..how(scale, 800.0) });
            assert_eq!(column.size().y, height, "{scale}");
            assert!((column.page(0).rect.center().y - height / 2.0).abs() < 1e-2);
        }
        let last = Column::new(&SIZES, Arrangement { only: Some(2), ..how(1.0, 800.0) });
        assert_eq!(last.between(0.0, 500.0), 2..3);
        assert_eq!(last.spot(pos2(400.0, 250.0)), Spot { index: 2, x_pt: 50.0, y_pt: 25.0 });
        let beyond = Column::new(&SIZES, Arrangement { only: Some(9), ..how(1.0, 800.0) });
        assert_eq!(beyond.between(0.0, 500.0), 2..3);
    }
}
