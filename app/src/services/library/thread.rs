//! The library thread: all disk access of the library, so that a slow disk never blocks the window.

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use engine::mailbox::{Mailbox, MailboxReceiver, mailbox};
use engine::protocol::ErrorReport;
use engine::store::library::{Library, Record};
use engine::store::{Directories, output};

use crate::services::library::scan::LibraryScan;
use crate::services::library::{LibraryCommand, LibraryEvent, LibraryService};
use crate::wake::Wake;

/// Events that wait at most before the thread pauses until the window reads them.
const QUEUED_EVENTS: usize = 1024;

/// Handle of the library thread.
pub struct LibraryThread {
    library: Option<Library>,
    commands: Option<Mailbox<LibraryCommand>>,
    events: Option<Receiver<LibraryEvent>>,
    thread: Option<JoinHandle<()>>,
}

impl LibraryThread {
    /// Starts the thread; `wake` is called after every event. Without directories nothing is stored. `conversation_texts`
    /// splits a stored conversation into its questions with their answers, for searching.
    ///
    /// # Errors
    /// Fails if the thread cannot be started.
    pub fn spawn(
        directories: Option<Directories>,
        conversation_texts: fn(&[u8]) -> Vec<String>,
        wake: Wake,
    ) -> std::io::Result<Self> {
        let library = directories.as_ref().map(Library::new);
        let (commands, incoming) = mailbox(supersedes);
        let (outgoing, events) = bounded(QUEUED_EVENTS);
        let thread = std::thread::Builder::new().name("library".into()).spawn(move || {
            if let Some(directories) = directories {
                let library = Library::new(&directories);
                Worker { library, scan: LibraryScan::new(directories, conversation_texts), outgoing, wake }
                    .run(&incoming);
            }
        })?;
        Ok(Self { library, commands: Some(commands), events: Some(events), thread: Some(thread) })
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
            if let Err(error) = library.set_aside(record) {
                tracing::warn!(%error, "the damaged record cannot be moved aside");
            }
            return None;
        }
        Some(bytes)
    }

    fn send(&mut self, command: LibraryCommand) {
        if let Some(commands) = &self.commands {
            commands.send(command);
        }
    }

    fn try_recv(&mut self) -> Option<LibraryEvent> {
        self.events.as_ref()?.try_recv().ok()
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

/// State of the thread.
struct Worker {
    library: Library,
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
            LibraryCommand::Save(record, bytes) => self.library.keep_record(record, &bytes),
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
