//! The first screen: what Recto is for, and where to drop a report.

use eframe::egui::{self, Align, Align2, Button, FontId, Layout, RichText, Shape, Stroke, Ui};

use super::super::command::UserCommand;
use super::super::desk::Desk;
use super::super::theme::Look;
use super::super::widgets::primary_button_ui;

/// Height of everything on this screen, in points: what is needed to centre it.
const CONTENT_HEIGHT: f32 = 330.0;

/// Reports listed at most.
const MOST_RECENT: usize = 6;

/// Draws it.
pub(crate) fn welcome_ui(ui: &mut Ui, look: &Look, desk: &Desk, commands: &mut Vec<UserCommand>) {
    let sizes = look.sizes();
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space(((ui.available_height() - CONTENT_HEIGHT) / 2.0).max(sizes.gap_large));
        ui.label(RichText::new("Recto").size(sizes.text_title).strong());
        ui.label(RichText::new("Ask a report, see where the answer comes from").color(look.colours().ink_muted));
        ui.add_space(sizes.gap_large);
        let width = sizes.column_width.min(ui.available_width() - 2.0 * sizes.gap_large) * 0.75;
        let zone = look.card().stroke(Stroke::NONE).inner_margin(sizes.gap_large * 1.5).show(ui, |ui| {
            ui.set_width(width);
            ui.vertical_centered(|ui| {
                ui.label(RichText::new("Drop a report here").size(sizes.text_heading));
                ui.label(look.muted("PDF, image or text file"));
                ui.add_space(sizes.gap);
                if primary_button_ui(ui, look, "Open…", true).clicked() {
                    commands.push(UserCommand::ChooseFile);
                }
            });
        });
        dashed_border(ui, look, zone.response.rect);
        ui.add_space(sizes.gap);
        ui.label(look.muted("Your documents stay on this computer"));
        recent_ui(ui, look, desk, width, commands);
    });
}

/// What was open before, the last one first.
fn recent_ui(ui: &mut Ui, look: &Look, desk: &Desk, width: f32, commands: &mut Vec<UserCommand>) {
    let mut recent = desk.reports().take(MOST_RECENT).peekable();
    if recent.peek().is_none() {
        return;
    }
    ui.add_space(look.sizes().gap_large);
    ui.label(RichText::new("Recent reports").strong());
    ui.add_space(look.sizes().gap_small);
    for report in recent {
        let name = RichText::new(&report.name).color(look.colours().accent);
        let button = Button::new(name).frame_when_inactive(false).min_size(egui::vec2(width, 0.0)).truncate();
        let folder = report.path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
        if ui.add(button).on_hover_text(folder).clicked() {
            commands.push(UserCommand::OpenFile(report.path.clone()));
        }
    }
}

/// Drawn over everything while files are held over the window.
pub(crate) fn drop_hint_ui(ui: &Ui, look: &Look) {
    let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop hint"));
    let painter = ui.ctx().layer_painter(layer);
    let area = ui.ctx().content_rect();
    painter.rect_filled(area, 0.0, look.colours().background.gamma_multiply(0.92));
    let font = FontId::proportional(look.sizes().text_title);
    painter.text(area.center(), Align2::CENTER_CENTER, "Drop to open", font, look.colours().ink);
}

fn dashed_border(ui: &Ui, look: &Look, rect: egui::Rect) {
    let stroke = Stroke::new(1.5, look.colours().ink_muted);
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    ui.painter().extend(Shape::dashed_line(&corners, stroke, 6.0, 5.0));
}
