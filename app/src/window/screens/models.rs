//! Installed models, followed by those that can be added.

use eframe::egui::{Align, Button, Label, Layout, RichText, Role, Ui, WidgetInfo};

use crate::services::models::{InstalledModel, ModelCommand, Speed};
use crate::window::commands::{AppCommand, Commands, ModelUiCommand};
use crate::window::saved::settings::Settings;
use crate::window::screens::fetching::{notice_ui, yes_no_ui};
use crate::window::screens::offers::{ModelsView, ready_ui, ways_ui};
use crate::window::state::fit::size_words;
use crate::window::state::models::{Asked, FetchForm, Models};
use crate::window::theme::Look;
use crate::window::widgets::as_sentence;

/// Draws the models.
pub(crate) fn models_ui(ui: &mut Ui, look: &Look, view: ModelsView<'_>, form: &mut FetchForm, commands: &mut Commands) {
    ready_ui(ui, look, view, commands);
    installed_models_ui(ui, look, (view.models, view.settings), commands);
    ui.add_space(look.sizes().gap);
    ways_ui(ui, look, view, form, commands);
}

fn installed_models_ui(ui: &mut Ui, look: &Look, (models, settings): (&Models, &Settings), commands: &mut Commands) {
    let Some(inventory) = &models.inventory else { return };
    look.card().show(ui, |ui| {
        ui.set_width(ui.available_width());
        if inventory.installed.is_empty() {
            let words = "No model is installed. Reports can be read and searched; answers need a model.";
            ui.add(Label::new(words).wrap());
        }
        for (at, model) in inventory.installed.iter().enumerate() {
            if at > 0 {
                ui.separator();
            }
            installed_ui(ui, look, model, (models, settings), commands);
            if models.asked.as_ref() == Some(&Asked::Remove(model.name.clone())) {
                let words =
                    format!("Remove {}? Its files are deleted; conversations and reports are kept.", model.name);
                notice_ui(ui, look, &words);
                if yes_no_ui(ui, look, (&format!("Remove {}", model.name), true), commands) {
                    commands.push(ModelCommand::Remove(model.name.clone()));
                }
            }
        }
    });
}

fn installed_ui(
    ui: &mut Ui,
    look: &Look,
    model: &InstalledModel,
    (models, settings): (&Models, &Settings),
    commands: &mut Commands,
) {
    let answers = settings.model.as_ref().map_or(model.is_default, |chosen| *chosen == model.name);
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        let is_free = models.work.is_none();
        if ui.add_enabled(is_free, Button::new("Remove…")).clicked() {
            commands.push(ModelUiCommand::ShowDialog(Some(Asked::Remove(model.name.clone()))));
        }
        let can_be_measured = is_free && model.problem.is_none();
        let measure = ui.add_enabled(can_be_measured, Button::new("Measure speed"));
        measure.widget_info(|| {
            WidgetInfo::labeled(Role::Button, can_be_measured, format!("Measure the speed of {}", model.name))
        });
        if measure.on_hover_text("Takes about a minute; reading is paused meanwhile").clicked() {
            let (name, device) = (model.name.clone(), settings.device);
            commands.push(ModelCommand::Measure { name, device });
        }
        if answers {
            ui.label(look.muted("Answers"));
        } else if model.problem.is_none() && ui.button(format!("Answer with {}", model.name)).clicked() {
            let model = Some(model.name.clone());
            commands.push(AppCommand::ApplySettings(Settings { model, ..settings.clone() }));
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.label(RichText::new(&model.name).strong());
            let sees = if model.has_eyes { "reads text and figures" } else { "reads text, not figures" };
            let adapter = model.adapter.as_ref().map(|name| format!(" with the adapter {name}")).unwrap_or_default();
            ui.label(look.muted(format!("{}{adapter}, {}, {sees}", model.kind, size_words(model.bytes))));
            if let Some(speed) = settings.speed(&model.name) {
                ui.label(look.muted(speed_text(speed)));
            }
            if let Some(problem) = &model.problem {
                ui.label(RichText::new(problem).color(look.colours().error));
            }
        });
    });
}

/// "Reads about 12 pages a minute, looks at a figure in 9 s, begins to answer after 2 s, writes about 14 words a second".
fn speed_text(speed: &Speed) -> String {
    let mut parts = Vec::new();
    if let Some(pages) = speed.pages_per_min {
        parts.push(format!("reads about {pages:.0} pages a minute"));
    }
    if let Some(secs) = speed.figure_secs {
        parts.push(format!("looks at a figure in {secs:.0} s"));
    }
    parts.push(format!("begins to answer after {:.0} s", speed.wait_secs.max(1.0)));
    parts.push(format!("writes about {:.0} words a second", speed.words_per_sec.max(1.0)));
    as_sentence(&parts.join(", "))
}
