//! Keeps the window's library, on a thread of its own: a disk that is slow costs the window nothing.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::SystemTime;

use crossbeam_channel::{Receiver, Sender, unbounded};
use engine::diagnostic::Hint as _;
use engine::document::file_hash;
use engine::protocol::ErrorReport;
use engine::store::encodings::EncodingStore;
use engine::store::library::{Library, Record, find_words};
use engine::store::{Directories, StoreError};

use crate::window::{
    FileStanding, HitPlace, Librarian, LibraryCommand, LibraryEvent, LibraryHit, ReportStanding, Wake,
    conversation_texts,
};

/// The thread, and where it writes.
pub(crate) struct RunningLibrarian {
    library: Option<Library>,
    commands: Option<Sender<LibraryCommand>>,
    events: Receiver<LibraryEvent>,
    thread: Option<JoinHandle<()>>,
}

impl RunningLibrarian {
    /// Starts the thread; `wake` is called after every event. Where the user has no directory, nothing is remembered.
    ///
    /// # Errors
    /// Fails where the system starts no thread.
    pub(crate) fn spawn(wake: Wake) -> std::io::Result<Self> {
        let directories = Directories::of_user().ok();
        let library = directories.as_ref().map(Library::new);
        // Whoever sends draws a window: sending never waits.
        let (commands, incoming) = unbounded();
        let (outgoing, events) = unbounded();
        let thread = std::thread::Builder::new().name("librarian".into()).spawn(move || {
            if let Some(directories) = directories {
                Desk { library: Library::new(&directories), directories, known: HashMap::new(), outgoing, wake }
                    .run(&incoming);
            }
        })?;
        Ok(Self { library, commands: Some(commands), events, thread: Some(thread) })
    }
}

impl Librarian for RunningLibrarian {
    fn load(&mut self, record: Record) -> Option<Vec<u8>> {
        let library = self.library.as_ref()?;
        let bytes = match library.record(record) {
            Ok(bytes) => bytes?,
            Err(error) => {
                tracing::warn!(%error, ?record, "what was remembered is not read");
                return None;
            }
        };
        if let Err(why) = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
            tracing::warn!(%why, ?record, "what was remembered is not understood");
            // It would be written over in a moment.
            if let Err(error) = library.set_aside(record) {
                tracing::warn!(%error, "it was not put aside either");
            }
            return None;
        }
        Some(bytes)
    }

    fn send(&mut self, command: LibraryCommand) {
        if let Some(commands) = &self.commands {
            // The thread ends only with this value, or where there is nothing to be kept.
            let _ = commands.send(command);
        }
    }

    fn try_recv(&mut self) -> Option<LibraryEvent> {
        self.events.try_recv().ok()
    }
}

impl Drop for RunningLibrarian {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // What came last is written before the program ends.
            let _ = thread.join();
        }
    }
}

/// A file as it was when its hash was taken.
type Seen = (u64, Option<SystemTime>);

/// Where the thread works.
struct Desk {
    library: Library,
    directories: Directories,
    /// Hashes of files that were looked at.
    known: HashMap<PathBuf, (Seen, String)>,
    outgoing: Sender<LibraryEvent>,
    wake: Wake,
}

impl Desk {
    fn run(&mut self, incoming: &Receiver<LibraryCommand>) {
        while let Ok(first) = incoming.recv() {
            let mut waiting = vec![first];
            waiting.extend(incoming.try_iter());
            for command in still_meant(waiting) {
                self.carry_out(command, incoming);
            }
        }
    }

    fn carry_out(&mut self, command: LibraryCommand, incoming: &Receiver<LibraryCommand>) {
        let done = match command {
            LibraryCommand::Keep(record, bytes) => self.library.keep_record(record, &bytes),
            LibraryCommand::KeepConversation { hash, bytes } => self.library.keep_conversation(&hash, &bytes),
            LibraryCommand::OpenConversation(hash) => {
                let read = self.library.conversation(&hash);
                let (bytes, done) = match read {
                    Ok(bytes) => (bytes, Ok(())),
                    Err(error) => (None, Err(error)),
                };
                self.tell(LibraryEvent::Conversation { hash, bytes });
                done
            }
            LibraryCommand::Search { query, reports } => {
                self.search(&query, &reports, incoming);
                Ok(())
            }
            LibraryCommand::Look(reports) => self.look(&reports),
            LibraryCommand::Remove(hash) => self.library.remove(&hash),
        };
        if let Err(error) = done {
            let report = ErrorReport { message: error.to_string(), hint: error.hint() };
            self.tell(LibraryEvent::Failed(report));
        }
    }

