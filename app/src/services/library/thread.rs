//! The library thread: all disk access of the library, so that a slow disk never blocks the window.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use engine::mailbox::{Mailbox, MailboxReceiver, mailbox};
use engine::protocol::ErrorReport;
use engine::store::library::{Library, Record};
use engine::store::{Directories, StoreError, output};

use crate::services::library::scan::LibraryScan;
use crate::services::library::{LibraryCommand, LibraryEvent, LibraryService, StoredItem};
use crate::wake::Wake;

/// Events that wait at most before the thread pauses until the window reads them.
const QUEUED_EVENTS: usize = 1024;

/// Joins a stored session, what a window read or wrote before, and what it writes now.
pub type MergeSessions = fn(stored: &[u8], before: Option<&[u8]>, ours: &[u8]) -> Option<Vec<u8>>;

/// What the library needs to know of what the window stores as bytes.
#[derive(Clone, Copy, Debug)]
pub struct StoredFormats {
    /// Splits a stored conversation into its questions with their answers, for searching.
    pub conversation_texts: fn(&[u8]) -> Vec<String>,
    /// Joins the stored session with this window's, given what this window read or wrote before; `None` where that cannot
    /// be written.
    pub merged_session: MergeSessions,
}

/// Handle of the library thread.
pub struct LibraryThread {
    library: Option<Library>,
    /// The session as it was loaded, for the thread.
    loaded: Arc<OnceLock<Vec<u8>>>,
    /// Events of loading.
    own_events: VecDeque<LibraryEvent>,
    commands: Option<Mailbox<LibraryCommand>>,
    events: Option<Receiver<LibraryEvent>>,
    thread: Option<JoinHandle<()>>,
}

impl LibraryThread {
    /// Starts the thread; `wake` is called after every event. Without directories nothing is stored.
    ///
    /// # Errors
    /// Fails if the thread cannot be started.
    pub fn spawn(directories: Option<Directories>, formats: StoredFormats, wake: Wake) -> std::io::Result<Self> {
        let library = directories.as_ref().map(Library::new);
        let (commands, incoming) = mailbox(supersedes);
        let (outgoing, events) = bounded(QUEUED_EVENTS);
        let loaded = Arc::new(OnceLock::new());
        let session = SessionFile { loaded: Arc::clone(&loaded), written: None, merge: formats.merged_session };
        let thread = std::thread::Builder::new().name("library".into()).spawn(move || {
            if let Some(directories) = directories {
                let library = Library::new(&directories);
                let scan = LibraryScan::new(directories, formats.conversation_texts);
                Worker { library, session, scan, outgoing, wake }.run(&incoming);
            }
        })?;
        let own_events = VecDeque::new();
        Ok(Self { library, loaded, own_events, commands: Some(commands), events: Some(events), thread: Some(thread) })
    }
}

impl LibraryService for LibraryThread {
    fn load(&mut self, record: Record) -> Option<Vec<u8>> {
        let library = self.library.as_ref()?;
        let bytes = match library.record(record) {
            Ok(bytes) => bytes?,
            Err(error) => {
                tracing::warn!(%error, ?record, "a record cannot be read");
                return None;
            }
        };
        if let Err(why) = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
            tracing::warn!(%why, ?record, "a record is damaged");
            // It would soon be overwritten.
            let report = match library.set_aside(record) {
                Ok(path) => damaged_report(record, &path),
                Err(error) => ErrorReport::of(&error),
            };
            self.own_events.push_back(LibraryEvent::Failed(report));
            return None;
        }
        if record == Record::Desk {
            // A window loads its session once.
            let _ = self.loaded.set(bytes.clone());
        }
        Some(bytes)
    }

    fn send(&mut self, command: LibraryCommand) {
        if let Some(commands) = &self.commands {
            commands.send(command);
        }
    }

    fn try_recv(&mut self) -> Option<LibraryEvent> {
        self.own_events.pop_front().or_else(|| self.events.as_ref()?.try_recv().ok())
    }
}

impl Drop for LibraryThread {
    fn drop(&mut self) {
        // The receiver goes first: a thread that waits for room in a full channel must see that nobody reads any more.
        self.events = None;
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // Pending writes finish before the program ends.
            let _ = thread.join();
        }
    }
}

/// Tells that a record was damaged as a whole.
fn damaged_report(record: Record, aside: &Path) -> ErrorReport {
    let what = match record {
        Record::Desk => "the list of reports is damaged, so it starts empty",
        Record::Settings => "the settings are damaged, so they are as usual",
    };
    ErrorReport::new(what, Some(kept_at(aside)))
}

fn kept_at(aside: &Path) -> String {
    format!("The file as it was is kept: {}", aside.display())
}

/// The session file, which several windows may save to.
struct SessionFile {
    /// As this window loaded it.
    loaded: Arc<OnceLock<Vec<u8>>>,
    /// As this window wanted it written last.
    written: Option<Vec<u8>>,
    merge: MergeSessions,
}

