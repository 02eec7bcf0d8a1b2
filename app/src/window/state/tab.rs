//! A report that is open: what is known of it, its conversation, and how it is looked at.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use engine::protocol::{Command, Event, RequestId};
use engine::viewer::{DocumentId, ViewCommand};

use crate::services::{EngineClient, ViewerClient};
use crate::window::pages::{FrameCache, Marks, PageView};
use crate::window::saved::session::{Conversation, KeptReport, SavedSession};
use crate::window::state::answer_texts::AnswerTexts;
use crate::window::state::engine_events;
use crate::window::state::found_turns::FoundTurns;
use crate::window::state::reading_map::ReadingMap;
use crate::window::state::report::{BackgroundReading, Remote, State};

/// Requests of a tab are numbered from its own number times this.
const NUMBERS: u64 = 1 << 32;

/// What came back of an earlier conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Recall {
    /// Nobody asked yet: the report is not known by its content.
    #[default]
    Unknown,
    /// The library was asked.
    Asked,
    /// Everything is as it was.
    Done,
}

/// An open report.
#[derive(Debug, Default)]
pub(crate) struct Tab {
    /// The file.
    pub path: PathBuf,
    /// What it is called before anything is known of it.
    pub name: String,
    /// What is known of it, and its conversation.
    pub state: State,
    /// The view of its pages.
    pub view: PageView,
    /// What drawing its pages keeps from frame to frame.
    pub frame: FrameCache,
    /// Text of the page number field, while it is edited.
    pub page_number: Option<String>,
    /// What came back of an earlier conversation.
    pub recall: Recall,
    /// The conversation as it was kept last.
    pub kept: Conversation,
    /// Its answers, parsed for drawing.
    pub answers: AnswerTexts,
    /// Turns that contain the searched words.
    pub found_turns: FoundTurns,
    /// Something was told since the reading map was drawn up.
    map_is_stale: bool,
    /// What is to be read has changed since the reading was begun.
    pub reading_is_stale: bool,
    /// Whether figures are listed, not pages.
    pub shows_figures: bool,
    /// Words to look for, or a page to go to, once it is open.
    pub then: Option<Then>,
    /// The hash of what the file was, where it cannot be opened any more.
    known_as: Option<String>,
    number: u64,
}

/// What to show once a report is open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Then {
    /// A page, counted from 1, on which words stand.
    Page(u32, String),
    /// Parts of a page.
    Marks(Marks),
    /// A question, counted from 0.
    Turn(usize),
}

impl Tab {
    /// A report that is not opened before somebody looks at it.
    pub(crate) fn resting(number: u64, path: PathBuf, name: String) -> Self {
        let state = State { requests: number * NUMBERS, ..State::default() };
        Self { path, name, state, number, ..Self::default() }
    }

    /// Whether it was opened, or an attempt made.
    pub(crate) fn is_awake(&self) -> bool {
        self.view.file.document.is_some()
    }

    /// Shows the file and reads it, each in a thread of its own: the first page need not wait for the reading.
    pub(crate) fn wake(&mut self, engine: &mut dyn EngineClient, viewer: &mut dyn ViewerClient) {
        engine_events::open_file(&mut self.state, engine, self.path.clone());
        let document = DocumentId(self.state.requests);
        self.view.open(document, &mut self.frame);
        self.recall = Recall::Unknown;
        self.known_as = None;
        viewer.send(ViewCommand::Open { document, path: self.path.clone(), password: None });
    }

    /// Gives up all work on it and lets go of the file.
    pub(crate) fn close(&mut self, engine: &mut dyn EngineClient, viewer: &mut dyn ViewerClient) {
        engine_events::cancel(&mut self.state, engine);
        self.interrupt_reading(engine);
        if let Some(document) = self.view.file.document.take() {
            viewer.send(ViewCommand::Close(document));
        }
    }

    /// Takes in what the engine tells.
    pub(crate) fn apply(&mut self, event: Event) {
        engine_events::apply(&mut self.state, event);
        self.map_is_stale = true;
    }

    /// Draws the reading map up anew, once for all that was told.
    pub(crate) fn draw_up_map(&mut self) {
        if std::mem::take(&mut self.map_is_stale) {
            self.state.reading_map = ReadingMap::of(&self.state);
        }
    }

