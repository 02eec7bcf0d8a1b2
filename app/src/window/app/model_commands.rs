//! Carries out what the user did about models.

use std::path::PathBuf;

use crate::services::models::ModelCommand;
use crate::window::app::Window;
use crate::window::state::models::{Asked, TokenSight};

/// A question that the sample report answers in its text.
const SAMPLE_QUESTION: &str = "How much did real GDP decline in the first quarter of 2025?";

impl Window {
    /// Has something done about models.
    pub(crate) fn begin_with_model(&mut self, command: ModelCommand) {
        self.models.begin(&command);
        self.services.models.send(command);
    }

    /// Asks the user about a model. Whether there is a token need not be asked where one can be found.
    pub(crate) fn ask_about_model(&mut self, asked: Option<Asked>) {
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

    /// Opens the sample report and asks it a question, which the model that was just installed answers.
    pub(crate) fn try_sample(&mut self) {
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

    /// Installs a model from a folder that was chosen.
    pub(crate) fn add_model(&mut self, path: PathBuf) {
        self.begin_with_model(ModelCommand::Add { path, agreed: false });
    }
}
