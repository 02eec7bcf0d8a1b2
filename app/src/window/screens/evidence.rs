//! Where an answer came from: the lines and figures of each page, one press away from being shown on it.

use eframe::egui::{Align, Button, Layout, Response, RichText, Role, Stroke, Ui, WidgetInfo};
use engine::document::geometry::Rect;
use engine::protocol::{PageEvidence, SpanEvidence, SpanKind};

use super::super::command::UserCommand;
use super::super::pages::{MOST_SPANS, Marks, PageView, ViewAction};
use super::super::state::Turn;
use super::super::theme::Look;
use super::super::widgets::bar_ui;
use super::pages::part_ui;

/// Around what an answer came from, where it is shown by itself, in points of the page.
const CROP_MARGIN_PT: f32 = 8.0;

/// Height of a chip, in points.
const CHIP_HEIGHT: f32 = 26.0;

/// Width of what is shown by itself, in screen points.
const CROP_WIDTH: f32 = 460.0;

/// Draws the pages of an answer as chips, best first, and below them what it came from on the page that is looked at.
/// `turn` is the answer's number.
pub(crate) fn evidence_ui(
    ui: &mut Ui,
    look: &Look,
    (at, turn): (usize, &Turn),
    view: &mut PageView,
    commands: &mut Vec<UserCommand>,
) {
    ui.horizontal_wrapped(|ui| {
        for (source, page) in turn.evidence.iter().enumerate() {
            if chip_ui(ui, look, page, source == turn.source).clicked() {
                commands.push(UserCommand::LookAtSource { turn: at, source });
                commands.push(UserCommand::View(ViewAction::Show(Marks::of_page(page))));
            }
        }
    });
    if let Some(page) = turn.evidence.get(turn.source) {
        look.card().show(ui, |ui| {
            ui.set_width(ui.available_width());
            page_ui(ui, look, page, view, commands);
        });
    }
}

fn chip_ui(ui: &mut Ui, look: &Look, page: &PageEvidence, is_open: bool) -> Response {
    let colours = look.colours();
    let text = RichText::new(format!("Page {}", page.page)).size(look.sizes().text_small).color(colours.accent);
    let mut chip = Button::new(text).corner_radius(look.sizes().radius * 2).fill(colours.citation);
    ui.spacing_mut().interact_size.y = CHIP_HEIGHT;
    ui.spacing_mut().button_padding.y = 2.0;
    if is_open {
        chip = chip.stroke(Stroke::new(1.5, colours.accent));
    }
    let chip = ui.add(chip);
    let hint = match &page.label {
        Some(label) if *label != page.page.to_string() => format!("Show where it stands, printed page {label}"),
        _ => "Show where it stands".to_owned(),
    };
    chip.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Show page {}", page.page)));
    chip.on_hover_text(hint)
}

fn page_ui(ui: &mut Ui, look: &Look, page: &PageEvidence, view: &mut PageView, commands: &mut Vec<UserCommand>) {
    let percent = format!("{:.0} %", f64::from(page.share) * 100.0);
    ui.horizontal(|ui| {
        ui.label(look.muted(format!("On page {}", page.page)));
        let share = |ui: &mut Ui| ui.label(look.muted(format!("{percent} of the evidence")));
        ui.with_layout(Layout::right_to_left(Align::Center), share);
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
        let marks = Marks { page, boxes: span.boxes.clone() };
        commands.push(UserCommand::View(ViewAction::Show(marks)));
    }
    if let Some(part) = around(&span.boxes) {
        line.on_hover_ui(|ui| part_ui(ui, view, page, &part, CROP_WIDTH));
    }
}

/// The part of a page that holds all of these boxes, with some margin.
fn around(boxes: &[Rect]) -> Option<Rect> {
    let all = boxes.iter().copied().reduce(|a, b| a.union(&b))?.grown(CROP_MARGIN_PT);
    Some(Rect::new(all.left.max(0.0), all.top.max(0.0), all.right, all.bottom))
}
