//! Positions on a page.
//!
//! Everything is in *page space*: points (1/72 inch), origin at the top left of the page as it is displayed (its
//! rotation applied), x to the right, y down.

use serde::{Deserialize, Serialize};

/// Two boxes that overlap this much are boxes of the same thing.
const SAME_THING: f32 = 0.8;

/// An upright rectangle in page space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Smallest x, in points.
    pub left: f32,
    /// Smallest y, in points.
    pub top: f32,
    /// Largest x, in points.
    pub right: f32,
    /// Largest y, in points.
    pub bottom: f32,
}

impl Rect {
    /// The rectangle between two corners, given in any order.
    pub fn new(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Self { left: x0.min(x1), top: y0.min(y1), right: x0.max(x1), bottom: y0.max(y1) }
    }

    /// Extent in x, in points.
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    /// Extent in y, in points.
    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    /// Area in square points.
    pub fn area(&self) -> f32 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    /// Middle in x.
    pub fn center_x(&self) -> f32 {
        f32::midpoint(self.left, self.right)
    }

    /// Middle in y.
    pub fn center_y(&self) -> f32 {
        f32::midpoint(self.top, self.bottom)
    }

    /// The smallest rectangle that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The overlap; its area is zero if they do not meet.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let left = self.left.max(other.left);
        let top = self.top.max(other.top);
        Self { left, top, right: self.right.min(other.right).max(left), bottom: self.bottom.min(other.bottom).max(top) }
    }

    /// Whether the two overlap; touching edges count.
    pub fn touches(&self, other: &Self) -> bool {
        self.left <= other.right && other.left <= self.right && self.top <= other.bottom && other.top <= self.bottom
    }

    /// Whether the centre of `other` lies inside.
    pub fn holds_center_of(&self, other: &Self) -> bool {
        let (x, y) = (other.center_x(), other.center_y());
        self.left <= x && x <= self.right && self.top <= y && y <= self.bottom
    }

    /// Grown by `margin` points on every side (shrunk where negative).
    #[must_use]
    pub fn grown(&self, margin: f32) -> Self {
        Self {
            left: self.left - margin,
            top: self.top - margin,
            right: self.right + margin,
            bottom: self.bottom + margin,
        }
    }

    /// Shared area over joint area, between 0 and 1.
    pub fn intersection_over_union(&self, other: &Self) -> f32 {
        let shared = self.intersection(other).area();
        let joint = self.area() + other.area() - shared;
        if joint > 0.0 { shared / joint } else { 0.0 }
    }

    /// Whether both are boxes of the same thing, though one may have been found by another version of Recto or drawn by hand.
    pub fn is_about(&self, other: &Self) -> bool {
        self.intersection_over_union(other) >= SAME_THING
    }

    /// Whether all four numbers are finite.
    pub fn is_finite(&self) -> bool {
        self.left.is_finite() && self.top.is_finite() && self.right.is_finite() && self.bottom.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_may_come_in_any_order() {
        assert_eq!(Rect::new(3.0, 4.0, 1.0, 2.0), Rect { left: 1.0, top: 2.0, right: 3.0, bottom: 4.0 });
    }

    #[test]
    fn intersection_over_union_of_known_pairs() {
        let unit = Rect::new(0.0, 0.0, 1.0, 1.0);
        for (other, expected) in [
            (unit, 1.0),
            (Rect::new(2.0, 0.0, 3.0, 1.0), 0.0),
            (Rect::new(0.5, 0.0, 1.5, 1.0), 1.0 / 3.0),
            (Rect::new(1.0, 0.0, 2.0, 1.0), 0.0),
        ] {
            assert!((unit.intersection_over_union(&other) - expected).abs() < 1e-6, "{other:?}");
        }
    }
}
