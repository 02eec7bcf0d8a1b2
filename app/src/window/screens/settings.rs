//! Settings: looks, computing, and where everything is kept.

use eframe::egui::{Align, Button, Layout, RichText, ScrollArea, Ui};
use engine::protocol::{DeviceChoice, ErrorReport, MemoryChoice};

use super::super::command::UserCommand;
use super::super::models::Models;
use super::super::settings::{Mode, Settings, TEXT_SIZES};
use super::super::theme::Look;
use super::models::models_ui;

/// Width of the names of settings, in points.
const NAME_WIDTH: f32 = 170.0;

/// Draws them.
pub(crate) fn settings_ui(
    ui: &mut Ui,
    look: &Look,
    (settings, models): (&Settings, &Models),
    commands: &mut Vec<UserCommand>,
) {
    let mut set = settings.clone();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let width = look.sizes().column_width.min(ui.available_width());
        let margin = (ui.available_width() - width) / 2.0;
        ui.horizontal_top(|ui| {
            ui.add_space(margin);
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                ui.add_space(look.sizes().gap_large);
                group_ui(ui, look, "Models", |ui| models_ui(ui, look, models, &mut set, commands));
                group_ui(ui, look, "Looks", |ui| looks_ui(ui, &mut set));
                group_ui(ui, look, "Computing", |ui| computing_ui(ui, look, models, &mut set));
                group_ui(ui, look, "Your files", |ui| places_ui(ui, look, models));
            });
        });
    });
    if set != *settings {
        commands.push(UserCommand::Set(set));
    }
}

fn group_ui(ui: &mut Ui, look: &Look, name: &str, content: impl FnOnce(&mut Ui)) {
    ui.label(RichText::new(name).size(look.sizes().text_heading).strong());
    look.card().show(ui, |ui| {
        ui.set_width(ui.available_width());
        content(ui);
    });
    ui.add_space(look.sizes().gap_large);
}

/// A setting's name, then what it can be.
fn row_ui(ui: &mut Ui, name: &str, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.allocate_ui_with_layout(
            eframe::egui::vec2(NAME_WIDTH, ui.spacing().interact_size.y),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_width(NAME_WIDTH);
                ui.label(name);
            },
        );
        content(ui);
    });
}

fn looks_ui(ui: &mut Ui, set: &mut Settings) {
    row_ui(ui, "Theme", |ui| {
        for (label, mode) in [("As the system has it", Mode::System), ("Light", Mode::Light), ("Dark", Mode::Dark)] {
            if ui.add(Button::selectable(set.theme == mode, label)).clicked() {
                set.theme = mode;
            }
        }
    });
    // Steps and no slider, which would run away from under the pointer as everything changes its size.
    row_ui(ui, "Size of text", |ui| {
        let mut step = |ui: &mut Ui, label: &str, hint: &str, by: f32| {
            if ui.button(label).on_hover_text(hint).clicked() {
                set.text_size = ((set.text_size + by) * 20.0).round() / 20.0;
            }
        };
        step(ui, "Smaller", "5 % smaller", -0.05);
        step(ui, "Larger", "5 % larger", 0.05);
        set.text_size = set.text_size.clamp(TEXT_SIZES.0, TEXT_SIZES.1);
        ui.label(format!("{:.0} %", set.text_size * 100.0));
    });
}

fn computing_ui(ui: &mut Ui, look: &Look, models: &Models, set: &mut Settings) {
    let problem = |device| -> Option<&ErrorReport> {
        let devices = models.shelf.as_ref().map(|shelf| shelf.devices.as_slice()).unwrap_or_default();
        devices.iter().find(|(other, _)| *other == device).and_then(|(_, problem)| problem.as_ref())
    };
    row_ui(ui, "Device", |ui| {
        for (label, device) in
            [("Processor", DeviceChoice::Cpu), ("NVIDIA card", DeviceChoice::Cuda), ("Apple GPU", DeviceChoice::Metal)]
        {
            let button = Button::selectable(set.device == device, label);
            let why = problem(device);
            let mut shown = ui.add_enabled(why.is_none() || set.device == device, button);
            if let Some(why) = why {
                let words = format!("Not here: {}", why.message);
                shown = shown.on_hover_text(&words).on_disabled_hover_text(&words);
            }
            if shown.clicked() {
                set.device = device;
            }
        }
    });
    row_ui(ui, "Memory for answers", |ui| {
        for (label, memory) in [
            ("As it fits", MemoryChoice::Auto),
            ("Fast, large", MemoryChoice::KeysValues),
            ("Small", MemoryChoice::Shared),
        ] {
            if ui.add(Button::selectable(set.memory == memory, label)).clicked() {
                set.memory = memory;
            }
        }
    });
    ui.label(look.muted("All give the same answers. The small one is slower on long reports."));
}

fn places_ui(ui: &mut Ui, look: &Look, models: &Models) {
    for (name, path) in models.shelf.iter().flat_map(|shelf| &shelf.places) {
        row_ui(ui, name, |ui| {
            ui.label(look.muted(path.display().to_string()));
        });
    }
    ui.label(look.muted(
        "Recto works offline: reports, questions and answers never leave this computer. The network is used only when you \
         fetch a model here.",
    ));
}