    /// Whether a request is about this report.
    pub(crate) fn owns(&self, request: RequestId) -> bool {
        request.0 / NUMBERS == self.number
    }

    /// Work on it that has not ended.
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

    /// The hash of its content, once that is known; of what it was, where the file cannot be opened any more.
    pub(crate) fn hash(&self) -> Option<&str> {
        match &self.view.file.info {
            Remote::Ready(info) => Some(&info.hash),
            _ => self.known_as.as_deref(),
        }
    }

    /// Makes place and size what they were, and asks for the conversation; the hash, where there is something to ask for.
    pub(crate) fn recall(&mut self, session: &mut SavedSession) -> Option<String> {
        if self.recall != Recall::Unknown {
            return None;
        }
        let info = match &self.view.file.info {
            Remote::Ready(info) => Arc::clone(info),
            Remote::Failed => return self.recall_without_file(session),
            Remote::Absent | Remote::Pending => return None,
        };
        self.recall = Recall::Asked;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let report = KeptReport::opened(&info, &self.path, session.report(&info.hash), now);
        self.view.restore(report.view());
        let is_new = session.report(&info.hash).is_none();
        if is_new && session.reports().any(|other| other.path == self.path) {
            let note = "This file has changed since it was open last; what was asked before stays with the old version";
            self.state.note = Some(note.to_owned());
        }
        self.take_back_question(&report);
        session.put_first(report);
        Some(info.hash.clone())
    }

    /// A file that cannot be opened any more leaves what was asked about it.
    fn recall_without_file(&mut self, session: &SavedSession) -> Option<String> {
        let Some(report) = session.reports().find(|report| report.path == self.path) else {
            self.recall = Recall::Done;
            return None;
        };
        self.recall = Recall::Asked;
        self.take_back_question(report);
        self.known_as = Some(report.hash.clone());
        self.known_as.clone()
    }

    fn take_back_question(&mut self, report: &KeptReport) {
        if self.state.question.is_empty() {
            self.state.question.clone_from(&report.question);
            self.state.editing.clone_from(&report.editing);
        }
        self.reading_is_stale |= self.state.left_out != report.left_out;
        self.state.left_out.clone_from(&report.left_out);
    }

    /// Puts an earlier conversation before what was asked since.
    pub(crate) fn take_back(&mut self, conversation: Conversation) {
        if std::mem::replace(&mut self.recall, Recall::Done) == Recall::Done {
            return;
        }
        let asked = std::mem::take(&mut self.state.turns);
        self.state.turns = conversation.turns();
        self.state.turns.extend(asked);
        self.answers.forget();
        self.kept = conversation;
    }

    /// The conversation, where it is another one than was kept last.
    pub(crate) fn news(&mut self) -> Option<(String, Vec<u8>)> {
        if self.recall != Recall::Done {
            return None;
        }
        let conversation = Conversation::new(&self.state.turns);
        if conversation == self.kept {
            return None;
        }
        let bytes = conversation.to_bytes();
        self.kept = conversation;
        Some((self.hash()?.to_owned(), bytes))
    }

    /// Whether a reading of it goes on background.
    pub(crate) fn is_being_read(&self) -> bool {
        self.state.background.as_ref().is_some_and(|background| background.is_running)
    }

    /// Whether it is known and was not read.
    pub(crate) fn wants_reading(&self) -> bool {
        self.state.background.is_none() && matches!(self.state.document, Remote::Ready(_))
    }

    /// Reads anew where what is to be read has changed; what stays the same is found kept. One that was paused stays so.
    pub(crate) fn begin_anew_where_stale(&mut self, engine: &mut dyn EngineClient) {
        if std::mem::take(&mut self.reading_is_stale) {
            self.interrupt_reading(engine);
            self.state.background.take_if(|background| !background.is_paused);
        }
    }

    /// Halts the reading behind, for something more urgent; it is taken up again by itself.
    pub(crate) fn interrupt_reading(&mut self, engine: &mut dyn EngineClient) {
        if let Some(BackgroundReading { request, .. }) =
            self.state.background.take_if(|background| background.is_running)
        {
            engine.send(Command::Cancel { request });
        }
    }
}
