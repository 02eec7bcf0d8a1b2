//! Models and settings.

use eframe::egui::{Button, RichText, ScrollArea, Slider, Ui};
use engine::protocol::{DeviceChoice, MemoryChoice};

use super::super::command::UserCommand;
use super::super::settings::{Mode, Settings, TEXT_SIZES};
use super::super::theme::Look;

/// Draws them.
pub(crate) fn settings_ui(ui: &mut Ui, look: &Look, settings: &Settings, commands: &mut Vec<UserCommand>) {
    let mut set = settings.clone();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.set_max_width(look.sizes().column_width);
            ui.add_space(look.sizes().gap_large);
            group_ui(ui, look, "Looks", |ui| looks_ui(ui, &mut set));
            group_ui(ui, look, "Computing", |ui| computing_ui(ui, look, &mut set));
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

fn looks_ui(ui: &mut Ui, set: &mut Settings) {
    ui.horizontal(|ui| {
        ui.label("Theme");
        for (label, mode) in [("As the system has it", Mode::System), ("Light", Mode::Light), ("Dark", Mode::Dark)] {
            if ui.add(Button::selectable(set.theme == mode, label)).clicked() {
                set.theme = mode;
            }
        }
    });
    ui.horizontal(|ui| {
        let name = ui.label("Size of text");
        let slider = Slider::new(&mut set.text_size, TEXT_SIZES.0..=TEXT_SIZES.1).step_by(0.05).show_value(false);
        // The size changes when the slider is let go: it would run away from under the pointer.
        ui.add(slider).labelled_by(name.id);
        ui.label(format!("{:.0} %", set.text_size * 100.0));
    });
}

fn computing_ui(ui: &mut Ui, look: &Look, set: &mut Settings) {
    ui.horizontal(|ui| {
        ui.label("Device");
        for (label, device) in
            [("Processor", DeviceChoice::Cpu), ("NVIDIA card", DeviceChoice::Cuda), ("Apple GPU", DeviceChoice::Metal)]
        {
            if ui.add(Button::selectable(set.device == device, label)).clicked() {
                set.device = device;
            }
        }
    });
    ui.horizontal(|ui| {
        ui.label("Memory for answers");
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
    ui.label(look.muted("Both give the same answers. The small one takes less memory and is slower on long reports."));
}
