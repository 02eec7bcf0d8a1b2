//! Where the last answer came from: lines and figures with their pages and shares.

use eframe::egui::{Align, Layout, RichText, ScrollArea, Ui};
use engine::protocol::{PageEvidence, SpanEvidence, SpanKind};

use super::super::state::State;
use super::super::theme::Look;
use super::super::widgets::bar_ui;

/// Most places shown of one page: the best; more would bury the next page.
const MOST_SPANS: usize = 4;

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
        for page in evidence {
            page_ui(ui, look, page);
            ui.add_space(look.sizes().gap_small);
        }
    });
}

fn page_ui(ui: &mut Ui, look: &Look, page: &PageEvidence) {
    look.card().show(ui, |ui| {
        ui.set_width(ui.available_width());
        let percent = percent(page.share);
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("Page {}", page.page)).strong());
            let printed = page.label.as_ref().filter(|label| **label != page.page.to_string());
            if let Some(label) = printed {
                ui.label(look.muted(format!("printed {label}")));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(look.muted(&percent)));
        });
        bar_ui(ui, look, &format!("Share of page {}: {percent}", page.page), Some(page.share));
        for span in page.spans.iter().take(MOST_SPANS) {
            span_ui(ui, look, span);
        }
    });
}

fn span_ui(ui: &mut Ui, look: &Look, span: &SpanEvidence) {
    ui.add_space(look.sizes().gap_small);
    let text = match span.kind {
        SpanKind::Line => span.text.clone(),
        SpanKind::Figure(_) if span.text.is_empty() => "Figure without a caption".to_owned(),
        SpanKind::Figure(_) => format!("Figure: {}", span.text),
    };
    ui.label(RichText::new(text).size(look.sizes().text_small));
}

fn percent(share: f32) -> String {
    format!("{:.0} %", f64::from(share) * 100.0)
}
