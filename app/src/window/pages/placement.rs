//! Conversion between page and screen coordinates, with scale and rotation.
//!
//! Everything drawn on a page or found under the pointer goes through a [`Placement`].

use eframe::egui::{Pos2, Rect, Vec2, pos2};
use engine::document::geometry;
use serde::{Deserialize, Serialize};

/// Rotation of pages, clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Rotation {
    /// Unrotated.
    #[default]
    Upright,
    /// By 90°.
    Right,
    /// By 180°.
    Over,
    /// By 270°.
    Left,
}

impl Rotation {
    /// Rotated further by quarter turns, clockwise.
    pub(crate) fn turned(self, quarters: i32) -> Self {
        match (self.quarters() as i32 + quarters).rem_euclid(4) {
            0 => Self::Upright,
            1 => Self::Right,
            2 => Self::Over,
            _ => Self::Left,
        }
    }

    /// Quarter turns, clockwise.
    pub(crate) fn quarters(self) -> usize {
        match self {
            Self::Upright => 0,
            Self::Right => 1,
            Self::Over => 2,
            Self::Left => 3,
        }
    }

    /// Width and height of a rotated page.
    pub(crate) fn size(self, (width, height): (f32, f32)) -> (f32, f32) {
        if self.quarters().is_multiple_of(2) { (width, height) } else { (height, width) }
    }
}

/// Placement of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placement {
    /// Its rectangle on the screen, or in the column.
    pub rect: Rect,
    /// Screen points per point of the page.
    pub scale: f32,
    /// Its rotation.
    pub rotation: Rotation,
}

impl Placement {
    /// The same page, moved.
    pub(crate) fn moved(self, by: Vec2) -> Self {
        Self { rect: self.rect.translate(by), ..self }
    }

    /// Converts a point of the page.
    pub(crate) fn to_screen(self, at: Pos2) -> Pos2 {
        let (along, down) = (at.x * self.scale, at.y * self.scale);
        let rect = self.rect;
        match self.rotation {
            Rotation::Upright => pos2(rect.left() + along, rect.top() + down),
            Rotation::Right => pos2(rect.right() - down, rect.top() + along),
            Rotation::Over => pos2(rect.right() - along, rect.bottom() - down),
            Rotation::Left => pos2(rect.left() + down, rect.bottom() - along),
        }
    }

    /// Converts a point to the page, also beyond its edges.
    pub(crate) fn to_page(self, at: Pos2) -> Pos2 {
        let rect = self.rect;
        let (along, down) = match self.rotation {
            Rotation::Upright => (at.x - rect.left(), at.y - rect.top()),
            Rotation::Right => (at.y - rect.top(), rect.right() - at.x),
            Rotation::Over => (rect.right() - at.x, rect.bottom() - at.y),
            Rotation::Left => (rect.bottom() - at.y, at.x - rect.left()),
        };
        pos2(along / self.scale, down / self.scale)
    }

    /// Converts a part of the page.
    pub(crate) fn rect_to_screen(self, part: &geometry::Rect) -> Rect {
        Rect::from_two_pos(self.to_screen(pos2(part.left, part.top)), self.to_screen(pos2(part.right, part.bottom)))
    }

    /// Converts a rectangle to the page, also beyond its edges.
    pub(crate) fn rect_to_page(self, part: Rect) -> geometry::Rect {
        let (one, other) = (self.to_page(part.min), self.to_page(part.max));
        geometry::Rect::new(one.x, one.y, other.x, other.y)
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::vec2;

    use super::*;

    /// A page of 200 by 100 points at scale 2, with this rotation, at (30, 40).
    fn placed(rotation: Rotation) -> Placement {
        let (width, height) = rotation.size((200.0, 100.0));
        let rect = Rect::from_min_size(pos2(30.0, 40.0), vec2(width, height) * 2.0);
        Placement { rect, scale: 2.0, rotation }
    }

    const ALL: [Rotation; 4] = [Rotation::Upright, Rotation::Right, Rotation::Over, Rotation::Left];

    #[test]
    fn corners_come_where_a_turned_sheet_has_them() {
        for (rotation, top_left, top_right) in [
            (Rotation::Upright, (30.0, 40.0), (430.0, 40.0)),
            (Rotation::Right, (230.0, 40.0), (230.0, 440.0)),
            (Rotation::Over, (430.0, 240.0), (30.0, 240.0)),
            (Rotation::Left, (30.0, 440.0), (30.0, 40.0)),
        ] {
            let page = placed(rotation);
            assert_eq!(page.to_screen(pos2(0.0, 0.0)), top_left.into(), "{rotation:?}");
            assert_eq!(page.to_screen(pos2(200.0, 0.0)), top_right.into(), "{rotation:?}");
        }
    }

    #[test]
    fn what_is_put_on_the_screen_is_found_again() {
        for rotation in ALL {
            let page = placed(rotation).moved(vec2(-7.0, 11.0));
            for x in [-20.0, 0.0, 33.0, 200.0, 260.0] {
                for y in [-5.0, 0.0, 71.0, 100.0] {
                    let found = page.to_page(page.to_screen(pos2(x, y)));
                    assert!(found.distance(pos2(x, y)) < 1e-3, "{found:?} for {x}, {y}, {rotation:?}");
                }
            }
            let part = geometry::Rect::new(10.0, 20.0, 60.0, 90.0);
            let on_screen = page.rect_to_screen(&part);
            assert!(page.rect.contains_rect(on_screen) && on_screen.is_positive(), "{on_screen:?}");
            assert_eq!(page.rect_to_page(on_screen), part, "{rotation:?}");
            assert_eq!(page.rect_to_page(page.rect), geometry::Rect::new(0.0, 0.0, 200.0, 100.0), "{rotation:?}");
        }
    }

    #[test]
    fn four_quarters_are_none() {
        for rotation in ALL {
            assert_eq!(rotation.turned(1).turned(3), rotation);
            assert_eq!(rotation.turned(-1), rotation.turned(3));
            assert_eq!(
                rotation.turned(1).size(rotation.size((3.0, 5.0))),
                (5.0, 3.0),
                "one of the two lies on its side"
            );
        }
        assert_eq!(Rotation::Upright.turned(5), Rotation::Right);
    }
}
