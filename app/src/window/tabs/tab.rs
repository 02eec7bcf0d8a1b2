//! An open report: its state, its conversation and its view.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use engine::protocol::{Command, Event, RequestId};
use engine::viewer::{DocumentId, ViewCommand};

use crate::services::secret::Secret;
use crate::services::{EngineClient, ViewerClient};
use crate::window::pages::{FrameCache, Marks, PageView};
use crate::window::remote::Remote;
use crate::window::saved::session::{Conversation, KeptReport, SavedSession};
use crate::window::state::answer_texts::AnswerTexts;
use crate::window::state::engine_events;
use crate::window::state::found_turns::FoundTurns;
use crate::window::state::page_states::reading_map;
use crate::window::state::report::{BackgroundReading, State};

/// Each tab numbers its requests from its own number times this.
const REQUESTS_PER_TAB: u64 = 1 << 32;

/// Whether the saved conversation was restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Restore {
    /// Not requested: the hash of the report is unknown.
    #[default]
    Unknown,
    /// Requested from the library.
    Asked,
    /// Restored.
    Done,
}

/// An open report.
#[derive(Debug, Default)]
pub(crate) struct Tab {
    /// The file.
    pub path: PathBuf,
    /// Its name before it is opened.
    pub name: String,
    /// Its state and conversation.
    pub state: State,
    /// The view of its pages.
    pub view: PageView,
    /// The frame cache of its pages.
    pub frame: FrameCache,
    /// Text of the page number field, while it is edited.
    pub page_number: Option<String>,
    /// Text of the password field, while the file needs a password.
    pub password: Secret,
    /// Whether the saved conversation was restored.
    pub restored: Restore,
    /// The conversation as last saved.
    saved: Conversation,
    /// Its answers, parsed for drawing.
    pub answers: AnswerTexts,
    /// Turns that contain the searched words.
    pub found_turns: FoundTurns,
    /// The reading map is out of date.
    map_is_stale: bool,
    /// The reading options changed since the reading started.
    pub reading_is_stale: bool,
    /// Whether figures are listed instead of pages.
    pub shows_figures: bool,
    /// What to show once it is open.
    pub then: Option<Then>,
    /// Saved hash of a file that was not opened yet, or can no longer be opened.
    known_as: Option<String>,
    number: u64,
}

/// What to show once a report is open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Then {
    /// A page, counted from 1, with words to find.
    Page(u32, String),
    /// Parts of a page.
    Marks(Marks),
    /// A turn, counted from 0.
    Turn(usize),
}

impl Tab {
    /// A report that is opened when first shown.
    pub(crate) fn resting(number: u64, path: PathBuf, name: String) -> Self {
        let state = State { requests: number * REQUESTS_PER_TAB, ..State::default() };
        Self { path, name, state, number, ..Self::default() }
    }

    /// Whether it was opened, successfully or not.
    pub(crate) fn is_awake(&self) -> bool {
        self.view.file.document.is_some()
    }

    /// Opens the file in viewer and engine, so that the first page does not wait for the engine.
    pub(crate) fn wake(&mut self, engine: &mut dyn EngineClient, viewer: &mut dyn ViewerClient) {
        engine_events::open_file(&mut self.state, engine, self.path.clone());
        let document = DocumentId(self.state.requests);
        self.view.open(document, &mut self.frame);
        self.restored = Restore::Unknown;
        self.known_as = None;
        viewer.send(ViewCommand::Open { document, path: self.path.clone(), password: None });
    }

    /// Opens the file again, for example with a password.
    pub(crate) fn reopen(&mut self, engine: &mut dyn EngineClient, viewer: &mut dyn ViewerClient) {
        self.close(engine, viewer);
        // The conversation is restored once more when the file is open.
        self.state.turns.clear();
        self.saved = Conversation::default();
        self.answers.forget();
        self.wake(engine, viewer);
    }

    /// Once the viewer has refused the file, the engine need not try it too, and its error is not shown a second time.
    pub(crate) fn settle_refusal(&mut self, engine: &mut dyn EngineClient) {
        if self.view.file.refused.is_some() {
            engine_events::refuse(&mut self.state, engine);
        }
    }

    /// What the session saved about it, before it is opened.
    pub(crate) fn set_known_as(&mut self, hash: String) {
        self.known_as = Some(hash);
    }

    /// Cancels all work on it and closes the file.
    pub(crate) fn close(&mut self, engine: &mut dyn EngineClient, viewer: &mut dyn ViewerClient) {
        engine_events::cancel(&mut self.state, engine);
        self.interrupt_reading(engine);
        if let Some(document) = self.view.file.document.take() {
            viewer.send(ViewCommand::Close(document));
        }
    }

