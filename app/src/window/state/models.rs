//! Model state: the inventory, the current task, and pending confirmations.

use std::path::PathBuf;
use std::time::Instant;

use crate::services::models::{Fetch, FoundModel, ModelCommand, ModelEvent, ModelInventory, Secret, Updates, Wanted};
use crate::window::state::fetch_pace::FetchPace;
use crate::window::state::report::ErrorNotice;

/// Models, and the current task on them.
#[derive(Debug, Default)]
pub(crate) struct Models {
    /// Models and devices; `None` until listed.
    pub inventory: Option<ModelInventory>,
    /// The current task.
    pub work: Option<ModelWork>,
    /// The last error.
    pub error: Option<ModelError>,
    /// The pending confirmation.
    pub asked: Option<Asked>,
    /// Whether to scroll to it in the next frame.
    pub shows_asked: bool,
    /// Input of the download form.
    pub form: FetchForm,
    /// Whether an access token was found.
    pub token: TokenSight,
    /// The model installed last, until it is tried or dismissed.
    pub fresh: Option<String>,
    /// Whether a download was stopped or failed and can be resumed.
    pub has_stopped: bool,
    /// Result of the check for updates.
    pub updates: Option<Updates>,
    /// The command of the current task.
    command: Option<ModelCommand>,
}

/// A running task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelWork {
    /// The model.
    pub name: String,
    /// The current stage, in words.
    pub stage: &'static str,
    /// Bytes done.
    pub done_bytes: u64,
    /// Total bytes; 0 until known.
    pub total_bytes: u64,
    /// Download speed.
    pub pace: FetchPace,
}

/// A failed task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ModelError {
    /// Message and hint.
    pub error: ErrorNotice,
    /// Output of the hub and pip.
    pub details: Option<String>,
    /// A web page that helps to resolve it.
    pub address: Option<String>,
    /// The command to retry.
    pub again: Option<ModelCommand>,
}

/// Stage label of a measurement.
pub(crate) const MEASURING: &str = "Measuring";

/// Stage label of an estimate.
pub(crate) const ESTIMATING: &str = "Estimating";

/// Stage label of a check for updates.
pub(crate) const CHECKING_FOR_UPDATES: &str = "Checking for updates";

/// A confirmation requested from the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Accept the licence of this catalogue model.
    Fetch(String),
    /// Choose another model on the hub.
    Repository,
    /// Accept the licence of this hub model.
    Found(FoundModel),
    /// Accept the licence of the model in this folder or file.
    Add {
        /// The folder or file.
        path: PathBuf,
        /// The licence notice.
        notice: String,
    },
    /// Remove this model.
    Remove(String),
}

/// Input of the download form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FetchForm {
    /// The token.
    pub token: Secret,
    /// Whether to save it in the system keyring.
    pub keeps_token: bool,
    /// Id of a hub repository.
    pub repository: String,
    /// Its branch, tag or commit.
    pub revision: String,
}

/// Whether an access token was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TokenSight {
    /// Not looked for, or the user wants to type another.
    #[default]
    Unknown,
    /// Being looked for.
    Looking,
    /// Found here, in words.
    Found(&'static str),
}

impl FetchForm {
    /// The download request for a model, with the typed token if none was found.
    pub(crate) fn fetch(&self, what: Wanted, sight: TokenSight) -> Fetch {
        let typed = !self.token.reveal().trim().is_empty() && !matches!(sight, TokenSight::Found(_));
        Fetch { what, token: typed.then(|| self.token.clone()), keeps_token: typed && self.keeps_token }
    }

    /// The typed repository, as `owner/name` or as the address of its page.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        let text = self.repository.trim().trim_end_matches('/');
        let id = text.rsplit_once("://").map_or(text, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let is_word = |word: &str| {
            !matches!(word, "" | "." | "..")
                && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        };
        let (owner, name) = id.split_once('/')?;
        let revision = Some(self.revision.trim()).filter(|revision| !revision.is_empty()).map(str::to_owned);
        (is_word(owner) && is_word(name)).then(|| Wanted::Repository { id: id.to_owned(), revision })
    }
}

impl Models {
    /// Records the start of a command.
    pub(crate) fn begin(&mut self, command: &ModelCommand) {
        let (name, stage) = match command {
            ModelCommand::Fetch(fetch) => (fetch.what.name().to_owned(), "Downloading"),
            ModelCommand::LookUp(fetch) => (fetch.what.name().to_owned(), "Looking up"),
            ModelCommand::Add { path, .. } => (path.display().to_string(), "Checking"),
            ModelCommand::Remove(name) => (name.clone(), "Removing"),
            ModelCommand::Measure { name, .. } => (name.clone(), MEASURING),
            ModelCommand::Estimate(_) => (String::new(), ESTIMATING),
            ModelCommand::CheckForUpdates => (String::new(), CHECKING_FOR_UPDATES),
            ModelCommand::LookForToken => {
                self.token = TokenSight::Looking;
                return;
            }
            ModelCommand::List | ModelCommand::ShowFolder(_) | ModelCommand::Cancel => return,
        };
        self.asked = None;
        self.error = None;
        self.updates = None;
        self.has_stopped = false;
        self.command = Some(command.clone());
        self.work = Some(ModelWork { name, stage, done_bytes: 0, total_bytes: 0, pace: FetchPace::default() });
    }

