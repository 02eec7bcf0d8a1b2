//! What the screens say of models, as plain data: what there is, what is being done, and what the user is asked.

use std::path::PathBuf;
use std::time::Instant;

use crate::services::models::{Fetch, FoundModel, ModelCommand, ModelEvent, ModelInventory, Secret, Updates, Wanted};
use crate::window::state::fetch_pace::FetchPace;
use crate::window::state::report::Trouble;

/// Models, and what is being done about them.
#[derive(Debug, Default)]
pub(crate) struct Models {
    /// What there is; `None` until that was told.
    pub inventory: Option<ModelInventory>,
    /// What is under way.
    pub work: Option<ModelWork>,
    /// What went wrong last.
    pub trouble: Option<ModelTrouble>,
    /// What the user is asked.
    pub asked: Option<Asked>,
    /// That is brought into sight in the next frame.
    pub shows_asked: bool,
    /// What the user writes when a model is fetched.
    pub form: FetchForm,
    /// Whether there is a token that need not be typed.
    pub token: TokenSight,
    /// The model that was installed last, until its user has tried it or has enough of being told.
    pub fresh: Option<String>,
    /// A fetch was stopped or has failed: what came of it is kept.
    pub has_stopped: bool,
    /// What came of asking for a newer Recto.
    pub updates: Option<Updates>,
    /// The command that is under way.
    command: Option<ModelCommand>,
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelWork {
    /// The model.
    pub name: String,
    /// What is being done, in words.
    pub stage: &'static str,
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all; 0 until that is known.
    pub total_bytes: u64,
    /// How fast it comes.
    pub pace: FetchPace,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ModelTrouble {
    /// Message and hint.
    pub trouble: Trouble,
    /// What the hub and pip said, for those who want to know.
    pub details: Option<String>,
    /// A page of the web where something can be done about it.
    pub address: Option<String>,
    /// What was to be done, for trying again.
    pub again: Option<ModelCommand>,
}

/// What a measurement is called while it is under way.
pub(crate) const MEASURING: &str = "Measuring";

/// What an estimate is called while it is under way.
pub(crate) const ESTIMATING: &str = "Estimating";

/// What asking for a newer Recto is called while it is under way.
pub(crate) const LOOKING_FOR_UPDATES: &str = "Looking for updates";

/// What the user is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Whether the licence of this model that is offered is agreed to.
    Fetch(String),
    /// Which other model of the hub is meant.
    Repository,
    /// Whether the licence of this one is agreed to.
    Found(FoundModel),
    /// Whether the licence of the model in this folder or file is agreed to.
    Add {
        /// The folder or file.
        path: PathBuf,
        /// The notice.
        notice: String,
    },
    /// Whether this model is to be removed.
    Remove(String),
}

/// What the user writes when a model is fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FetchForm {
    /// The token.
    pub token: Secret,
    /// Whether it is to be kept in the system's keyring.
    pub keeps_token: bool,
    /// Id of any repository of the hub.
    pub repository: String,
    /// Branch, tag or commit of it.
    pub revision: String,
}

/// Whether there is a token that need not be typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TokenSight {
    /// Nobody looked, or the user wants to type another.
    #[default]
    Unknown,
    /// Somebody looks.
    Looking,
    /// It is there, in words.
    Found(&'static str),
}

impl FetchForm {
    /// How to fetch what was chosen; a token that was typed goes with it, and that alone.
    pub(crate) fn fetch(&self, what: Wanted, sight: TokenSight) -> Fetch {
        let typed = !self.token.reveal().trim().is_empty() && !matches!(sight, TokenSight::Found(_));
        Fetch { what, token: typed.then(|| self.token.clone()), keeps_token: typed && self.keeps_token }
    }

    /// The repository that was written: `owner/name`, as its page's address may hold it too.
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
    /// Something was begun.
    pub(crate) fn begin(&mut self, command: &ModelCommand) {
        let (name, stage) = match command {
            ModelCommand::Fetch(fetch) => (fetch.what.name().to_owned(), "Fetching"),
            ModelCommand::LookUp(fetch) => (fetch.what.name().to_owned(), "Looking up"),
            ModelCommand::Add { path, .. } => (path.display().to_string(), "Looking at"),
            ModelCommand::Remove(name) => (name.clone(), "Removing"),
            ModelCommand::Measure { name, .. } => (name.clone(), MEASURING),
            ModelCommand::Estimate(_) => (String::new(), ESTIMATING),
            ModelCommand::CheckForUpdates => (String::new(), LOOKING_FOR_UPDATES),
            ModelCommand::LookForToken => {
                self.token = TokenSight::Looking;
                return;
            }
            ModelCommand::List | ModelCommand::ShowFolder(_) | ModelCommand::Cancel => return,
        };
        self.asked = None;
        self.trouble = None;
        self.updates = None;
        self.has_stopped = false;
        self.command = Some(command.clone());
        self.work = Some(ModelWork { name, stage, done_bytes: 0, total_bytes: 0, pace: FetchPace::default() });
    }

    /// Whether a model is being measured: nothing else should compute meanwhile.
    pub(crate) fn is_measuring(&self) -> bool {
        self.work.as_ref().is_some_and(|work| [MEASURING, ESTIMATING].contains(&work.stage))
    }

    /// Takes in what the keeper tells; whether models may have come or gone.
    pub(crate) fn apply(&mut self, event: ModelEvent) -> bool {
        match event {
            ModelEvent::Listed(inventory) => self.inventory = Some(inventory),
            ModelEvent::Progress { name, stage, done_bytes, total_bytes } => {
                let before = self.work.take().filter(|work| work.stage == stage);
                let mut pace = before.map(|work| work.pace).unwrap_or_default();
                pace.tell(Instant::now(), done_bytes);
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
                let trouble = Trouble { message: report.message, hint: report.hint };
                self.trouble =
                    Some(ModelTrouble { trouble, details: report.details, address, again: self.command.take() });
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

    /// Whether a model is there to answer; `true` until the opposite is known.
    pub(crate) fn has_any(&self) -> bool {
        self.inventory.as_ref().is_none_or(|inventory| inventory.installed.iter().any(|model| model.problem.is_none()))
    }

    /// Whether the first screen has to do with models: there is none, or one has just come.
    pub(crate) fn is_getting_first(&self) -> bool {
        !self.has_any() || self.fresh.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_known_by_its_id_or_its_page() {
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
    fn a_token_that_was_found_is_not_sent_along_and_none_is_kept_by_itself() {
        let form = FetchForm { token: "hf_typed".into(), ..FetchForm::default() };
        let fetch = |sight| form.fetch(Wanted::Offered("1b".into()), sight);
        assert_eq!(fetch(TokenSight::Found("the keyring")).token, None);
        assert_eq!(fetch(TokenSight::Unknown).token, Some("hf_typed".into()));
        assert!(!fetch(TokenSight::Unknown).keeps_token);
    }
}
