//! Which Recto this is, and whether there is a newer one: asked for by a press alone.

use eframe::egui::{Button, Label, Ui};

use crate::services::models::{ModelCommand, Updates};
use crate::window::commands::{AppCommand, Commands};
use crate::window::state::models::{LOOKING_FOR_UPDATES, Models};
use crate::window::theme::Look;
use crate::window::widgets::{error_card_of_ui, link_ui};

/// Draws it.
pub(super) fn updates_ui(ui: &mut Ui, look: &Look, models: &Models, commands: &mut Commands) {
    let is_looking = models.work.as_ref().is_some_and(|work| work.stage == LOOKING_FOR_UPDATES);
    ui.horizontal_wrapped(|ui| {
        ui.label(concat!("Recto ", env!("CARGO_PKG_VERSION")));
        if is_looking {
            ui.label(look.muted("Asking…"));
            if ui.button("Cancel").clicked() {
                commands.push(ModelCommand::Cancel);
            }
        } else if ui.add_enabled(models.work.is_none(), Button::new("Check for updates")).clicked() {
            commands.push(ModelCommand::CheckForUpdates);
        }
    });
    match &models.updates {
        None => {
            ui.add(Label::new(look.muted("Recto never looks by itself, and never installs anything")).wrap());
        }
        Some(Updates::UpToDate) => {
            ui.label("This is the newest version");
        }
        Some(Updates::Nowhere) => {
            ui.add(Label::new("This Recto was built by hand: it does not know where releases are announced").wrap());
        }
        Some(Updates::Newer { version, address }) => {
            ui.horizontal_wrapped(|ui| {
                ui.label(format!("Recto {version} is out"));
                if link_ui(ui, look, "Open its page", address) {
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