    /// Whether a measurement is running, during which nothing else should compute.
    pub(crate) fn is_measuring(&self) -> bool {
        self.work.as_ref().is_some_and(|work| [MEASURING, ESTIMATING].contains(&work.stage))
    }

    /// Applies a service event; whether the list of models may have changed.
    pub(crate) fn apply(&mut self, event: ModelEvent) -> bool {
        match event {
            ModelEvent::Listed(inventory) => self.inventory = Some(inventory),
            ModelEvent::Progress { name, stage, done_bytes, total_bytes } => {
                let before = self.work.take().filter(|work| work.stage == stage);
                let mut pace = before.map(|work| work.pace).unwrap_or_default();
                pace.record(Instant::now(), done_bytes);
                self.work = Some(ModelWork { name, stage, done_bytes, total_bytes, pace });
            }
            ModelEvent::Measured { .. } | ModelEvent::Estimated { .. } => self.end(),
            ModelEvent::Token(place) => {
                self.token = place.map_or(TokenSight::Unknown, TokenSight::Found);
                self.shows_asked = true;
            }
            ModelEvent::Updates(updates) => {
                self.end();
                self.updates = Some(updates);
            }
            ModelEvent::Ended => {
                self.has_stopped = matches!(self.command, Some(ModelCommand::Fetch(_)));
                self.end();
                return true;
            }
            ModelEvent::Installed(name) => {
                self.end();
                self.form = FetchForm::default();
                self.token = TokenSight::Unknown;
                self.fresh = Some(name);
                return true;
            }
            ModelEvent::AsksToFetch(found) => {
                self.end();
                self.shows_asked = true;
                self.asked = Some(Asked::Found(found));
            }
            ModelEvent::AsksToAgree { path, notice } => {
                self.end();
                self.asked = Some(Asked::Add { path, notice });
            }
            ModelEvent::Failed { report, address } => {
                let error = ErrorNotice { message: report.message, hint: report.hint };
                self.error = Some(ModelError { error, details: report.details, address, again: self.command.take() });
                self.end();
                return true;
            }
        }
        false
    }

    fn end(&mut self) {
        self.work = None;
        self.command = None;
    }

    /// Whether a usable model is installed; `true` until known otherwise.
    pub(crate) fn has_any(&self) -> bool {
        self.inventory.as_ref().is_none_or(|inventory| inventory.installed.iter().any(|model| model.problem.is_none()))
    }

    /// Whether the model in use can see figures; `None` while that is unknown. `chosen` is the one of the settings.
    pub(crate) fn has_vision(&self, chosen: Option<&str>) -> Option<bool> {
        let mut installed = self.inventory.as_ref()?.installed.iter();
        let model = match chosen {
            Some(name) => installed.find(|model| model.name == name),
            None => installed.find(|model| model.is_default),
        };
        model.map(|model| model.has_eyes)
    }

    /// Whether the first screen is about models: none is installed, or one was just installed.
    pub(crate) fn is_getting_first(&self) -> bool {
        !self.has_any() || self.fresh.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_given_by_its_id_or_its_page() {
        for (text, id) in [
            ("google/t5gemma-2-270m-270m", Some("google/t5gemma-2-270m-270m")),
            (" https://hub.example/google/t5gemma-2-1b-1b/ ", Some("google/t5gemma-2-1b-1b")),
            ("t5gemma", None),
            ("google/", None),
            ("google/a/b", None),
            ("google/..", None),
            ("google/../secrets?", None),
            ("", None),
        ] {
            let form = FetchForm { repository: text.into(), ..FetchForm::default() };
            assert_eq!(form.wanted().as_ref().map(Wanted::name), id, "{text}");
        }
        let form = FetchForm { repository: "a/b".into(), revision: " v2 ".into(), ..FetchForm::default() };
        assert_eq!(form.wanted(), Some(Wanted::Repository { id: "a/b".into(), revision: Some("v2".into()) }));
    }

    #[test]
    fn a_found_token_is_not_sent_and_none_is_saved_unasked() {
        let form = FetchForm { token: "hf_typed".into(), ..FetchForm::default() };
        let fetch = |sight| form.fetch(Wanted::Offered("1b".into()), sight);
        assert_eq!(fetch(TokenSight::Found("the keyring")).token, None);
        assert_eq!(fetch(TokenSight::Unknown).token, Some("hf_typed".into()));
        assert!(!fetch(TokenSight::Unknown).keeps_token);
    }
}
