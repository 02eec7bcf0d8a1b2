//! Downloading a model: confirmation, progress and errors.

use eframe::egui::{Align, Align2, Checkbox, Label, Layout, ScrollArea, TextEdit, Ui, vec2};

use crate::services::models::{FoundModel, ModelCommand, ModelInventory, OfferedModel, Wanted};
use crate::window::commands::{AppCommand, Commands, ModelUiCommand, UserCommand};
use crate::window::state::fit::{disk_obstacle, size_words};
use crate::window::state::models::{ESTIMATING, FetchForm, MEASURING, ModelError, ModelWork, Models, TokenSight};
use crate::window::theme::Look;
use crate::window::widgets::{bar_ui, error_card_of_ui, link_ui, primary_button_ui};

/// Maximum height of a notice before it scrolls, in points.
const NOTICE_HEIGHT: f32 = 130.0;

/// Width of the fields, in points.
const FIELD_WIDTH: f32 = 340.0;

/// Confirmation for a catalogue model: licence, access and download button.
pub(super) fn asked_to_fetch_ui(
    ui: &mut Ui,
    look: &Look,
    (models, inventory, offer): (&Models, &ModelInventory, &OfferedModel),
    form: &mut FetchForm,
    commands: &mut Commands,
) {
    notice_ui(ui, look, &offer.notice);
    if link_ui(ui, look, "Read the terms", &offer.licence_address) {
        commands.push(AppCommand::OpenAddress(offer.licence_address.clone()));
    }
    if let Some(gate) = &offer.gate {
        ui.add_space(look.sizes().gap_small);
        if models.token == TokenSight::Unknown {
            let words = "This model is gated: you need a free Hugging Face account";
            ui.add(Label::new(words).wrap());
            ui.horizontal_wrapped(|ui| {
                if link_ui(ui, look, "1. Accept the terms", gate) {
                    commands.push(AppCommand::OpenAddress(gate.clone()));
                }
                if link_ui(ui, look, "2. Create a read token", &inventory.tokens_address) {
                    commands.push(AppCommand::OpenAddress(inventory.tokens_address.clone()));
                }
            });
        }
        token_ui(ui, look, (models.token, "3. Access token"), form, commands);
    }
    ui.add_space(look.sizes().gap_small);
    let can_go_on = offer.gate.is_none() || has_token(models.token, form);
    let yes = format!("Accept the {} and download {}", offer.licence, size_words(offer.download_bytes));
    if yes_no_ui(ui, look, (&yes, can_go_on), commands) {
        let what = Wanted::Offered(offer.name.clone());
        commands.push(ModelCommand::Fetch(form.fetch(what, models.token)));
    }
}

/// The form for another model of the hub.
pub(super) fn repository_ui(ui: &mut Ui, look: &Look, models: &Models, form: &mut FetchForm, commands: &mut Commands) {
    let words = "Any T5Gemma 2 or Gemma 3 model on Hugging Face";
    ui.label(look.muted(words));
    field_ui(ui, look, ("Repository", "owner/name"), &mut form.repository);
    field_ui(ui, look, ("Branch, tag or commit", "latest"), &mut form.revision);
    token_ui(ui, look, (models.token, "Private or gated models need your access token"), form, commands);
    let wanted = form.wanted();
    ui.add_space(look.sizes().gap_small);
    if yes_no_ui(ui, look, ("Look up", wanted.is_some()), commands)
        && let Some(wanted) = wanted
    {
        commands.push(ModelCommand::LookUp(form.fetch(wanted, models.token)));
    }
}

/// Confirmation for a hub model that was looked up: licence, size and download button.
pub(super) fn found_ui(
    ui: &mut Ui,
    look: &Look,
    (inventory, found): (&ModelInventory, &FoundModel),
    commands: &mut Commands,
) {
    ui.label(found.fetch.what.name());
    notice_ui(ui, look, &found.notice);
    if link_ui(ui, look, "Read the terms", &found.licence_address) {
        commands.push(AppCommand::OpenAddress(found.licence_address.clone()));
    }
    let obstacle = disk_obstacle(inventory, found.download_bytes);
    if let Some(obstacle) = obstacle {
        ui.add(Label::new(obstacle.words()).wrap());
    }
    ui.add_space(look.sizes().gap_small);
    let yes = format!("Accept the {} and download {}", found.licence, size_words(found.download_bytes));
    if yes_no_ui(ui, look, (&yes, obstacle.is_none()), commands) {
        commands.push(ModelCommand::Fetch(found.fetch.clone()));
    }
}