    fn tell(&self, event: LibraryEvent) {
        // Nobody listens any more when the window was closed.
        let _ = self.outgoing.send(event);
        (self.wake)();
    }

    /// Looks through one report after the other, until all are done or something else is to be done.
    fn search(&self, query: &str, reports: &[String], incoming: &Receiver<LibraryCommand>) {
        for hash in reports {
            if !incoming.is_empty() {
                return;
            }
            let hits = self.search_report(query, hash);
            if !hits.is_empty() {
                self.tell(LibraryEvent::Found { query: query.to_owned(), hits, is_last: false });
            }
        }
        self.tell(LibraryEvent::Found { query: query.to_owned(), hits: Vec::new(), is_last: true });
    }

    fn search_report(&self, query: &str, hash: &str) -> Vec<LibraryHit> {
        let hit = |place, passage| LibraryHit { hash: hash.to_owned(), place, passage };
        let conversation = self.library.conversation(hash).ok().flatten();
        let turns = conversation.as_deref().map(conversation_texts).unwrap_or_default();
        let in_turns = turns.iter().enumerate();
        let mut hits: Vec<LibraryHit> =
            in_turns.filter_map(|(at, text)| Some(hit(HitPlace::Turn(at), find_words(text, query)?))).collect();
        let pages = self.library.text(hash).unwrap_or_default().pages;
        let in_pages = pages.iter();
        hits.extend(in_pages.filter_map(|page| Some(hit(HitPlace::Page(page.number), find_words(&page.text, query)?))));
        hits
    }

    fn look(&mut self, reports: &[(String, PathBuf)]) -> Result<(), StoreError> {
        let mut bytes: BTreeMap<String, u64> = BTreeMap::new();
        let kept = EncodingStore::new(&self.directories, None).list();
        for file in kept.as_ref().map(|kept| kept.files.as_slice()).unwrap_or_default() {
            *bytes.entry(file.about.document_hash.clone()).or_default() += file.bytes;
        }
        let stands = reports.iter().map(|(hash, path)| ReportStanding {
            hash: hash.clone(),
            file: self.file_stands(path, hash),
            kept_bytes: bytes.get(hash).copied().unwrap_or(0),
        });
        let stands = stands.collect();
        self.tell(LibraryEvent::Stands(stands));
        kept.map(|_| ())
    }

    fn file_stands(&mut self, path: &Path, hash: &str) -> FileStanding {
        let Ok(about) = path.metadata() else { return FileStanding::Gone };
        let seen = (about.len(), about.modified().ok());
        let known = self.known.get(path).filter(|(before, _)| *before == seen).map(|(_, hash)| hash.clone());
        let found = known.or_else(|| file_hash(path).ok());
        let Some(found) = found else { return FileStanding::Gone };
        let stands = if found == hash { FileStanding::Here } else { FileStanding::Changed };
        self.known.insert(path.to_owned(), (seen, found));
        stands
    }
}

/// Commands in order, without those that a later one makes pointless.
fn still_meant(commands: Vec<LibraryCommand>) -> Vec<LibraryCommand> {
    let is_replaced = |at: usize, command: &LibraryCommand| {
        let mut later = commands.iter().skip(at + 1);
        match command {
            LibraryCommand::Keep(record, _) => {
                later.any(|other| matches!(other, LibraryCommand::Keep(other, _) if other == record))
            }
            LibraryCommand::KeepConversation { hash, .. } => later
                .any(|other| matches!(other, LibraryCommand::KeepConversation { hash: other, .. } if other == hash)),
            LibraryCommand::Search { .. } => later.any(|other| matches!(other, LibraryCommand::Search { .. })),
            _ => false,
        }
    };
    let replaced: Vec<bool> = commands.iter().enumerate().map(|(at, command)| is_replaced(at, command)).collect();
    commands.into_iter().zip(replaced).filter(|(_, replaced)| !replaced).map(|(command, _)| command).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_of_the_same_kind_is_written() {
        let keep = |text: &str| LibraryCommand::Keep(Record::Desk, text.into());
        let talk = |hash: &str, text: &str| LibraryCommand::KeepConversation { hash: hash.into(), bytes: text.into() };
        let search = |query: &str| LibraryCommand::Search { query: query.into(), reports: Vec::new() };
        let remove = LibraryCommand::Remove("a".into());
        let commands =
            vec![keep("1"), talk("a", "1"), search("r"), talk("b", "1"), keep("2"), remove.clone(), search("re")];
        assert_eq!(still_meant(commands), [talk("a", "1"), talk("b", "1"), keep("2"), remove, search("re")]);
    }
}
