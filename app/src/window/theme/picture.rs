//! Draws pictures untinted.

use eframe::egui::{Color32, Mesh, Painter, Pos2, Rect, Shape, TextureId, epaint::Vertex, pos2};

/// Draws a whole picture into `rect`.
pub(crate) fn draw_picture(painter: &Painter, texture: TextureId, rect: Rect) {
    painter.image(texture, rect, Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0)), Color32::WHITE);
}

/// Draws a picture rotated clockwise by `quarters` quarter turns; `rect` is the area of the rotated picture.
pub(crate) fn draw_turned_picture(painter: &Painter, texture: TextureId, rect: Rect, quarters: usize) {
    // Clockwise from the top left, on the screen and in the picture.
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
    let of_picture = [pos2(0.0, 0.0), pos2(1.0, 0.0), pos2(1.0, 1.0), pos2(0.0, 1.0)];
    let mut mesh = Mesh::with_texture(texture);
    mesh.vertices = (0..4)
        .map(|at| Vertex { pos: corners[at], uv: of_picture[(at + 4 - quarters % 4) % 4], color: Color32::WHITE })
        .collect();
    mesh.add_triangle(0, 1, 2);
    mesh.add_triangle(2, 3, 0);
    painter.add(Shape::mesh(mesh));
}
