//! The bar above the pages: page number, navigation and zoom.

use eframe::egui::{Align, Align2, Button, Key, Layout, Role, TextEdit, Ui, WidgetInfo, vec2};
use engine::viewer::ViewInfo;

use crate::window::commands::{CommandId, Commands};
use crate::window::pages::{PageView, Paging, Tool, ViewAction, Zoom};
use crate::window::remote::Remote;
use crate::window::theme::Look;

/// Width of the page number field, in points.
const NUMBER_WIDTH: f32 = 44.0;

/// Below this width labels are shortened, in points.
const NARROW: f32 = 680.0;

/// Below this width the bar has two lines, in points.
const TIGHT: f32 = 560.0;

/// Zoom factor of "+".
const STEP: f32 = 1.25;

/// Draws the bar. `number` is the text of the page number field while it is edited.
pub(crate) fn pages_bar_ui(
    ui: &mut Ui,
    look: &Look,
    view: &PageView,
    number: &mut Option<String>,
    commands: &mut Commands,
) {
    let Remote::Ready(info) = &view.file.info else { return };
    if ui.available_width() < TIGHT {
        ui.horizontal(|ui| navigation_ui(ui, look, (view, info), number, commands));
        ui.horizontal(|ui| view_options_ui(ui, look, view, true, commands));
        return;
    }
    let is_narrow = ui.available_width() < NARROW;
    ui.horizontal(|ui| {
        navigation_ui(ui, look, (view, info), number, commands);
        view_options_ui(ui, look, view, is_narrow, commands);
    });
}

/// Page number and navigation.
fn navigation_ui(
    ui: &mut Ui,
    look: &Look,
    (view, info): (&PageView, &ViewInfo),
    number: &mut Option<String>,
    commands: &mut Commands,
) {
    let mut act = |action| commands.push(action);
    let (back, forward) = (CommandId::Back.info(), CommandId::Forward.info());
    let back_button = ui.add_enabled(view.nav.can_go_back(), button(back.button));
    if back_button.on_hover_text(back.tooltip_with_keys(ui.ctx())).clicked() {
        act(ViewAction::Back);
    }
    let forward_button = ui.add_enabled(view.nav.can_go_forward(), button(forward.button));
    if forward_button.on_hover_text(forward.tooltip_with_keys(ui.ctx())).clicked() {
        act(ViewAction::Forward);
    }
    ui.add_space(look.sizes().gap);
    let name = ui.label(look.muted("Page"));
    let mut text = number.clone().unwrap_or_else(|| view.nav.current.to_string());
    let field = TextEdit::singleline(&mut text).desired_width(NUMBER_WIDTH).align(Align2::LEFT_CENTER);
    let field = field.margin(vec2(look.sizes().gap_small, 2.0)).min_size(vec2(0.0, look.sizes().control_height));
    let field = ui.add(field).labelled_by(name.id);
    if field.has_focus() {
        *number = Some(text.clone());
    } else if field.lost_focus() {
        *number = None;
        if ui.input(|input| input.key_pressed(Key::Enter))
            && let Some(page) = page_of(&text, &info.labels)
        {
            act(ViewAction::GoTo(page));
        }
    }
    let label = info.labels.get(view.nav.current as usize - 1).and_then(Option::as_ref);
    let printed = label.filter(|label| **label != view.nav.current.to_string());
    let printed = printed.map(|label| format!(", printed {label}")).unwrap_or_default();
    ui.label(look.muted(format!("of {}{printed}", info.sizes_pt.len())));
}

/// Zoom and view options, from the right.
fn view_options_ui(ui: &mut Ui, look: &Look, view: &PageView, is_narrow: bool, commands: &mut Commands) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let is_drawing = view.nav.tool == Tool::Region;
        let info = CommandId::AskAboutRegion.info();
        let name = if is_narrow { "Region" } else { info.button };
        let region = ui.add(Button::selectable(is_drawing, name)).on_hover_text(info.tooltip_with_keys(ui.ctx()));
        region.widget_info(|| WidgetInfo::selected(Role::Button, true, is_drawing, info.button));
        if region.clicked() {
            commands.push(ViewAction::Take(if is_drawing { Tool::Select } else { Tool::Region }));
        }
        ui.menu_button("View", |ui| view_menu_ui(ui, view, commands));
        let (larger, smaller) = (CommandId::ZoomIn.info(), CommandId::ZoomOut.info());
        if ui.add(button(larger.button)).on_hover_text(larger.tooltip_with_keys(ui.ctx())).clicked() {
            commands.push(ViewAction::ZoomBy(STEP));
        }
        ui.label(look.muted(format!("{:.0} %", view.nav.shown.scale * 100.0)));
        if ui.add(button(smaller.button)).on_hover_text(smaller.tooltip_with_keys(ui.ctx())).clicked() {
            commands.push(ViewAction::ZoomBy(1.0 / STEP));
        }
    });
}

/// The view menu.
fn view_menu_ui(ui: &mut Ui, view: &PageView, commands: &mut Commands) {
    let is_single = view.saved.paging == Paging::Single;
    for (is_on, id, action) in [
        (view.saved.zoom == Zoom::FitWidth, CommandId::FitWidth, ViewAction::Zoom(Zoom::FitWidth)),
        (view.saved.zoom == Zoom::FitPage, CommandId::FitPage, ViewAction::Zoom(Zoom::FitPage)),
        (!is_single, CommandId::ContinuousPages, ViewAction::Page(Paging::Continuous)),
        (is_single, CommandId::SinglePage, ViewAction::Page(Paging::Single)),
        (false, CommandId::RotateRight, ViewAction::Rotate(1)),
        (false, CommandId::RotateLeft, ViewAction::Rotate(-1)),
    ] {
        let info = id.info();
        let item = ui.add(Button::selectable(is_on, info.button).shortcut_text(info.keys_text(ui.ctx())));
        item.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, is_on, info.button));
        if item.clicked() {
            commands.push(action);
        }
        if matches!(id, CommandId::FitPage | CommandId::SinglePage) {
            ui.separator();
        }
    }
}

fn button(text: &str) -> Button<'_> {
    Button::new(text).frame_when_inactive(false)
}

/// The page for a number or a printed label, counted from 1.
fn page_of(text: &str, labels: &[Option<String>]) -> Option<u32> {
    let text = text.trim();
    let by_number = || text.parse::<u32>().ok().filter(|number| (1..=labels.len() as u32).contains(number));
    let by_label = || {
        let at =
            labels.iter().position(|label| label.as_ref().is_some_and(|label| label.eq_ignore_ascii_case(text)))?;
        Some(at as u32 + 1)
    };
    by_number().or_else(by_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_number_or_printed_label() {
        let labels = [Some("i".to_owned()), Some("ii".into()), Some("1".into()), None];
        for (text, expected) in [
            ("2", Some(2)),
            (" ii ", Some(2)),
            ("II", Some(2)),
            ("4", Some(4)),
            ("5", None),
            ("0", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(page_of(text, &labels), expected, "{text}");
        }
    }
}
