//! Models to download, easiest first: abilities, requirements and download buttons.

use eframe::egui::{Align, Button, Label, Layout, RichText, Role, Stroke, Ui, WidgetInfo};

use crate::services::models::{ModelCommand, ModelInventory, OfferedModel, Speed};
use crate::window::commands::{Commands, ModelUiCommand};
use crate::window::saved::settings::Settings;
use crate::window::screens::fetching::{
    asked_to_fetch_ui, found_ui, model_error_ui, notice_ui, repository_ui, work_ui, yes_no_ui,
};
use crate::window::state::fit::{Offer, computer_words, offers, size_words};
use crate::window::state::models::{Asked, ESTIMATING, FetchForm, Models};
use crate::window::theme::Look;
use crate::window::widgets::{as_sentence, primary_button_ui};

/// Data for the screens about models.
#[derive(Clone, Copy)]
pub(crate) struct ModelsView<'a> {
    /// Models, and the work on them.
    pub models: &'a Models,
    /// The settings.
    pub settings: &'a Settings,
    /// Whether the sample report is available.
    pub has_sample: bool,
}

/// The models part of the first screen: the model just installed, or those to download.
pub(crate) fn first_model_ui(
    ui: &mut Ui,
    look: &Look,
    view: ModelsView<'_>,
    form: &mut FetchForm,
    commands: &mut Commands,
) {
    ready_ui(ui, look, view, commands);
    if view.models.has_any() {
        return;
    }
    ui.label(RichText::new("Choose a model").size(look.sizes().text_heading).strong());
    ways_ui(ui, look, view, form, commands);
}

/// The model just installed, with a first question to try.
pub(super) fn ready_ui(ui: &mut Ui, look: &Look, view: ModelsView<'_>, commands: &mut Commands) {
    let Some(name) = &view.models.fresh else { return };
    let card = look.card().stroke(Stroke::new(1.5, look.colours().accent));
    card.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(format!("{name} is installed")).strong());
        let words = if view.has_sample {
            "Try a first question on the U.S. Treasury Bulletin of June 2025"
        } else {
            "Drop a report on the window and ask"
        };
        ui.add(Label::new(look.muted(words)).wrap());
        ui.horizontal_wrapped(|ui| {
            if view.has_sample && primary_button_ui(ui, look, "Try it on the sample report", true).clicked() {
                commands.push(ModelUiCommand::TrySample);
            }
            if ui.button("Not now").clicked() {
                commands.push(ModelUiCommand::DismissInstalled);
            }
        });
    });
    ui.add_space(look.sizes().gap);
}

/// Models to add, and the download in progress.
pub(super) fn ways_ui(ui: &mut Ui, look: &Look, view: ModelsView<'_>, form: &mut FetchForm, commands: &mut Commands) {
    let models = view.models;
    if let Some(failed) = &models.error {
        model_error_ui(ui, look, failed, commands);
    }
    let Some(inventory) = &models.inventory else {
        ui.label(look.muted("Looking for models…"));
        return;
    };
    computer_ui(ui, look, (view, inventory), commands);
    if models.has_stopped {
        ui.add(Label::new(look.muted("Download stopped. The next download resumes it.")).wrap());
    }
    let offers = offers(inventory);
    let mut families: Vec<&str> = Vec::new();
    for offer in &offers {
        if !families.contains(&offer.model.family.as_str()) {
            families.push(&offer.model.family);
        }
    }
    let first = offers.first().filter(|offer| offer.obstacle.is_none()).map(|offer| &offer.model.name);
    for family in families {
        let of_family: Vec<&Offer<'_>> = offers.iter().filter(|offer| offer.model.family == family).collect();
        look.card().show(ui, |ui| {
            ui.set_width(ui.available_width());
            family_ui(ui, look, family, &of_family);
            for offer in &of_family {
                ui.separator();
                let is_first = first == Some(&offer.model.name);
                offer_ui(ui, look, (view, inventory, offer, is_first), form, commands);
            }
        });
    }
    look.card().show(ui, |ui| {
        ui.set_width(ui.available_width());
        elsewhere_ui(ui, look, (models, inventory), form, commands);
    });
}