impl SessionFile {
    /// Saves the session of this window, together with what other windows have saved since.
    fn save(&mut self, library: &Library, ours: Vec<u8>) -> Result<(), StoreError> {
        let before = self.written.as_deref().or_else(|| self.loaded.get().map(Vec::as_slice));
        library.update_record(Record::Desk, |stored| {
            let changed = stored.filter(|stored| Some(*stored) != before);
            changed.and_then(|stored| (self.merge)(stored, before, &ours)).unwrap_or_else(|| ours.clone())
        })?;
        self.written = Some(ours);
        Ok(())
    }
}

/// State of the thread.
struct Worker {
    library: Library,
    session: SessionFile,
    scan: LibraryScan,
    outgoing: Sender<LibraryEvent>,
    wake: Wake,
}

impl Worker {
    /// Runs until the command channel closes; pending scans are dropped.
    fn run(&mut self, incoming: &MailboxReceiver<LibraryCommand>) {
        loop {
            let next = if self.scan.is_done() {
                incoming.recv().ok_or(TryRecvError::Disconnected)
            } else {
                incoming.try_recv()
            };
            match next {
                Ok(command) => self.dispatch(command),
                Err(TryRecvError::Empty) => {
                    for event in self.scan.step() {
                        self.emit(event);
                    }
                }
                Err(TryRecvError::Disconnected) => return,
            }
        }
    }

    fn dispatch(&mut self, command: LibraryCommand) {
        let done = match command {
            LibraryCommand::Save(Record::Desk, bytes) => self.session.save(&self.library, bytes),
            LibraryCommand::Save(record, bytes) => self.library.keep_record(record, &bytes),
            LibraryCommand::SetAside { item, bytes, message } => self.set_aside(&item, &bytes, message),
            LibraryCommand::SaveConversation { hash, bytes } => self.library.keep_conversation(&hash, &bytes),
            LibraryCommand::OpenConversation(hash) => {
                let read = self.library.conversation(&hash);
                let (bytes, done) = match read {
                    Ok(bytes) => (bytes, Ok(())),
                    Err(error) => (None, Err(error)),
                };
                self.emit(LibraryEvent::Conversation { hash, bytes });
                done
            }
            LibraryCommand::Search { query, reports } => {
                self.scan.search(query, reports);
                Ok(())
            }
            LibraryCommand::CheckFiles(reports) => self.scan.check_files(reports),
            LibraryCommand::Remove(hash) => {
                self.scan.forget(&hash);
                self.library.remove(&hash)
            }
            LibraryCommand::Export(export) => {
                let written = output::write_file(&export.path, export.text.as_bytes());
                if written.is_ok() {
                    self.emit(LibraryEvent::Exported(export.path));
                }
                written
            }
        };
        if let Err(error) = done {
            self.emit(LibraryEvent::Failed(ErrorReport::of(&error)));
        }
    }

    fn set_aside(&self, item: &StoredItem, bytes: &[u8], message: Option<String>) -> Result<(), StoreError> {
        let path = match item {
            StoredItem::Record(record) => Some(self.library.keep_damaged_record(*record, bytes)?),
            StoredItem::Conversation(hash) => self.library.keep_damaged_conversation(hash, bytes)?,
        };
        if let Some((path, message)) = path.zip(message) {
            self.emit(LibraryEvent::Failed(ErrorReport::new(&message, Some(kept_at(&path)))));
        }
        Ok(())
    }

    fn emit(&self, event: LibraryEvent) {
        // The window may be closed already.
        let _ = self.outgoing.send(event);
        (self.wake)();
    }
}

/// Whether a later command replaces what an earlier one would keep or search for.
fn supersedes(earlier: &LibraryCommand, later: &LibraryCommand) -> bool {
    match (earlier, later) {
        (LibraryCommand::Save(one, _), LibraryCommand::Save(other, _)) => one == other,
        (LibraryCommand::SaveConversation { hash: one, .. }, LibraryCommand::SaveConversation { hash: other, .. }) => {
            one == other
        }
        (LibraryCommand::Search { .. }, LibraryCommand::Search { .. }) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_of_the_same_kind_is_written() {
        let keep = |text: &str| LibraryCommand::Save(Record::Desk, text.into());
        let talk = |hash: &str, text: &str| LibraryCommand::SaveConversation { hash: hash.into(), bytes: text.into() };
        let search = |query: &str| LibraryCommand::Search { query: query.into(), reports: Vec::new() };
        let remove = LibraryCommand::Remove("a".into());
        let commands =
            vec![keep("1"), talk("a", "1"), search("r"), talk("b", "1"), keep("2"), remove.clone(), search("re")];
        let (sender, receiver) = mailbox(supersedes);
        for command in commands {
            sender.send(command);
        }
        let kept: Vec<_> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
        assert_eq!(kept, [talk("a", "1"), talk("b", "1"), keep("2"), remove, search("re")]);
    }
}
