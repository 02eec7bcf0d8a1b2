//! The figures of the report: thumbnails with captions and actions.

use eframe::egui::{
    Align, Button, Label, Layout, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use crate::window::commands::{Commands, ReportCommand};
use crate::window::pages::{FrameCache, Marks, PageView, ViewAction, part_key};
use crate::window::remote::Remote;
use crate::window::state::figures::FoundFigure;
use crate::window::state::report::State;
use crate::window::state::scope::Scope;
use crate::window::theme::{Look, draw_picture};

/// Heights of a thumbnail, its caption and its actions, in points.
const PICTURE: f32 = 112.0;
const CAPTION: f32 = 38.0;
const ACTIONS: f32 = 28.0;

/// Margin around a thumbnail, in points.
const MARGIN: f32 = 4.0;

/// Why a figure cannot be asked about.
const WHY_NOT: &str = "The model cannot see figures, or this one is excluded";

/// Opacity of the cover over an excluded figure.
const FADED: f32 = 0.7;

/// Draws the list. `has_vision` says whether the model can see figures.
pub(crate) fn figures_ui(
    ui: &mut Ui,
    look: &Look,
    (state, has_vision): (&State, bool),
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    if state.figures.is_empty() {
        let text = match &state.document {
            Remote::Ready(_) => "No figures were found in this report",
            _ => "Figures appear here as they are found",
        };
        ui.label(look.muted(text));
        return;
    }
    if !has_vision {
        ui.label(look.muted("This model cannot see figures. It reads only the text in and around them."));
        ui.add_space(look.sizes().gap_small);
    }
    let height = PICTURE + CAPTION + ACTIONS + look.sizes().gap;
    let area = ScrollArea::vertical().id_salt(("figures", view.file.document)).auto_shrink(false);
    area.show_rows(ui, height, state.figures.len(), |ui, rows| {
        for at in rows {
            let Some(figure) = state.figures.get(at) else { continue };
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            let is_out = figure.is_among(&state.left_out);
            let mut inside = ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::Min)));
            let place = Listed { at, figure, is_out, can_ask: has_vision && !is_out };
            figure_ui(&mut inside, look, view, cache, &place, commands);
        }
    });
}

/// A figure of the list.
struct Listed<'a> {
    /// Its number, counted from 0.
    at: usize,
    figure: &'a FoundFigure,
    /// Whether it is excluded.
    is_out: bool,
    /// Whether a question can be about it.
    can_ask: bool,
}

fn figure_ui(
    ui: &mut Ui,
    look: &Look,
    view: &PageView,
    cache: &mut FrameCache,
    &Listed { at, figure, is_out, can_ask }: &Listed<'_>,
    commands: &mut Commands,
) {
    ui.spacing_mut().item_spacing.y = 2.0;
    picture_ui(ui, look, view, cache, (figure, is_out), commands);
    let name = figure.name();
    let text = format!("p. {}  {name}{}", figure.page, if is_out { " (excluded)" } else { "" });
    ui.allocate_ui(vec2(ui.available_width(), CAPTION), |ui| {
        ui.set_min_height(CAPTION);
        ui.add(Label::new(look.muted(text)).truncate().selectable(false)).on_hover_text(&name);
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = ACTIONS - 4.0;
        ui.spacing_mut().button_padding = vec2(look.sizes().gap_small, 1.0);
        let mut action = |is_possible: bool, label: &str, hint: &str, command: ReportCommand| {
            let button = ui.add_enabled(is_possible, Button::new(look.muted(label)));
            button.widget_info(|| WidgetInfo::labeled(Role::Button, is_possible, format!("{label}: {name}")));
            if button.on_hover_text(hint).on_disabled_hover_text(WHY_NOT).clicked() {
                commands.push(command);
            }
        };
        let ask = ReportCommand::SetScope(Scope::Region { page: figure.page, rect: figure.bbox });
        action(can_ask, "Ask about it", "Limits your next question to this figure", ask);
        let (label, hint) =
            if is_out { ("Include", "Read and cite it again") } else { ("Exclude", "Neither read nor cite it") };
        action(true, label, hint, ReportCommand::ExcludeFigure { figure: at, is_excluded: !is_out });
    });
}

/// The thumbnail; a click goes to its page.
fn picture_ui(
    ui: &mut Ui,
    look: &Look,
    view: &PageView,
    cache: &mut FrameCache,
    (figure, is_out): (&FoundFigure, bool),
    commands: &mut Commands,
) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), PICTURE), Sense::click());
    let label = format!("Show {}, page {}", figure.name(), figure.page);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    let colours = look.colours();
    let room = rect.size() - vec2(2.0 * MARGIN, 2.0 * MARGIN);
    let size = vec2(figure.bbox.width().max(1.0), figure.bbox.height().max(1.0));
    let scale = (room.x / size.x).min(room.y / size.y);
    let at = Rect::from_center_size(pos2(rect.center().x, rect.center().y), size * scale);
    ui.painter().rect_filled(rect, 2.0, colours.paper);
    let key = part_key(view.file.page_key(figure.page), &figure.bbox, scale * ui.pixels_per_point());
    if let Some(texture) = cache.picture(key) {
        draw_picture(ui.painter(), texture, at);
    }
    if is_out {
        ui.painter().rect_filled(rect, 2.0, colours.sunken.gamma_multiply(FADED));
        ui.painter().line_segment([rect.left_bottom(), rect.right_top()], Stroke::new(1.5, colours.ink_muted));
    }
    let line = if response.hovered() || response.has_focus() { colours.accent } else { colours.line };
    ui.painter().rect_stroke(rect, 2.0, Stroke::new(1.0, line), StrokeKind::Inside);
    if response.clicked() {
        let marks = Marks { page: figure.page, boxes: vec![figure.bbox] };
        commands.push(ViewAction::Show(marks));
    }
    response.on_hover_text(label);
}