/// A notice to agree to; a long one scrolls.
pub(super) fn notice_ui(ui: &mut Ui, look: &Look, notice: &str) {
    let area = ScrollArea::vertical().id_salt("notice");
    area.max_height(NOTICE_HEIGHT).min_scrolled_height(NOTICE_HEIGHT).show(ui, |ui| {
        // Unwraps the lines of the file, so that they fill the width.
        for paragraph in notice.split("\n\n").map(|paragraph| paragraph.trim().replace('\n', " ")) {
            ui.add(Label::new(look.muted(paragraph)).wrap());
        }
    });
}

/// Confirm and cancel buttons; returns whether the first was clicked.
pub(super) fn yes_no_ui(ui: &mut Ui, look: &Look, (yes, enabled): (&str, bool), commands: &mut Commands) -> bool {
    let mut goes_on = false;
    ui.horizontal_wrapped(|ui| {
        goes_on = primary_button_ui(ui, look, yes, enabled).clicked();
        if ui.button("Cancel").clicked() {
            commands.push(ModelUiCommand::ShowDialog(None));
        }
    });
    goes_on
}

fn has_token(sight: TokenSight, form: &FetchForm) -> bool {
    matches!(sight, TokenSight::Found(_)) || !form.token.reveal().trim().is_empty()
}

/// The access token in use, or the field for one.
fn token_ui(
    ui: &mut Ui,
    look: &Look,
    (sight, name): (TokenSight, &str),
    form: &mut FetchForm,
    commands: &mut Commands,
) {
    match sight {
        TokenSight::Looking => {
            ui.label(look.muted("Looking for a token…"));
        }
        TokenSight::Found(place) => {
            ui.horizontal_wrapped(|ui| {
                ui.label(look.muted(format!("Uses the token in {place}")));
                if ui.button("Use another…").clicked() {
                    commands.push(ModelUiCommand::EnterToken);
                }
            });
        }
        TokenSight::Unknown => {
            let label = ui.label(look.muted(name));
            let field = TextEdit::singleline(form.token.edit()).password(true).hint_text("hf_…");
            ui.add(sized(look, field)).labelled_by(label.id);
            ui.add(Checkbox::new(&mut form.keeps_token, "Save in the system keyring"))
                .on_hover_text("Otherwise it is discarded when Recto closes");
        }
    }
}

fn field_ui(ui: &mut Ui, look: &Look, (name, hint): (&str, &str), text: &mut String) {
    let label = ui.label(look.muted(name));
    ui.add(sized(look, TextEdit::singleline(text).hint_text(hint))).labelled_by(label.id);
}

fn sized<'a>(look: &Look, field: TextEdit<'a>) -> TextEdit<'a> {
    let margin = vec2(look.sizes().gap, look.sizes().gap_small);
    field
        .align(Align2::LEFT_CENTER)
        .margin(margin)
        .min_size(vec2(0.0, look.sizes().control_height))
        .desired_width(FIELD_WIDTH)
}

/// Progress, with a cancel button.
pub(super) fn work_ui(ui: &mut Ui, look: &Look, work: &ModelWork, commands: &mut Commands) {
    let share = (work.total_bytes > 0).then(|| work.done_bytes as f32 / work.total_bytes as f32);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Cancel").clicked() {
                commands.push(ModelCommand::Cancel);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(work_words(work)).wrap());
            });
        });
    });
    bar_ui(ui, look, work.stage, share);
    let pace = work.pace.words(work.total_bytes);
    if !pace.is_empty() {
        ui.label(look.muted(pace));
    }
}

/// "Downloading starter: 100 MB of 238 MB".
fn work_words(work: &ModelWork) -> String {
    match work.total_bytes {
        0 if work.stage == ESTIMATING => "Estimating for ten seconds…".to_owned(),
        0 if work.stage == MEASURING => format!("Measuring how fast {} is…", work.name),
        0 => format!("{} {}…", work.stage, work.name),
        total => {
            format!("{} {}: {} of {}", work.stage, work.name, size_words(work.done_bytes), size_words(total))
        }
    }
}

/// An error, with its hint and actions.
pub(super) fn model_error_ui(ui: &mut Ui, look: &Look, failed: &ModelError, commands: &mut Commands) {
    let mut actions: Vec<(&str, UserCommand)> = vec![("Dismiss", AppCommand::DismissError.into())];
    if let Some(again) = &failed.again {
        actions.push(("Try again", again.clone().into()));
    }
    if let Some(address) = &failed.address {
        actions.push(("Open the page", AppCommand::OpenAddress(address.clone()).into()));
    }
    let names: Vec<&str> = actions.iter().map(|(name, _)| *name).collect();
    let words = (failed.error.message.as_str(), failed.error.hint.as_deref());
    if let Some(at) = error_card_of_ui(ui, look, words, &names)
        && let Some((_, command)) = actions.into_iter().nth(at)
    {
        commands.push(command);
    }
}
