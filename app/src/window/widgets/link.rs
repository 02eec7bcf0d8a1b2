//! A link to a web page.

use eframe::egui::{Button, RichText, Role, Ui, WidgetInfo};

use crate::window::theme::Look;

/// Draws the link, with its address as a tooltip; returns whether it was pressed.
pub(crate) fn link_ui(ui: &mut Ui, look: &Look, words: &str, address: &str) -> bool {
    let text = RichText::new(words).size(look.sizes().text_small).color(look.colours().accent).underline();
    let button = ui.add(Button::new(text).frame(false));
    button.widget_info(|| WidgetInfo::labeled(Role::Link, true, words));
    button.on_hover_text(format!("Opens {address} in your browser")).clicked()
}
