//! Words that lead to a page of the web.

use eframe::egui::{Button, RichText, Role, Ui, WidgetInfo};

use crate::window::theme::Look;

/// Draws the words; returns whether they were pressed. Where they lead is said before they are.
pub(crate) fn link_ui(ui: &mut Ui, look: &Look, words: &str, address: &str) -> bool {
    let text = RichText::new(words).size(look.sizes().text_small).color(look.colours().accent).underline();
    let button = ui.add(Button::new(text).frame(false));
    button.widget_info(|| WidgetInfo::labeled(Role::Link, true, words));
    button.on_hover_text(format!("Opens {address} in your browser")).clicked()
}
