//! Where an answer came from: the lines and figures of each page, one press away from being shown on it.

use eframe::egui::{Align, Button, Layout, RichText, Role, Ui, WidgetInfo};
use engine::document::geometry::Rect;
use engine::protocol::{PageEvidence, SpanEvidence, SpanKind};

use super::super::command::UserCommand;
use super::super::pages::{Marks, PageView, ViewAction};
use super::super::theme::Look;
use super::super::widgets::bar_ui;
use super::pages::part_ui;

/// Most places shown of one page: the best; more would bury the next page.
const MOST_SPANS: usize = 3;

/// Around what an answer came from, where it is shown by itself, in points of the page.
const CROP_MARGIN_PT: f32 = 8.0;

/// Width of what is shown by itself, in screen points.
const CROP_WIDTH: f32 = 460.0;

/// Draws the pages of an answer, best first, as chips, and the best of each below.
pub(crate) fn evidence_ui(
    ui: &mut Ui,
    look: &Look,
    evidence: &[PageEvidence],
    view: &mut PageView,
    commands: &mut Vec<UserCommand>,
) {
    for page in evidence {
        look.card().show(ui, |ui| {
            ui.set_width(ui.available_width());
            page_ui(ui, look, page, view, commands);
        });
    }
}

fn page_ui(ui: &mut Ui, look: &Look, page: &PageEvidence, view: &mut PageView, commands: &mut Vec<UserCommand>) {
    let percent = format!("{:.0} %", f64::from(page.share) * 100.0);
    ui.horizontal(|ui| {
        let chip = Button::new(RichText::new(format!("Page {}", page.page)).strong().color(look.colours().accent));
        let chip = ui.add(chip).on_hover_text("Show where it stands");
        chip.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Show page {}", page.page)));
        if chip.clicked() {
            commands.push(show(page.page, page.spans.iter().take(MOST_SPANS)));
        }
        let printed = page.label.as_ref().filter(|label| **label != page.page.to_string());
        if let Some(label) = printed {
            ui.label(look.muted(format!("printed {label}")));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(look.muted(&percent)));
    });
    bar_ui(ui, look, &format!("Share of page {}: {percent}", page.page), Some(page.share));
    for span in page.spans.iter().take(MOST_SPANS) {
        span_ui(ui, look, (page.page, span), view, commands);
    }
}

/// A line or figure: hovering shows it as it stands on the page, a press goes there.
fn span_ui(
    ui: &mut Ui,
    look: &Look,
    (page, span): (u32, &SpanEvidence),
    view: &mut PageView,
    commands: &mut Vec<UserCommand>,
) {
    let text = match span.kind {
        SpanKind::Line => span.text.clone(),
        SpanKind::Figure(_) if span.text.is_empty() => "Figure without a caption".to_owned(),
        SpanKind::Figure(_) => format!("Figure: {}", span.text),
    };
    let line = Button::new(RichText::new(text).size(look.sizes().text_small)).frame_when_inactive(false).wrap();
    let line = ui.add(line);
    if line.clicked() {
        commands.push(show(page, std::iter::once(span)));
    }
    if let Some(part) = around(&span.boxes) {
        line.on_hover_ui(|ui| part_ui(ui, view, page, &part, CROP_WIDTH));
    }
}

fn show<'a>(page: u32, spans: impl Iterator<Item = &'a SpanEvidence>) -> UserCommand {
    let boxes = spans.flat_map(|span| span.boxes.iter().copied()).collect();
    UserCommand::View(ViewAction::Show(Marks { page, boxes }))
}

/// The part of a page that holds all of these boxes, with some margin.
fn around(boxes: &[Rect]) -> Option<Rect> {
    let all = boxes.iter().copied().reduce(|a, b| a.union(&b))?.grown(CROP_MARGIN_PT);
    Some(Rect::new(all.left.max(0.0), all.top.max(0.0), all.right, all.bottom))
}