    /// Applies an engine event.
    pub(crate) fn apply(&mut self, event: Event) {
        engine_events::apply(&mut self.state, event);
        self.map_is_stale = true;
    }

    /// Rebuilds the reading map, once per batch of events.
    pub(crate) fn update_map(&mut self) {
        if std::mem::take(&mut self.map_is_stale) {
            self.state.reading_map = reading_map(&self.state);
        }
    }

    /// Whether a request belongs to this report.
    pub(crate) fn owns(&self, request: RequestId) -> bool {
        request.0 / REQUESTS_PER_TAB == self.number
    }

    /// Its running requests.
    pub(crate) fn requests(&self) -> Vec<RequestId> {
        let asked = self.state.work.as_ref().map(|work| work.request);
        let background = self
            .state
            .background
            .as_ref()
            .filter(|background| background.is_running)
            .map(|background| background.request);
        asked.into_iter().chain(background).collect()
    }

    /// The hash of its content, once known; the saved one if the file was not opened yet or can no longer be opened.
    pub(crate) fn hash(&self) -> Option<&str> {
        match &self.view.file.info {
            Remote::Ready(info) => Some(&info.hash),
            _ => self.known_as.as_deref(),
        }
    }

    /// Restores the view; returns the hash if a saved conversation should be loaded.
    pub(crate) fn restore(&mut self, session: &mut SavedSession) -> Option<String> {
        if self.restored != Restore::Unknown {
            return None;
        }
        let info = match &self.view.file.info {
            Remote::Ready(info) => Arc::clone(info),
            Remote::Failed => return self.restore_without_file(session),
            Remote::Absent | Remote::Pending => return None,
        };
        self.restored = Restore::Asked;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let report = KeptReport::opened(&info, &self.path, session.report(&info.hash), now);
        self.view.restore(report.view());
        let is_new = session.report(&info.hash).is_none();
        if is_new && session.reports().any(|other| other.path == self.path) {
            let note = "This file has changed since you last opened it; earlier questions stay with the old version";
            self.state.note = Some(note.to_owned());
        }
        self.restore_draft(&report);
        session.put_first(report);
        Some(info.hash.clone())
    }

    /// Restores the conversation of a file that can no longer be opened.
    fn restore_without_file(&mut self, session: &SavedSession) -> Option<String> {
        let Some(report) = session.reports().find(|report| report.path == self.path) else {
            self.restored = Restore::Done;
            return None;
        };
        self.restored = Restore::Asked;
        self.restore_draft(report);
        self.known_as = Some(report.hash.clone());
        self.known_as.clone()
    }

    fn restore_draft(&mut self, report: &KeptReport) {
        if self.state.question.is_empty() {
            self.state.question.clone_from(&report.question);
            self.state.editing.clone_from(&report.editing);
        }
        self.reading_is_stale |= self.state.left_out != report.left_out;
        self.state.left_out.clone_from(&report.left_out);
    }

    /// Inserts the saved conversation before the turns asked since.
    pub(crate) fn restore_conversation(&mut self, conversation: Conversation) {
        if std::mem::replace(&mut self.restored, Restore::Done) == Restore::Done {
            return;
        }
        let asked = std::mem::take(&mut self.state.turns);
        self.state.turns = conversation.turns();
        self.state.turns.extend(asked);
        self.answers.forget();
        self.saved = conversation;
    }

    /// The conversation, if it changed since it was last saved.
    pub(crate) fn news(&mut self) -> Option<(String, Conversation)> {
        if self.restored != Restore::Done {
            return None;
        }
        let conversation = Conversation::new(&self.state.turns);
        if conversation == self.saved {
            return None;
        }
        self.saved.clone_from(&conversation);
        Some((self.hash()?.to_owned(), conversation))
    }

    /// Whether it is being read in the background.
    pub(crate) fn is_being_read(&self) -> bool {
        self.state.background.as_ref().is_some_and(|background| background.is_running)
    }

    /// Whether it is open and not yet read.
    pub(crate) fn wants_reading(&self) -> bool {
        self.state.background.is_none() && matches!(self.state.document, Remote::Ready(_))
    }

    /// Restarts a reading whose options changed; unchanged parts come from the cache. A paused reading stays paused.
    pub(crate) fn restart_if_stale(&mut self, engine: &mut dyn EngineClient) {
        if std::mem::take(&mut self.reading_is_stale) {
            self.interrupt_reading(engine);
            self.state.background.take_if(|background| !background.is_paused);
        }
    }

    /// Interrupts the background reading for urgent work; it resumes automatically.
    pub(crate) fn interrupt_reading(&mut self, engine: &mut dyn EngineClient) {
        if let Some(BackgroundReading { request, .. }) =
            self.state.background.take_if(|background| background.is_running)
        {
            engine.send(Command::Cancel { request });
        }
    }
}
