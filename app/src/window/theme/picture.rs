//! Pictures in their own colours.

use eframe::egui::{Color32, Painter, Pos2, Rect, TextureId, pos2};

/// Draws the whole of a picture into `rect`, not tinted by anything.
pub(crate) fn draw_picture(painter: &Painter, texture: TextureId, rect: Rect) {
    painter.image(texture, rect, Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0)), Color32::WHITE);
}
