//! Where the last answer came from: lines and figures with their pages and shares.

use eframe::egui::{Align, Layout, RichText, ScrollArea, Ui};

use super::super::state::{Evidence, State};
use super::super::theme::Look;
use super::super::widgets::bar_ui;

/// Draws it.
pub(crate) fn evidence_ui(ui: &mut Ui, look: &Look, state: &State) {
    ui.label(RichText::new("Where it comes from").size(look.sizes().text_heading).strong());
    ui.add_space(look.sizes().gap_small);
    let evidence = state.turns.last().map_or(&[][..], |turn| turn.evidence.as_slice());
    if evidence.is_empty() {
        ui.label(look.muted("The lines and figures an answer draws on appear here, with their pages"));
        return;
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for place in evidence {
            place_ui(ui, look, place);
            ui.add_space(look.sizes().gap_small);
        }
    });
}

fn place_ui(ui: &mut Ui, look: &Look, place: &Evidence) {
    look.card().show(ui, |ui| {
        ui.set_width(ui.available_width());
        let kind = if place.is_figure { "Figure" } else { "Text" };
        let percent = format!("{:.0} %", f64::from(place.share) * 100.0);
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("Page {}", place.page)).strong());
            ui.label(look.muted(kind));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(look.muted(&percent)));
        });
        bar_ui(ui, look, &format!("Share of page {}: {percent}", place.page), Some(place.share));
        ui.label(RichText::new(&place.text).size(look.sizes().text_small));
    });
}
