//! Loads and saves what the window remembers. What cannot be understood is set aside before anything is saved in its place,
//! and what cannot be written replaces nothing.

use engine::store::library::Record;

use crate::services::library::{LibraryCommand, LibraryService, StoredItem};
use crate::window::app::Window;
use crate::window::saved::lenient::Losses;
use crate::window::saved::session::{Conversation, SavedSession};
use crate::window::saved::settings::Settings;
use crate::window::state::report::ErrorNotice;

/// The saved session and the settings.
pub(super) fn load(library: &mut dyn LibraryService) -> (SavedSession, Settings) {
    let (mut session, mut settings) = (SavedSession::default(), Settings::default());
    if let Some(bytes) = library.load(Record::Desk) {
        let (read, losses) = SavedSession::read(&bytes);
        session = read;
        set_aside(library, StoredItem::Record(Record::Desk), bytes, losses, "reports");
    }
    if let Some(bytes) = library.load(Record::Settings) {
        let (read, losses) = Settings::read(&bytes);
        settings = read;
        set_aside(library, StoredItem::Record(Record::Settings), bytes, losses, "settings");
    }
    (session, settings)
}

/// The conversation on a report, from its stored form.
pub(super) fn conversation(library: &mut dyn LibraryService, hash: &str, bytes: Option<Vec<u8>>) -> Conversation {
    let Some(bytes) = bytes else { return Conversation::default() };
    let (conversation, losses) = Conversation::read(&bytes);
    set_aside(library, StoredItem::Conversation(hash.to_owned()), bytes, losses, "questions");
    conversation
}

/// Keeps a copy of what could not be understood completely. The user is told where whole entries are missing.
fn set_aside(library: &mut dyn LibraryService, item: StoredItem, bytes: Vec<u8>, losses: Losses, what: &str) {
    if !losses.any() {
        return;
    }
    let Losses { fields, entries } = losses;
    tracing::warn!(fields, entries, what, "not all that was saved can be read");
    let message = (entries > 0).then(|| format!("some saved {what} could not be read and were left out"));
    library.send(LibraryCommand::SetAside { item, bytes, message });
}

impl Window {
    /// Saves the session.
    pub(super) fn save_session(&mut self) {
        match self.session.to_bytes() {
            Ok(bytes) => self.services.library.send(LibraryCommand::Save(Record::Desk, bytes)),
            Err(error) => self.tell_unsaved("list of reports", &error),
        }
    }

    /// Saves the settings.
    pub(super) fn save_settings(&mut self) {
        match self.settings.to_bytes() {
            Ok(bytes) => self.services.library.send(LibraryCommand::Save(Record::Settings, bytes)),
            Err(error) => self.tell_unsaved("settings", &error),
        }
    }

    /// Saves the conversation on a report.
    pub(super) fn save_conversation(&mut self, hash: String, conversation: &Conversation) {
        match conversation.to_bytes() {
            Ok(bytes) => self.services.library.send(LibraryCommand::SaveConversation { hash, bytes }),
            Err(error) => self.tell_unsaved("conversation", &error),
        }
    }

    fn tell_unsaved(&mut self, what: &str, error: &serde_json::Error) {
        tracing::warn!(%error, what, "not saved");
        self.tell(ErrorNotice {
            message: format!("the {what} could not be saved: {error}"),
            hint: Some("What was saved before is unchanged".into()),
        });
    }
}
