//! Passwords of encrypted PDFs: typed in the window, given to engine and viewer with every file that has one, and forgotten
//! when the program ends.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use engine::protocol::{Command, Event, Source};
use engine::viewer::{ViewCommand, ViewEvent};

use crate::services::secret::Secret;
use crate::services::{EngineClient, ViewerClient};

/// The passwords typed since the program started, by file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passwords(Rc<RefCell<BTreeMap<PathBuf, Secret>>>);

impl Passwords {
    /// Remembers the password of a file.
    pub(crate) fn insert(&self, path: PathBuf, password: Secret) {
        self.0.borrow_mut().insert(path, password);
    }

    /// Adds passwords to what is sent to the engine.
    pub(crate) fn with_engine(&self, engine: Box<dyn EngineClient>) -> Box<dyn EngineClient> {
        Box::new(Unlocking { client: engine, passwords: self.clone() })
    }

    /// Adds passwords to what is sent to the viewer.
    pub(crate) fn with_viewer(&self, viewer: Box<dyn ViewerClient>) -> Box<dyn ViewerClient> {
        Box::new(Unlocking { client: viewer, passwords: self.clone() })
    }

    fn of(&self, path: &Path) -> Option<String> {
        self.0.borrow().get(path).map(|password| password.reveal().to_owned())
    }

    fn unlock(&self, sources: &mut [Source]) {
        for source in sources.iter_mut().filter(|source| source.password.is_none()) {
            source.password = self.of(&source.path);
        }
    }
}

/// A client whose commands name the password of each file.
struct Unlocking<C> {
    client: C,
    passwords: Passwords,
}

impl EngineClient for Unlocking<Box<dyn EngineClient>> {
    fn send(&mut self, mut command: Command) {
        match &mut command {
            Command::Read { job, .. } => self.passwords.unlock(&mut job.sources),
            Command::Ask { job, .. } => self.passwords.unlock(&mut job.sources),
            _ => {}
        }
        self.client.send(command);
    }

    fn try_recv(&mut self) -> Option<Event> {
        self.client.try_recv()
    }
}

impl ViewerClient for Unlocking<Box<dyn ViewerClient>> {
    fn send(&mut self, mut command: ViewCommand) {
        if let ViewCommand::Open { path, password, .. } = &mut command
            && password.is_none()
        {
            *password = self.passwords.of(path);
        }
        self.client.send(command);
    }

    fn try_recv(&mut self) -> Option<ViewEvent> {
        self.client.try_recv()
    }
}
