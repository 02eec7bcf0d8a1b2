//! The version, and the check for updates, which runs only on request.

use eframe::egui::{Button, Label, Ui};

use crate::services::models::{ModelCommand, Updates};
use crate::window::commands::{AppCommand, Commands};
use crate::window::state::models::{CHECKING_FOR_UPDATES, Models};
use crate::window::theme::Look;
use crate::window::widgets::{error_card_of_ui, link_ui};

/// Draws the version and the result of the last check.
pub(super) fn updates_ui(ui: &mut Ui, look: &Look, models: &Models, commands: &mut Commands) {
    let is_looking = models.work.as_ref().is_some_and(|work| work.stage == CHECKING_FOR_UPDATES);
    ui.horizontal_wrapped(|ui| {
        ui.label(concat!("Recto ", env!("CARGO_PKG_VERSION")));
        if is_looking {
            ui.label(look.muted("Checking…"));
            if ui.button("Cancel").clicked() {
                commands.push(ModelCommand::Cancel);
            }
        } else if ui.add_enabled(models.work.is_none(), Button::new("Check for updates")).clicked() {
            commands.push(ModelCommand::CheckForUpdates);
        }
    });
    match &models.updates {
        None => {
            ui.add(Label::new(look.muted("Recto checks only when you click, and never installs anything")).wrap());
        }
        Some(Updates::UpToDate) => {
            ui.label("Recto is up to date");
        }
        Some(Updates::Nowhere) => {
            ui.add(Label::new("This build has no update address").wrap());
        }
        Some(Updates::Newer { version, address }) => {
            ui.horizontal_wrapped(|ui| {
                ui.label(format!("Recto {version} is available"));
                if link_ui(ui, look, "Open the release page", address) {
                    commands.push(AppCommand::OpenAddress(address.clone()));
                }
            });
        }
        Some(Updates::Failed(report)) => {
            let words = (report.message.as_str(), report.hint.as_deref());
            if error_card_of_ui(ui, look, words, &["Try again"]).is_some() {
                commands.push(ModelCommand::CheckForUpdates);
            }
        }
    }
}