/// The hardware, and the button that estimates speeds.
fn computer_ui(
    ui: &mut Ui,
    look: &Look,
    (view, inventory): (ModelsView<'_>, &ModelInventory),
    commands: &mut Commands,
) {
    if let Some(work) = view.models.work.as_ref().filter(|work| work.stage == ESTIMATING) {
        work_ui(ui, look, work, commands);
        return;
    }
    let is_new = |model: &OfferedModel| inventory.installed.iter().all(|installed| installed.name != model.name);
    let has_offers = inventory.offered.iter().any(is_new);
    let is_free = view.models.work.is_none();
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let estimates = has_offers && {
                let button = ui.add_enabled(is_free, Button::new("Estimate speeds"));
                button.on_hover_text(ESTIMATE_HINT).clicked()
            };
            if estimates {
                commands.push(ModelCommand::Estimate(view.settings.device));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some(words) = computer_words(inventory) {
                    ui.add(Label::new(look.muted(words)).wrap());
                }
            });
        });
    });
}

/// Tooltip of the estimate button.
const ESTIMATE_HINT: &str = "Measures for ten seconds with random weights; nothing is downloaded";

/// Description of a model family.
fn family_ui(ui: &mut Ui, look: &Look, family: &str, offers: &[&Offer<'_>]) {
    ui.label(RichText::new(family).strong());
    let Some(offer) = offers.first() else { return };
    ui.add(Label::new(look.muted(as_sentence(&offer.model.can.join("; ")))).wrap());
    let licence = &offer.model.licence;
    let terms = match &offer.model.gate {
        Some(_) => format!("Needs a free Hugging Face account. Licence: {licence}"),
        None => format!("Licence: {licence}"),
    };
    ui.add(Label::new(look.muted(terms)).wrap());
}

/// A model: size, expected speed and download button, or why it does not fit.
fn offer_ui(
    ui: &mut Ui,
    look: &Look,
    (view, inventory, offer, is_first): (ModelsView<'_>, &ModelInventory, &Offer<'_>, bool),
    form: &mut FetchForm,
    commands: &mut Commands,
) {
    let (models, model) = (view.models, offer.model);
    let is_asked = models.asked.as_ref() == Some(&Asked::Fetch(model.name.clone()));
    let work = models.work.as_ref().filter(|work| work.name == model.name);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if offer.obstacle.is_none() && !is_asked && work.is_none() {
                download_ui(ui, look, (models, model, is_first), commands);
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.horizontal_wrapped(|ui| {
                    ui.label(&model.label);
                    ui.label(look.muted(format!("{} to download", size_words(model.download_bytes))));
                });
                let words = match (offer.obstacle, view.settings.expected(&model.name)) {
                    (Some(obstacle), _) => Some(obstacle.words()),
                    (None, speed) => speed.map(expected_words),
                };
                if let Some(words) = words {
                    ui.add(Label::new(look.muted(words)).wrap());
                }
            });
        });
    });
    if is_asked {
        let panel = ui.scope(|ui| asked_to_fetch_ui(ui, look, (models, inventory, model), form, commands));
        if models.shows_asked {
            panel.response.scroll_to_me(None);
        }
    }
    if let Some(work) = work {
        work_ui(ui, look, work, commands);
    }
}

/// The download button.
fn download_ui(
    ui: &mut Ui,
    look: &Look,
    (models, model, is_first): (&Models, &OfferedModel, bool),
    commands: &mut Commands,
) {
    let is_free = models.work.is_none();
    let button = if is_first {
        primary_button_ui(ui, look, "Download…", is_free)
    } else {
        ui.add_enabled(is_free, Button::new("Download…"))
    };
    let name = format!("Download {} {}…", model.family, model.label);
    button.widget_info(|| WidgetInfo::labeled(Role::Button, is_free, &name));
    if button.clicked() {
        commands.push(ModelUiCommand::ShowDialog(Some(Asked::Fetch(model.name.clone()))));
    }
}

