//! The bar at the top: tabs, search and buttons for other screens.

use eframe::egui::{
    Align, Button, Label, Layout, Rect, RichText, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, WidgetInfo, vec2,
};

use crate::window::commands::{AppCommand, CommandId, Commands};
use crate::window::screens::find::find_field_ui;
use crate::window::state::screen::Screen;
use crate::window::tabs::Tabs;
use crate::window::theme::Look;

/// Minimum and maximum width of a tab, in points.
const TAB_WIDTH: (f32, f32) = (90.0, 230.0);

/// Width of the close button of a tab, in points.
const CROSS_WIDTH: f32 = 22.0;

/// Draws the bar. `query` is the text of the search field, if there is a report to search.
pub(crate) fn top_ui(
    ui: &mut Ui,
    look: &Look,
    (tabs, screen): (&Tabs, Screen),
    (query, focus_find): (&mut Option<String>, bool),
    commands: &mut Commands,
) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        place_ui(ui, CommandId::ShowSettings, (screen, Screen::Settings), commands);
        offline_ui(ui, look);
        if let (Some(tab), Some(query)) = (tabs.front(), query) {
            find_field_ui(ui, look, &tab.view.nav.find, (query, focus_find), commands);
        }
        if tabs.len() == 0 && screen != Screen::Settings {
            // The library fills the window and has its own button.
            return;
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            place_ui(ui, CommandId::ShowLibrary, (screen, Screen::Library), commands);
            let room = ui.available_width() - 90.0;
            let width = (room / tabs.len().max(1) as f32 - 6.0).clamp(TAB_WIDTH.0, TAB_WIDTH.1);
            ScrollArea::horizontal().max_width(room).auto_shrink([true, true]).show(ui, |ui| {
                // Scrolls to the front tab when another one comes to the front; scrolling by hand stays possible.
                let place = (tabs.front_index(), tabs.len(), room as u32);
                let id = ui.scope_id().with("tab in sight");
                let has_moved = ui.data_mut(|data| data.get_temp(id)) != Some(place);
                for (index, tab) in tabs.iter().enumerate() {
                    let is_front = index == tabs.front_index() && screen == Screen::Report;
                    let rect = tab_ui(ui, look, (index, &tab.name, is_front), width, commands);
                    if has_moved && index == tabs.front_index() {
                        ui.scroll_to_rect(rect, None);
                    }
                }
                ui.data_mut(|data| data.insert_temp(id, place));
            });
            let open = CommandId::OpenReport.info();
            if ui.button(open.button).on_hover_text(open.tooltip_with_keys(ui.ctx())).clicked() {
                commands.push(AppCommand::ChooseFile);
            }
        });
    });
}

/// A button that shows a screen, and the report again.
fn place_ui(ui: &mut Ui, id: CommandId, (shown, place): (Screen, Screen), commands: &mut Commands) {
    let is_shown = shown == place;
    let info = id.info();
    let hint = info.tooltip_with_keys(ui.ctx());
    if ui.add(Button::selectable(is_shown, info.button)).on_hover_text(hint).clicked() {
        commands.push(AppCommand::ShowScreen(if is_shown { Screen::Report } else { place }));
    }
}

fn offline_ui(ui: &mut Ui, look: &Look) {
    let hint = "Recto reads and answers on this computer. It uses the network only when you download a model or check for updates yourself.";
    ui.label(look.muted("Offline")).on_hover_text(hint);
}

/// A tab: a click brings it to the front, the cross closes it. Returns where it is.
fn tab_ui(
    ui: &mut Ui,
    look: &Look,
    (index, name, is_front): (usize, &str, bool),
    width: f32,
    commands: &mut Commands,
) -> Rect {
    let height = look.sizes().control_height;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_front, name));
    let colours = look.colours();
    let (fill, line) = match (is_front, response.hovered() || response.has_focus()) {
        (true, _) => (colours.surface, colours.line),
        (false, true) => (colours.sunken, colours.line),
        (false, false) => (colours.background, colours.background),
    };
    ui.painter().rect(rect, look.sizes().radius, fill, Stroke::new(1.0, line), eframe::egui::StrokeKind::Inside);
    if is_front {
        let foot = rect.bottom() - 2.0;
        let ends = rect.left() + 10.0..=rect.right() - 10.0;
        ui.painter().hline(ends, foot, Stroke::new(2.0, colours.accent));
    }
    let mut inside = rect.shrink2(vec2(look.sizes().gap, 0.0));
    inside.max.x -= CROSS_WIDTH - look.sizes().gap_small;
    let mut text = ui.new_child(UiBuilder::new().max_rect(inside).layout(Layout::left_to_right(Align::Center)));
    let ink = if is_front { colours.ink } else { colours.ink_muted };
    // Screen readers read the tab itself.
    text.add(Label::new(RichText::new(short(name)).color(ink)).truncate().selectable(false));
    if response.clicked() {
        commands.push(AppCommand::ShowTab(index));
    }
    let is_closed = response.middle_clicked() || cross_ui(ui, look, rect, name);
    if is_closed {
        commands.push(AppCommand::CloseTab(index));
    }
    response.on_hover_text(name);
    rect
}

/// A file name without its extension.
fn short(name: &str) -> String {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

fn cross_ui(ui: &mut Ui, look: &Look, tab: Rect, name: &str) -> bool {
    let centre = eframe::egui::pos2(tab.right() - CROSS_WIDTH / 2.0 - 4.0, tab.center().y);
    let rect = Rect::from_center_size(centre, vec2(CROSS_WIDTH, CROSS_WIDTH));
    let response = ui.interact(rect, ui.scope_id().with(("close", name)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Close {name}")));
    let colours = look.colours();
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, look.sizes().radius, colours.sunken);
    }
    let stroke = Stroke::new(1.4, if response.hovered() { colours.ink } else { colours.ink_muted });
    let arm = vec2(4.0, 4.0);
    ui.painter().line_segment([centre - arm, centre + arm], stroke);
    ui.painter().line_segment([centre + vec2(-arm.x, arm.y), centre + vec2(arm.x, -arm.y)], stroke);
    response.clicked()
}
