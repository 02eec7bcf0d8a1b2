//! Maps a PDF's user space (origin at the lower left of the unrotated page) to page space.

use super::super::geometry::Rect;

/// The displayed part of a page, and its rotation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PageSpace {
    left: f32,
    bottom: f32,
    width: f32,
    height: f32,
    quarter_turns: u16,
}

impl PageSpace {
    /// A page that shows the user-space rectangle from (`left`, `bottom`) to (`right`, `top`), turned clockwise.
    pub(super) fn new(left: f32, bottom: f32, right: f32, top: f32, quarter_turns: u16) -> Self {
        Self { left, bottom, width: right - left, height: top - bottom, quarter_turns: quarter_turns % 4 }
    }

    /// Width and height as displayed, in points.
    pub(super) fn size(&self) -> (f32, f32) {
        if self.quarter_turns.is_multiple_of(2) { (self.width, self.height) } else { (self.height, self.width) }
    }

    /// The displayed page.
    pub(super) fn page(&self) -> Rect {
        let (width, height) = self.size();
        Rect::new(0.0, 0.0, width, height)
    }

    /// Clockwise rotation in degrees.
    pub(super) fn rotation_deg(&self) -> u16 {
        self.quarter_turns * 90
    }

    /// Maps a point of user space.
    pub(super) fn point(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x - self.left, y - self.bottom);
        match self.quarter_turns {
            0 => (x, self.height - y),
            1 => (y, x),
            2 => (self.width - x, y),
            _ => (self.height - y, self.width - x),
        }
    }

    /// Maps a rectangle of user space, given by two corners; `None` if a number is not finite.
    pub(super) fn rect(&self, x0: f32, y0: f32, x1: f32, y1: f32) -> Option<Rect> {
        let ((x0, y0), (x1, y1)) = (self.point(x0, y0), self.point(x1, y1));
        Some(Rect::new(x0, y0, x1, y1)).filter(Rect::is_finite)
    }

    /// Degrees clockwise of the displayed direction of the user-space vector (`x`, `y`), from 0 up to 360.
    pub(super) fn angle_deg(&self, x: f32, y: f32) -> f32 {
        let turned = (-y).atan2(x).to_degrees() + f32::from(self.rotation_deg());
        if turned.is_finite() { turned.rem_euclid(360.0) } else { 0.0 }
    }
}

/// An affine map as PDF writes it: (x, y) to (a x + c y + e, b x + d y + f).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) a: f32,
    pub(super) b: f32,
    pub(super) c: f32,
    pub(super) d: f32,
    pub(super) e: f32,
    pub(super) f: f32,
}

impl Matrix {
    pub(super) const IDENTITY: Self = Self { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };

    /// First `self`, then `outer`.
    pub(super) fn then(&self, outer: &Self) -> Self {
        Self {
            a: self.a * outer.a + self.b * outer.c,
            b: self.a * outer.b + self.b * outer.d,
            c: self.c * outer.a + self.d * outer.c,
            d: self.c * outer.b + self.d * outer.d,
            e: self.e * outer.a + self.f * outer.c + outer.e,
            f: self.e * outer.b + self.f * outer.d + outer.f,
        }
    }

    /// Maps a point.
    pub(super) fn point(&self, x: f32, y: f32) -> (f32, f32) {
        (self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)
    }

    /// The bounding rectangle of the image of a rectangle.
    pub(super) fn bounds(&self, rect: &Rect) -> Rect {
        let corners =
            [(rect.left, rect.top), (rect.right, rect.top), (rect.left, rect.bottom), (rect.right, rect.bottom)];
        let points = corners.map(|(x, y)| self.point(x, y));
        points.iter().skip(1).fold(Rect::new(points[0].0, points[0].1, points[0].0, points[0].1), |bounds, &(x, y)| {
            bounds.union(&Rect::new(x, y, x, y))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_left_corner_goes_where_the_rotation_puts_it() {
        for (turns, corner, size, up) in [
            (0, (0.0, 200.0), (100.0, 200.0), 270.0),
            (1, (0.0, 0.0), (200.0, 100.0), 0.0),
            (2, (100.0, 0.0), (100.0, 200.0), 90.0),
            (3, (200.0, 100.0), (200.0, 100.0), 180.0),
        ] {
            let space = PageSpace::new(10.0, 20.0, 110.0, 220.0, turns);
            assert_eq!(space.point(10.0, 20.0), corner, "{turns}");
            assert_eq!(space.size(), size, "{turns}");
            assert_eq!(space.angle_deg(0.0, 1.0), up, "{turns}");
        }
    }

    #[test]
    fn matrices_join_inner_first() {
        let double = Matrix { a: 2.0, d: 2.0, ..Matrix::IDENTITY };
        let shift = Matrix { e: 10.0, f: 1.0, ..Matrix::IDENTITY };
        assert_eq!(double.then(&shift).point(3.0, 4.0), (16.0, 9.0));
        assert_eq!(shift.then(&double).point(3.0, 4.0), (26.0, 10.0));
    }
}
