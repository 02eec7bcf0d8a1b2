//! Frames: the page rotated so that a piece of text runs from left to right. Everything after [`super::glyphs`] works
//! in a frame and is rotated back at the end.

use crate::document::geometry::Rect;

/// A rotation of the page about its top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    cos: f32,
    sin: f32,
}

impl Frame {
    /// The frame of text whose baseline is rotated by `angle_deg` degrees clockwise. Multiples of 90 degrees are exact.
    pub(super) fn of_angle(angle_deg: u16) -> Self {
        let (sin, cos) = match angle_deg {
            0 => (0.0, 1.0),
            90 => (1.0, 0.0),
            180 => (0.0, -1.0),
            270 => (-1.0, 0.0),
            other => f32::from(other).to_radians().sin_cos(),
        };
        Self { cos, sin }
    }

    /// Maps a point of the page into this frame.
    pub(super) fn point(self, x: f32, y: f32) -> (f32, f32) {
        (x * self.cos + y * self.sin, y * self.cos - x * self.sin)
    }

    /// The box in this frame around a box of the page.
    pub(super) fn rect(self, r: &Rect) -> Rect {
        let (x0, y0) = self.point(r.left, r.top);
        let (x1, y1) = self.point(r.right, r.bottom);
        if self.is_upright() {
            return Rect::new(x0, y0, x1, y1);
        }
        let (x2, y2) = self.point(r.left, r.bottom);
        let (x3, y3) = self.point(r.right, r.top);
        Rect::new(x0, y0, x1, y1).union(&Rect::new(x2, y2, x3, y3))
    }

    /// Maps a box of this frame to the enclosing box on the page.
    pub(super) fn to_page(self, r: &Rect) -> Rect {
        Self { cos: self.cos, sin: -self.sin }.rect(r)
    }

    /// Whether boxes stay boxes (a rotation by a multiple of 90 degrees).
    pub(super) fn is_upright(self) -> bool {
        self.cos == 0.0 || self.sin == 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_come_back_from_every_quarter_turn() {
        let r = Rect::new(10.0, 20.0, 30.0, 25.0);
        for angle in [0, 90, 180, 270] {
            let frame = Frame::of_angle(angle);
            assert_eq!(frame.to_page(&frame.rect(&r)), r, "{angle}");
        }
        assert_eq!(Frame::of_angle(90).point(5.0, 7.0), (7.0, -5.0), "text that runs down reads along y");
    }
}
