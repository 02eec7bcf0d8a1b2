//! Commands for models.

use std::path::PathBuf;

use eframe::egui;

use crate::platform::file_dialog::Choice;
use crate::services::models::ModelCommand;
use crate::window::app::Window;
use crate::window::commands::ModelUiCommand;
use crate::window::state::models::{Asked, TokenSight};

/// A question that the text of the sample report answers.
const SAMPLE_QUESTION: &str = "How much did real GDP decline in the first quarter of 2025?";

impl Window {
    pub(super) fn dispatch_model(&mut self, ctx: &egui::Context, command: ModelUiCommand) {
        match command {
            ModelUiCommand::Run(command) => self.begin_with_model(command),
            ModelUiCommand::ShowDialog(asked) => self.ask_about_model(asked),
            ModelUiCommand::EnterToken => self.models.token = TokenSight::Unknown,
            ModelUiCommand::TrySample => self.try_sample(),
            ModelUiCommand::DismissInstalled => self.models.fresh = None,
            ModelUiCommand::ChooseFolder => self.choose(ctx, Choice::Model),
        }
    }

    /// Sends a command to the model service.
    fn begin_with_model(&mut self, command: ModelCommand) {
        self.models.begin(&command);
        self.services.models.send(command);
    }

    /// Shows a dialog about a model, and looks for an access token where the model may need one.
    fn ask_about_model(&mut self, asked: Option<Asked>) {
        let gated = |name: &String| {
            let mut offered = self.models.inventory.iter().flat_map(|inventory| &inventory.offered);
            offered.any(|offer| offer.name == *name && offer.gate.is_some())
        };
        let may_need_token = match &asked {
            Some(Asked::Fetch(name)) => gated(name),
            Some(Asked::Repository) => true,
            _ => false,
        };
        self.models.shows_asked = asked.is_some();
        self.models.asked = asked;
        if may_need_token && self.models.token == TokenSight::Unknown && self.models.form.token.reveal().is_empty() {
            self.begin_with_model(ModelCommand::LookForToken);
        }
    }

    /// Opens the sample report and asks it a question with the model just installed.
    fn try_sample(&mut self) {
        let (Some(name), Some(sample)) = (self.models.fresh.take(), self.sample.clone()) else { return };
        let mut installed = self.models.inventory.iter().flat_map(|inventory| &inventory.installed);
        let usual = installed.find(|model| model.is_default).map(|model| model.name.clone());
        if self.settings.model.as_ref().or(usual.as_ref()) != Some(&name) {
            self.settings.model = Some(name);
            self.save_settings();
        }
        self.question = Some(SAMPLE_QUESTION.to_owned());
        self.open_files(vec![sample]);
    }

    /// Installs a model from a folder.
    pub(crate) fn add_model(&mut self, path: PathBuf) {
        self.begin_with_model(ModelCommand::Add { path, agreed: false });
    }
}