/// Models outside the catalogue: from a folder, or from the hub.
fn elsewhere_ui(
    ui: &mut Ui,
    look: &Look,
    (models, inventory): (&Models, &ModelInventory),
    form: &mut FetchForm,
    commands: &mut Commands,
) {
    ui.label(RichText::new("Other models").strong());
    let is_offered = |name: &str| inventory.offered.iter().any(|offer| offer.name == name);
    if let Some(work) = models.work.as_ref().filter(|work| work.stage != ESTIMATING && !is_offered(&work.name)) {
        work_ui(ui, look, work, commands);
        return;
    }
    let is_free = models.work.is_none();
    match &models.asked {
        Some(Asked::Repository) => repository_ui(ui, look, models, form, commands),
        Some(Asked::Found(found)) => found_ui(ui, look, (inventory, found), commands),
        Some(Asked::Add { path, notice }) => {
            notice_ui(ui, look, notice);
            if yes_no_ui(ui, look, ("Accept and install", true), commands) {
                commands.push(ModelCommand::Add { path: path.clone(), agreed: true });
            }
        }
        Some(Asked::Fetch(_) | Asked::Remove(_)) | None => {
            ui.add(Label::new(look.muted("Any published T5Gemma 2 or Gemma 3 checkpoint")).wrap());
            ui.horizontal_wrapped(|ui| {
                if ui.add_enabled(is_free, Button::new("Add from a folder…")).clicked() {
                    commands.push(ModelUiCommand::ChooseFolder);
                }
                if ui.add_enabled(is_free, Button::new("From Hugging Face…")).clicked() {
                    commands.push(ModelUiCommand::ShowDialog(Some(Asked::Repository)));
                }
            });
        }
    }
}

/// "Would read about 40 pages a minute here, and look at a figure in 12 s".
fn expected_words(speed: &Speed) -> String {
    let Some(pages) = speed.pages_per_min else {
        return format!("Would begin to answer after about {} here", secs_words(speed.wait_secs));
    };
    let pages = match pages {
        pages if pages < 1.5 => format!("a page in about {}", secs_words(60.0 / pages.max(1e-3))),
        pages => format!("about {:.0} pages a minute", two_digits(pages)),
    };
    match speed.figure_secs {
        Some(secs) => format!("Would read {pages} here, and look at a figure in about {}", secs_words(secs)),
        None => format!("Would read {pages} here"),
    }
}

/// "1 s", "50 s", "3 min".
fn secs_words(secs: f32) -> String {
    if secs < 90.0 { format!("{:.0} s", two_digits(secs.max(1.0))) } else { format!("{:.0} min", secs / 60.0) }
}

/// Rounds to two significant digits: 47 is 47, 473 is 470.
fn two_digits(number: f32) -> f32 {
    let step = 10_f32.powf((number.max(1.0).log10().floor() - 1.0).max(0.0));
    (number / step).round() * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_rounded() {
        let speed = |pages_per_min, figure_secs, wait_secs| Speed {
            pages_per_min,
            figure_secs,
            wait_secs,
            words_per_sec: 20.0,
        };
        for (speed, words) in [
            (
                speed(Some(473.2), Some(12.4), 1.0),
                "Would read about 470 pages a minute here, and look at a figure in about 12 s",
            ),
            (
                speed(Some(0.9), Some(184.0), 1.0),
                "Would read a page in about 67 s here, and look at a figure in about 3 min",
            ),
            (speed(Some(38.6), None, 1.0), "Would read about 39 pages a minute here"),
            (speed(None, None, 0.2), "Would begin to answer after about 1 s here"),
            (speed(None, None, 47.3), "Would begin to answer after about 47 s here"),
        ] {
            assert_eq!(expected_words(&speed), words);
        }
    }
}
