//! The sources of an answer: lines and figures of each page, with a click shown on it.

use eframe::egui::{Align, Button, Layout, Response, RichText, Role, Stroke, Ui, WidgetInfo};
use engine::document::geometry::Rect;
use engine::protocol::{PageEvidence, SpanEvidence, SpanKind};

use crate::window::commands::{AppCommand, Commands, TurnCommand, UserCommand};
use crate::window::pages::{FrameCache, MOST_SPANS, Marks, PageView, ViewAction};
use crate::window::screens::crops::{CROP_WIDTH, crops_ui};
use crate::window::state::report::Turn;
use crate::window::state::scope::file_name;
use crate::window::theme::Look;
use crate::window::widgets::bar_ui;

/// Height of a chip, in points.
const CHIP_HEIGHT: f32 = 26.0;

/// Draws the source pages of an answer as chips, strongest first, and below them the evidence on the selected page. `at` is
/// the index of the turn.
pub(crate) fn evidence_ui(
    ui: &mut Ui,
    look: &Look,
    (at, turn): (usize, &Turn),
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    ui.horizontal_wrapped(|ui| {
        for (source, page) in turn.evidence.iter().enumerate() {
            if chip_ui(ui, look, (turn, page, source == turn.source), view, cache).clicked() {
                commands.push(TurnCommand::SelectSource { turn: at, source });
                commands.push(show(turn, page.document, Marks::of_page(page)));
            }
        }
    });
    if let Some(page) = turn.evidence.get(turn.source) {
        look.card().show(ui, |ui| {
            ui.set_width(ui.available_width());
            page_ui(ui, look, (turn, page), view, cache, commands);
        });
    }
}

/// The command that shows marks in their report.
fn show(turn: &Turn, document: u32, marks: Marks) -> UserCommand {
    match turn.scope.other(document) {
        Some(path) => AppCommand::ShowInReport(path.to_owned(), marks).into(),
        None => ViewAction::Show(marks).into(),
    }
}

/// "page 9", with the name of the report if it is not the one in front.
fn place_of(turn: &Turn, page: &PageEvidence) -> String {
    match turn.scope.other(page.document) {
        Some(path) => format!("{}, page {}", file_name(path), page.page),
        None => format!("page {}", page.page),
    }
}

/// A page: hovering shows crops of its lines and figures, a click goes there.
fn chip_ui(
    ui: &mut Ui,
    look: &Look,
    (turn, page, is_open): (&Turn, &PageEvidence, bool),
    view: &PageView,
    cache: &mut FrameCache,
) -> Response {
    let colours = look.colours();
    let place = place_of(turn, page);
    let is_elsewhere = turn.scope.other(page.document).is_some();
    let text = if is_elsewhere { place.clone() } else { format!("Page {}", page.page) };
    let text = RichText::new(text).size(look.sizes().text_small).color(colours.accent);
    let mut chip = Button::new(text).corner_radius(look.sizes().radius * 2).fill(colours.citation);
    ui.spacing_mut().interact_size.y = CHIP_HEIGHT;
    ui.spacing_mut().button_padding.y = 2.0;
    if is_open {
        chip = chip.stroke(Stroke::new(1.5, colours.accent));
    }
    let chip = ui.add(chip);
    let hint = match &page.label {
        Some(label) if *label != page.page.to_string() => format!("Show on the page, printed page {label}"),
        _ => "Show on the page".to_owned(),
    };
    chip.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Show {place}")));
    chip.on_hover_ui(|ui| {
        ui.set_max_width(CROP_WIDTH);
        ui.label(look.muted(hint));
        places_ui(ui, look, (page.page, page.spans.iter().take(MOST_SPANS)), is_elsewhere, view, cache);
    })
}

/// Crops of lines and figures of a page.
fn places_ui<'a>(
    ui: &mut Ui,
    look: &Look,
    (page, spans): (u32, impl Iterator<Item = &'a SpanEvidence>),
    is_elsewhere: bool,
    view: &PageView,
    cache: &mut FrameCache,
) {
    if is_elsewhere || view.file.is_text() {
        // A text file has no pictures, and other reports are not rendered here: show the text.
        for span in spans {
            ui.label(RichText::new(&span.text).size(look.sizes().text_small));
        }
        return;
    }
    let places: Vec<&[Rect]> = spans.map(|span| span.boxes.as_slice()).collect();
    crops_ui(ui, look, (page, &places), view, cache);
}

fn page_ui(
    ui: &mut Ui,
    look: &Look,
    (turn, page): (&Turn, &PageEvidence),
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    let percent = format!("{:.0} %", f64::from(page.share) * 100.0);
    ui.horizontal(|ui| {
        ui.label(look.muted(format!("On {}", place_of(turn, page))));
        let share = |ui: &mut Ui| ui.label(look.muted(format!("{percent} of the evidence")));
        ui.with_layout(Layout::right_to_left(Align::Center), share);
    });
    bar_ui(ui, look, &format!("Share of page {}: {percent}", page.page), Some(page.share));
    for span in page.spans.iter().take(MOST_SPANS) {
        span_ui(ui, look, (turn, page, span), view, cache, commands);
    }
}

/// A line or figure: hovering shows its crop, a click goes there.
fn span_ui(
    ui: &mut Ui,
    look: &Look,
    (turn, page, span): (&Turn, &PageEvidence, &SpanEvidence),
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    let text = match span.kind {
        SpanKind::Line => span.text.clone(),
        SpanKind::Figure(_) if span.text.is_empty() => "Figure without a caption".to_owned(),
        SpanKind::Figure(_) => format!("Figure: {}", span.text),
    };
    let line = Button::new(RichText::new(text).size(look.sizes().text_small)).frame_when_inactive(false).wrap();
    let line = ui.add(line);
    if line.clicked() {
        commands.push(show(turn, page.document, Marks { page: page.page, boxes: span.boxes.clone() }));
    }
    let is_elsewhere = turn.scope.other(page.document).is_some();
    line.on_hover_ui(|ui| places_ui(ui, look, (page.page, std::iter::once(span)), is_elsewhere, view, cache));
}
