//! Links on a page: to other pages and to web addresses.

use eframe::egui::{Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo};
use engine::document::raw::LinkTarget;

use crate::window::commands::{AppCommand, Commands, UserCommand};
use crate::window::pages::{PageView, Placement, Tool, ViewAction};
use crate::window::theme::Look;

/// Margin around a link, in points of the page.
const MARGIN_PT: f32 = 1.0;

/// Schemes that may be opened; others could start programs on this computer.
const OPENED: [&str; 3] = ["http://", "https://", "mailto:"];

/// Whether an address may be opened: a web or mail address without control characters or spaces.
pub(crate) fn is_opened(address: &str) -> bool {
    let starts = |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_strange = |letter: char| letter.is_control() || letter.is_whitespace();
    OPENED.into_iter().any(starts) && !address.contains(is_strange)
}

/// Makes the links of a page clickable; returns whether the pointer is on one.
pub(super) fn links_ui(
    ui: &mut Ui,
    look: &Look,
    view: &PageView,
    (number, place): (u32, Placement),
    commands: &mut Commands,
) -> bool {
    let Some(page) = view.file.texts.get(&number).filter(|_| view.nav.tool == Tool::Select) else { return false };
    let mut is_on_link = false;
    for (at, link) in page.links.iter().enumerate() {
        let rect = place.rect_to_screen(&link.bbox.grown(MARGIN_PT)).intersect(ui.clip_rect());
        if !rect.is_positive() {
            continue;
        }
        let (name, command) = match &link.target {
            LinkTarget::Page(page) => (format!("Go to page {page}"), Some(UserCommand::from(ViewAction::GoTo(*page)))),
            LinkTarget::Uri(address) if is_opened(address) => {
                (format!("Open {address}"), Some(AppCommand::OpenAddress(address.clone()).into()))
            }
            LinkTarget::Uri(address) => (format!("Recto does not open {address}"), None),
        };
        let sense = if command.is_some() { Sense::click() } else { Sense::hover() };
        let response = ui.interact(rect, ui.scope_id().with(("link", number, at)), sense);
        response.widget_info(|| WidgetInfo::labeled(Role::Link, command.is_some(), format!("Link: {name}")));
        if command.is_some() && (response.hovered() || response.has_focus()) {
            is_on_link |= response.hovered();
            let stroke = Stroke::new(1.5, look.colours().link_on_paper);
            ui.painter().rect_stroke(rect, 2.0, stroke, StrokeKind::Outside);
            if response.hovered() {
                ui.set_cursor_icon(eframe::egui::CursorIcon::PointingHand);
            }
        }
        if let Some(command) = command.filter(|_| response.clicked()) {
            commands.push(command);
        }
        response.on_hover_text_at_pointer(name);
    }
    is_on_link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_and_mailboxes_are_opened() {
        for (address, expected) in [
            ("https://fiscal.treasury.gov/reports", true),
            ("HTTP://example.org", true),
            ("mailto:someone@example.org", true),
            ("file:///etc/passwd", false),
            ("javascript:alert(1)", false),
            ("ms-settings:", false),
            ("https//example.org", false),
            ("https://example.org/\u{202e}a\nb", false),
            ("https://example.org --flag", false),
            ("", false),
            ("ä", false),
        ] {
            assert_eq!(is_opened(address), expected, "{address}");
        }
    }
}
