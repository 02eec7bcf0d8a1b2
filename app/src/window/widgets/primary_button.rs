//! The primary button of a screen.

use eframe::egui::{Button, Response, RichText, Stroke, Ui};

use crate::window::theme::Look;

/// Draws the button, filled with the accent colour while enabled.
pub(crate) fn primary_button_ui(ui: &mut Ui, look: &Look, label: &str, enabled: bool) -> Response {
    let colours = look.colours();
    if !enabled {
        return ui.add_enabled(false, Button::new(label).fill(colours.sunken));
    }
    ui.scope(|ui| {
        let widgets = &mut ui.visuals_mut().widgets;
        for (state, fill) in [
            (&mut widgets.inactive, colours.accent),
            (&mut widgets.hovered, colours.accent_hover),
            (&mut widgets.active, colours.accent_hover),
        ] {
            state.weak_bg_fill = fill;
            state.bg_stroke = Stroke::NONE;
        }
        ui.add(Button::new(RichText::new(label).color(colours.on_accent)))
    })
    .inner
}
