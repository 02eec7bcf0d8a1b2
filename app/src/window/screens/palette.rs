//! The command palette, over everything else.

use eframe::egui::{
    Align, Align2, Area, Id, Key, Label, Layout, Modifiers, Order, RichText, Role, ScrollArea, Sense, TextEdit, Ui,
    UiBuilder, WidgetInfo, vec2,
};

use crate::window::commands::palette::{Entry, PaletteField, entries, matching};
use crate::window::commands::{AppCommand, Commands};
use crate::window::saved::settings::Settings;
use crate::window::tabs::Tabs;
use crate::window::theme::Look;

/// Width of the list, in points.
const WIDTH: f32 = 520.0;

/// Maximum height of the list, in points.
const HEIGHT: f32 = 380.0;

/// Draws the palette.
pub(crate) fn palette_ui(
    ui: &Ui,
    look: &Look,
    (tabs, settings): (&Tabs, &Settings),
    field: &mut PaletteField,
    commands: &mut Commands,
) {
    let shown = matching(entries(tabs, settings), &field.query);
    let keys = ui.input_mut(|input| {
        let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
        (pressed(Key::ArrowDown), pressed(Key::ArrowUp), pressed(Key::Enter), pressed(Key::Escape))
    });
    let (down, up, enter, escape) = keys;
    let count = shown.len().max(1);
    if down {
        field.chosen = (field.chosen + 1) % count;
    }
    if up {
        field.chosen = (field.chosen + count - 1) % count;
    }
    field.chosen = field.chosen.min(count - 1);
    let mut chosen = if enter { shown.get(field.chosen).map(|entry| entry.command.clone()) } else { None };
    let area = Area::new(Id::unique("palette")).order(Order::Foreground).anchor(Align2::CENTER_TOP, vec2(0.0, 90.0));
    let drawn = area.show(ui.ctx(), |ui| {
        look.card().shadow(ui.visuals().popup_shadow).show(ui, |ui| {
            ui.set_width(WIDTH);
            let edit = TextEdit::singleline(&mut field.query)
                .id_salt("palette")
                .hint_text("What would you like to do?")
                .margin(vec2(look.sizes().gap, look.sizes().gap_small))
                .desired_width(f32::INFINITY);
            let edit = ui.add(edit);
            edit.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "All commands"));
            edit.request_focus();
            if edit.changed() {
                field.chosen = 0;
            }
            ui.add_space(look.sizes().gap_small);
            if shown.is_empty() {
                ui.label(look.muted("No matching commands"));
            }
            ScrollArea::vertical().max_height(HEIGHT).show(ui, |ui| {
                for (index, entry) in shown.iter().enumerate() {
                    if entry_ui(ui, look, entry, (index == field.chosen, down || up)) {
                        chosen = Some(entry.command.clone());
                    }
                }
            });
        });
    });
    let is_left = escape || ui.input(|input| input.pointer.any_pressed()) && !drawn.response.contains_pointer();
    if chosen.is_some() || is_left {
        commands.push(AppCommand::TogglePalette);
        if let Some(command) = chosen {
            commands.push(command);
        }
    }
}

/// An entry; `has_moved` if the arrow keys changed the choice. Returns whether it was clicked.
fn entry_ui(ui: &mut Ui, look: &Look, entry: &Entry, (is_chosen, has_moved): (bool, bool)) -> bool {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), look.sizes().control_height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &entry.name));
    if is_chosen {
        ui.painter().rect_filled(rect, look.sizes().radius, look.colours().selection);
        if has_moved {
            response.scroll_to_me(None);
        }
    } else if response.hovered() {
        ui.painter().rect_filled(rect, look.sizes().radius, look.colours().sunken);
    }
    let inside = rect.shrink2(vec2(look.sizes().gap, 0.0));
    let mut row = ui.new_child(UiBuilder::new().max_rect(inside).layout(Layout::right_to_left(Align::Center)));
    let keys = entry.keys.map(|keys| keys.text(ui.ctx())).unwrap_or_default();
    row.add(Label::new(look.muted(keys)).selectable(false));
    row.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.add(Label::new(RichText::new(&entry.name)).truncate().selectable(false));
    });
    response.clicked()
}
