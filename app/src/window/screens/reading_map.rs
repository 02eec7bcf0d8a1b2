//! The reading map: the state of every page at a glance, drawn as a single mesh.

use eframe::egui::{Color32, Mesh, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};
use engine::protocol::PageReport;

use crate::window::commands::{Commands, ReportCommand};
use crate::window::pages::ViewAction;
use crate::window::state::page_states::pages;
use crate::window::state::reading_map::{Cell, ReadingMap};
use crate::window::state::report::State;
use crate::window::theme::{Colours, Look};
use crate::window::widgets::PageGrid;

/// Maximum height of the map, in points.
const HEIGHT: f32 = 100.0;

/// Draws the map. `current` is the current page, counted from 1.
pub(crate) fn reading_map_ui(ui: &mut Ui, look: &Look, state: &State, current: u32, commands: &mut Commands) {
    let map = &state.reading_map;
    if map.len() == 0 {
        return;
    }
    let grid = PageGrid::new(map.len(), vec2(ui.available_width(), HEIGHT));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), grid.size().y), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Reading map: {}", map.words())));
    let colours = look.colours();
    let mut mesh = Mesh::default();
    for index in 0..grid.len() {
        if let Some(cell) = map.together(index * grid.pages_per_cell, grid.pages_per_cell) {
            draw_cell(&mut mesh, colours, grid.cell(index, rect.min), cell);
        }
    }
    ui.painter().add(mesh);
    let here = grid.cell_of(current, rect.min);
    ui.painter().rect_stroke(here, 1.0, Stroke::new(1.5, colours.ink), StrokeKind::Outside);
    if response.has_focus() {
        ui.painter().rect_stroke(rect.expand(2.0), 3.0, Stroke::new(1.0, colours.accent), StrokeKind::Outside);
    }
    let under = response.hover_pos().and_then(|pointer| grid.pages_at(pointer, rect.min));
    if let (true, Some((first, _))) = (response.clicked(), under) {
        commands.push(ViewAction::GoTo(first));
    }
    menu_ui(ui, &response, (under, current), commands);
    if let Some(pages) = under {
        response.on_hover_ui_at_pointer(|ui| hint_ui(ui, look, state, map, pages));
    }
}

/// Context menu for the page under the pointer, or from the keyboard for the current page.
fn menu_ui(ui: &Ui, response: &Response, (under, current): (Option<(u32, u32)>, u32), commands: &mut Commands) {
    if response.secondary_clicked()
        && let Some((first, _)) = under
    {
        ui.data_mut(|data| data.insert_temp(response.id, first));
    }
    response.context_menu(|ui| {
        let page = ui.data(|data| data.get_temp(response.id)).unwrap_or(current);
        if ui.button(format!("Read page {page} first")).clicked() {
            commands.push(ReportCommand::ReadPageFirst(page));
            ui.close();
        }
        if ui.button(format!("Go to page {page}")).clicked() {
            commands.push(ViewAction::GoTo(page));
            ui.close();
        }
    });
}

fn hint_ui(ui: &mut Ui, look: &Look, state: &State, map: &ReadingMap, (first, last): (u32, u32)) {
    if first < last {
        let cell = map.together(first as usize - 1, (last - first + 1) as usize).unwrap_or(Cell::Waiting);
        ui.label(format!("Pages {first} to {last}: {}", cell.words()));
        return;
    }
    ui.label(format!("Page {first}, {}", map.page(first).words()));
    let Some(page) = pages(state).get(first as usize - 1) else { return };
    let found = found_words(page);
    if !found.is_empty() {
        ui.label(look.muted(found));
    }
    if let Some(reason) = &page.reason {
        ui.label(look.muted(reason));
    }
}

/// "48 lines, 2 tables, 1 figure".
fn found_words(page: &PageReport) -> String {
    let parts = [(page.lines, "line"), (page.tables, "table"), (page.figures, "figure")];
    let words = |(count, what): (u32, &str)| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        count => Some(format!("{count} {what}s")),
    };
    parts.into_iter().filter_map(words).collect::<Vec<_>>().join(", ")
}

/// A cell; states differ in colour and shape.
fn draw_cell(mesh: &mut Mesh, colours: &Colours, rect: Rect, cell: Cell) {
    let part = |left: f32, top: f32, right: f32, bottom: f32| {
        let at = |x: f32, y: f32| rect.min + vec2(x, y) * Vec2::new(rect.width(), rect.height());
        Rect::from_min_max(at(left, top), at(right, bottom))
    };
    match cell {
        Cell::Text => mesh.add_colored_rect(rect, colours.accent),
        Cell::Figures => {
            mesh.add_colored_rect(rect, colours.accent);
            mesh.add_colored_rect(part(0.3, 0.3, 0.75, 0.75), colours.background);
        }
        Cell::Scan => {
            mesh.add_colored_rect(part(0.0, 0.0, 1.0, 0.4), colours.accent);
            mesh.add_colored_rect(part(0.0, 0.6, 1.0, 1.0), colours.accent);
        }
        Cell::Blank => mesh.add_colored_rect(part(0.25, 0.42, 0.75, 0.58), colours.ink_muted),
        Cell::Waiting => frame(mesh, rect, colours.line, colours.background),
        Cell::Reading => {
            frame(mesh, rect, colours.accent, colours.background);
            mesh.add_colored_rect(part(0.0, 0.5, 1.0, 1.0), colours.accent);
        }
        Cell::Unreadable => triangle(mesh, rect, colours.lost_number),
        Cell::Failed => {
            triangle(mesh, rect, colours.error);
            mesh.add_colored_rect(part(0.0, 0.0, 1.0, 0.2), colours.error);
        }
    }
}

fn frame(mesh: &mut Mesh, rect: Rect, line: Color32, ground: Color32) {
    mesh.add_colored_rect(rect, line);
    mesh.add_colored_rect(rect.shrink(1.0), ground);
}

fn triangle(mesh: &mut Mesh, rect: Rect, colour: Color32) {
    let first = mesh.vertices.len() as u32;
    mesh.colored_vertex(rect.center_top(), colour);
    mesh.colored_vertex(rect.right_bottom(), colour);
    mesh.colored_vertex(rect.left_bottom(), colour);
    mesh.add_triangle(first, first + 1, first + 2);
}
