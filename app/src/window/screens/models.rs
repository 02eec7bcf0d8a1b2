//! Which models are installed, which can be had, and what they can do.

use eframe::egui::{Align, Layout, RichText, Role, Ui, WidgetInfo};

use super::super::command::UserCommand;
use super::super::model_keeper::{InstalledModel, ModelCommand, ModelShelf, OfferedModel, Speed};
use super::super::models::{Asked, MEASURING, ModelWork, Models};
use super::super::settings::Settings;
use super::super::theme::Look;
use super::super::widgets::{as_sentence, bar_ui, error_card_ui, primary_button_ui};

/// Draws them.
pub(crate) fn models_ui(
    ui: &mut Ui,
    look: &Look,
    models: &Models,
    set: &mut Settings,
    commands: &mut Vec<UserCommand>,
) {
    if let Some(trouble) = &models.trouble
        && error_card_ui(ui, look, &trouble.message, trouble.hint.as_deref())
    {
        commands.push(UserCommand::DismissError);
    }
    let Some(shelf) = &models.shelf else {
        ui.label(look.muted("Looking for models…"));
        return;
    };
    if shelf.installed.is_empty() {
        ui.label("No model is installed. Reports can be read and searched; answers need a model.");
    }
    for model in &shelf.installed {
        installed_ui(ui, look, model, (models, set), commands);
        ui.separator();
    }
    if let Some(work) = &models.work {
        work_ui(ui, look, work, commands);
    } else if let Some(asked) = &models.asked {
        asked_ui(ui, look, asked, shelf, commands);
    } else {
        offers_ui(ui, look, shelf, commands);
    }
}

fn installed_ui(
    ui: &mut Ui,
    look: &Look,
    model: &InstalledModel,
    (models, set): (&Models, &mut Settings),
    commands: &mut Vec<UserCommand>,
) {
    let answers = set.model.as_ref().map_or(model.is_default, |chosen| *chosen == model.name);
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        let is_free = models.work.is_none();
        if ui.add_enabled(is_free, eframe::egui::Button::new("Remove…")).clicked() {
            commands.push(UserCommand::AskAboutModel(Some(Asked::Remove(model.name.clone()))));
        }
        let can_be_measured = is_free && model.problem.is_none();
        let measure = ui.add_enabled(can_be_measured, eframe::egui::Button::new("Measure speed"));
        measure.widget_info(|| {
            WidgetInfo::labeled(Role::Button, can_be_measured, format!("Measure the speed of {}", model.name))
        });
        if measure.on_hover_text("Takes about a minute; reading rests meanwhile").clicked() {
            let (name, device) = (model.name.clone(), set.device);
            commands.push(UserCommand::Model(ModelCommand::Measure { name, device }));
        }
        if answers {
            ui.label(look.muted("Answers"));
        } else if model.problem.is_none() && ui.button(format!("Answer with {}", model.name)).clicked() {
            set.model = Some(model.name.clone());
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.label(RichText::new(&model.name).strong());
            let sees = if model.has_eyes { "reads text and figures" } else { "reads text, not figures" };
            ui.label(look.muted(format!("{}, {}, {sees}", model.kind, megabytes(model.bytes))));
            if let Some(speed) = set.speed(&model.name) {
                ui.label(look.muted(speed_text(speed)));
            }
            if let Some(problem) = &model.problem {
                ui.label(RichText::new(problem).color(look.colours().error));
            }
        });
    });
}

fn offers_ui(ui: &mut Ui, look: &Look, shelf: &ModelShelf, commands: &mut Vec<UserCommand>) {
    let is_new = |offer: &&OfferedModel| shelf.installed.iter().all(|model| model.name != offer.name);
    for offer in shelf.offered.iter().filter(is_new) {
        ui.label(&offer.title);
        ui.label(look.muted(format!("{} to download with your own pip", megabytes(offer.download_bytes))));
        if primary_button_ui(ui, look, &format!("Fetch {}…", offer.name), true).clicked() {
            commands.push(UserCommand::AskAboutModel(Some(Asked::Fetch(offer.name.clone()))));
        }
        ui.add_space(look.sizes().gap);
    }
    ui.horizontal(|ui| {
        if ui.button("Add from a folder…").clicked() {
            commands.push(UserCommand::ChooseModelFolder);
        }
        ui.label(look.muted("A T5Gemma 2 or Gemma 3 checkpoint as published"));
    });
}

fn asked_ui(ui: &mut Ui, look: &Look, asked: &Asked, shelf: &ModelShelf, commands: &mut Vec<UserCommand>) {
    let (notice, yes, command) = match asked {
        Asked::Fetch(name) => {
            let Some(offer) = shelf.offered.iter().find(|offer| offer.name == *name) else { return };
            (offer.notice.clone(), format!("Accept the {} and fetch", offer.licence), ModelCommand::Fetch(name.clone()))
        }
        Asked::Add { path, notice } => {
            let command = ModelCommand::Add { path: path.clone(), agreed: true };
            (notice.clone(), "Accept and install".to_owned(), command)
        }
        Asked::Remove(name) => {
            let words = format!("Remove {name}? Its files are deleted; conversations and reports stay.");
            (words, format!("Remove {name}"), ModelCommand::Remove(name.clone()))
        }
    };
    eframe::egui::ScrollArea::vertical().id_salt("notice").max_height(220.0).show(ui, |ui| {
        ui.label(look.muted(notice));
    });
    ui.horizontal(|ui| {
        if primary_button_ui(ui, look, &yes, true).clicked() {
            commands.push(UserCommand::Model(command));
        }
        if ui.button("Leave it").clicked() {
            commands.push(UserCommand::AskAboutModel(None));
        }
    });
}

fn work_ui(ui: &mut Ui, look: &Look, work: &ModelWork, commands: &mut Vec<UserCommand>) {
    let share = (work.total_bytes > 0).then(|| work.done_bytes as f32 / work.total_bytes as f32);
    ui.horizontal(|ui| {
        let words = match work.total_bytes {
            0 if work.stage == MEASURING => format!("Measuring how fast {} is…", work.name),
            0 => format!("{} {}…", work.stage, work.name),
            total => {
                format!("{} {}: {} of {}", work.stage, work.name, megabytes(work.done_bytes), megabytes(total))
            }
        };
        ui.label(words);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Cancel").clicked() {
                commands.push(UserCommand::Model(ModelCommand::Cancel));
            }
        });
    });
    bar_ui(ui, look, work.stage, share);
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

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}
