//! A thin bar for a share or progress.

use eframe::egui::{self, Rect, Role, Sense, Ui, WidgetInfo};

use crate::window::theme::Look;

/// Draws a bar over the whole width; `share` is between 0 and 1, and `None` shows indeterminate progress.
pub(crate) fn bar_ui(ui: &mut Ui, look: &Look, label: &str, share: Option<f32>) {
    let height = look.sizes().bar_height;
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), height), Sense::hover());
    let radius = height / 2.0;
    let (from, to) = if let Some(share) = share {
        (0.0, share.clamp(0.0, 1.0))
    } else {
        // Slow enough to be calm, so ten frames per second suffice.
        ui.ctx().request_repaint_after_secs(0.1);
        let phase = (ui.input(|input| input.time) * 0.5).fract() as f32;
        (phase * 0.8, phase * 0.8 + 0.2)
    };
    let at = |part: f32| rect.left() + part * rect.width();
    let filled = Rect::from_x_y_ranges(at(from)..=at(to), rect.y_range());
    ui.painter().rect_filled(rect, radius, look.colours().sunken);
    ui.painter().rect_filled(filled, radius, look.colours().accent);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, label);
        info.value = share.map(f64::from);
        info
    });
}
