//! Settings: models, appearance, device, folders and updates.

use eframe::egui::{Align, Button, Label, Layout, RichText, Role, ScrollArea, Ui, WidgetInfo};
use engine::protocol::{DeviceChoice, ErrorReport, MemoryChoice};

use crate::services::models::ModelCommand;
use crate::window::commands::{AppCommand, Commands};
use crate::window::saved::settings::{Mode, Settings, TEXT_SIZES};
use crate::window::screens::models::models_ui;
use crate::window::screens::offers::ModelsView;
use crate::window::screens::updates::updates_ui;
use crate::window::state::models::{FetchForm, Models};
use crate::window::theme::Look;

/// Width of the column of names, in points.
const NAME_WIDTH: f32 = 170.0;

/// Draws the settings.
pub(crate) fn settings_ui(
    ui: &mut Ui,
    look: &Look,
    view: ModelsView<'_>,
    form: &mut FetchForm,
    commands: &mut Commands,
) {
    let ModelsView { models, settings, .. } = view;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let width = look.sizes().column_width.min(ui.available_width());
        let margin = (ui.available_width() - width) / 2.0;
        ui.horizontal_top(|ui| {
            ui.add_space(margin);
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                ui.add_space(look.sizes().gap_large);
                ui.label(RichText::new("Models").size(look.sizes().text_heading).strong());
                models_ui(ui, look, view, form, commands);
                ui.add_space(look.sizes().gap_large);
                group_ui(ui, look, "Appearance", |ui| appearance_ui(ui, settings, commands));
                group_ui(ui, look, "Device", |ui| device_ui(ui, look, (models, settings), commands));
                group_ui(ui, look, "Your files", |ui| folders_ui(ui, look, models, commands));
                group_ui(ui, look, "Updates", |ui| updates_ui(ui, look, models, commands));
            });
        });
    });
}

fn group_ui(ui: &mut Ui, look: &Look, name: &str, content: impl FnOnce(&mut Ui)) {
    ui.label(RichText::new(name).size(look.sizes().text_heading).strong());
    look.card().show(ui, |ui| {
        ui.set_width(ui.available_width());
        content(ui);
    });
    ui.add_space(look.sizes().gap_large);
}

/// A row with the name of a setting and its control.
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

fn appearance_ui(ui: &mut Ui, settings: &Settings, commands: &mut Commands) {
    let modes = [("System", Mode::System), ("Light", Mode::Light), ("Dark", Mode::Dark)];
    if let Some(theme) = choice_ui(ui, "Theme", settings.theme, &modes) {
        commands.push(AppCommand::ApplySettings(Settings { theme, ..settings.clone() }));
    }
    // Buttons, because a slider would move under the pointer as the interface changes size.
    row_ui(ui, "Text size", |ui| {
        let mut text_size = settings.text_size;
        let mut step = |ui: &mut Ui, label: &str, hint: &str, by: f32| {
            if ui.button(label).on_hover_text(hint).clicked() {
                text_size = ((text_size + by) * 20.0).round() / 20.0;
            }
        };
        step(ui, "Smaller", "5 % smaller", -0.05);
        step(ui, "Larger", "5 % larger", 0.05);
        text_size = text_size.clamp(TEXT_SIZES.0, TEXT_SIZES.1);
        ui.label(format!("{:.0} %", text_size * 100.0));
        if text_size != settings.text_size {
            commands.push(AppCommand::ApplySettings(Settings { text_size, ..settings.clone() }));
        }
    });
}

/// Names of the devices that this system can have.
const DEVICES: [(&str, DeviceChoice); 2] = [
    ("Processor", DeviceChoice::Cpu),
    if cfg!(target_os = "macos") { ("Apple GPU", DeviceChoice::Metal) } else { ("NVIDIA card", DeviceChoice::Cuda) },
];

fn device_ui(ui: &mut Ui, look: &Look, (models, settings): (&Models, &Settings), commands: &mut Commands) {
    let mut set = |settings| commands.push(AppCommand::ApplySettings(settings));
    let problem = |device| -> Option<&ErrorReport> {
        let devices = models.inventory.as_ref().map(|inventory| inventory.devices.as_slice()).unwrap_or_default();
        devices.iter().find(|(other, _)| *other == device).and_then(|(_, problem)| problem.as_ref())
    };
    row_ui(ui, "Run on", |ui| {
        for (label, device) in DEVICES {
            let is_chosen = settings.device == device;
            let button = Button::selectable(is_chosen, label);
            if ui.add_enabled(problem(device).is_none() || is_chosen, button).clicked() {
                set(Settings { device, ..settings.clone() });
            }
        }
    });
    if let Some(inventory) = &models.inventory {
        note_ui(ui, look, &format!("Processor: {}", inventory.processor));
    }
    for (label, device) in DEVICES {
        if let Some(why) = problem(device) {
            note_ui(ui, look, &format!("{label} is not available: {}", why.message));
        }
    }
    let on_battery = [("Keep reading", false), ("Pause reading", true)];
    if let Some(pauses_on_battery) = choice_ui(ui, "On battery", settings.pauses_on_battery, &on_battery) {
        set(Settings { pauses_on_battery, ..settings.clone() });
    }
    let memories = [
        ("Automatic", MemoryChoice::Auto),
        ("Faster", MemoryChoice::KeysValues),
        ("Less memory", MemoryChoice::Shared),
    ];
    if let Some(memory) = choice_ui(ui, "Memory for answers", settings.memory, &memories) {
        set(Settings { memory, ..settings.clone() });
    }
    note_ui(ui, look, "All give the same answers; less memory is slower on long reports");
    let rooms = [("1 GB", Some(1 << 30)), ("4 GB", None), ("16 GB", Some(16 << 30)), ("None", Some(0))];
    if let Some(kept_bytes) = choice_ui(ui, "Cache limit", settings.kept_bytes, &rooms) {
        set(Settings { kept_bytes, ..settings.clone() });
    }
    note_ui(ui, look, "Applies after a restart; the least recently used data is deleted first");
}

/// A setting with a few choices; returns the one that was clicked.
fn choice_ui<T: Copy + PartialEq>(ui: &mut Ui, name: &str, set: T, choices: &[(&str, T)]) -> Option<T> {
    let mut clicked = None;
    row_ui(ui, name, |ui| {
        for (label, choice) in choices {
            if ui.add(Button::selectable(set == *choice, *label)).clicked() {
                clicked = Some(*choice);
            }
        }
    });
    clicked
}

/// A note below a setting, aligned with its control.
fn note_ui(ui: &mut Ui, look: &Look, words: &str) {
    ui.horizontal(|ui| {
        ui.add_space(NAME_WIDTH + ui.spacing().item_spacing.x);
        ui.add(Label::new(look.muted(words)).wrap());
    });
}

fn folders_ui(ui: &mut Ui, look: &Look, models: &Models, commands: &mut Commands) {
    for (name, path) in models.inventory.iter().flat_map(|inventory| &inventory.places) {
        row_ui(ui, name, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = ui.button("Open folder");
                let label = format!("Open the folder of: {name}");
                button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
                if button.clicked() {
                    commands.push(ModelCommand::ShowFolder(path.clone()));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let path = path.display().to_string();
                    ui.add(Label::new(look.muted(&path)).truncate()).on_hover_text(path);
                });
            });
        });
    }
    ui.label(look.muted(
        "Recto works offline: reports, questions and answers never leave this computer. The network is used only when you \
         download a model or check for updates here.",
    ));
}
