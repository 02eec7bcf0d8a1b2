//! The engine's thread: the only place where documents, prompts, models and the store are joined.
//!
//! One thread, named `engine`, owns the model. Commands come in over one bounded channel and events leave over another;
//! cancelling does not wait in the queue, it raises the flag of the work at once.

pub mod bench;
mod device;
mod encoding;
mod encodings;
mod error;
mod extent;
mod inbox;
mod jobs;
mod kept_pages;
mod load;
mod offers;
mod outlet;
mod questions;
mod reading;
mod run_loop;
mod session;
mod shelf;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

pub use device::DeviceError;
pub use device::check_device;
pub use error::Error;
pub use session::EngineOptions;

use crate::cancel::CancelToken;
use crate::protocol::{Command, Event, RequestId};

/// Commands that wait at most before sending blocks.
const QUEUED_COMMANDS: usize = 64;

/// Events that wait at most before the engine pauses for whoever reads them.
const QUEUED_EVENTS: usize = 4096;

/// The flags of work that was sent and has not ended.
type Tokens = Arc<Mutex<BTreeMap<RequestId, CancelToken>>>;

/// A running engine. Dropping it gives up what is under way and waits for the thread to end.
pub struct Engine {
    commands: Option<Sender<(Command, CancelToken)>>,
    events: Option<Receiver<Event>>,
    tokens: Tokens,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the engine's thread. `wake` is called, on that thread, after every event.
    ///
    /// # Errors
    /// Fails where the system starts no thread.
    pub fn spawn(options: EngineOptions, wake: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (commands, incoming) = bounded::<(Command, CancelToken)>(QUEUED_COMMANDS);
        let (outgoing, events) = bounded(QUEUED_EVENTS);
        let tokens = Tokens::default();
        let thread_tokens = Arc::clone(&tokens);
        let thread = std::thread::Builder::new().name("engine".into()).spawn(move || {
            run_loop::run(options, &incoming, &outgoing, &thread_tokens, &wake);
        })?;
        Ok(Self { commands: Some(commands), events: Some(events), tokens, thread: Some(thread) })
    }

    /// Hands over a command. Blocks only where very many wait already.
    pub fn send(&self, command: Command) {
        let token = CancelToken::default();
        {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            match &command {
                Command::Cancel { request } => {
                    if let Some(token) = tokens.get(request) {
                        token.cancel();
                    }
                    return;
                }
                Command::Read { request, .. } | Command::Ask { request, .. } | Command::Forward { request, .. } => {
                    tokens.insert(*request, token.clone());
                }
                Command::ReadFirst { .. } => {}
                Command::Shutdown => tokens.values().for_each(CancelToken::cancel),
            }
        }
        if let Some(commands) = &self.commands {
            // The thread ends only when told to; after that there is nobody to tell.
            let _ = commands.send((command, token));
        }
    }

    /// The next event, without waiting.
    ///
    /// # Errors
    /// As a channel: empty, or closed after [`Command::Shutdown`].
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        self.events.as_ref().map_or(Err(TryRecvError::Disconnected), Receiver::try_recv)
    }

    /// The next event; waits for it. `None` once the engine has ended.
    pub fn recv(&self) -> Option<Event> {
        self.events.as_ref()?.recv().ok()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(CancelToken::cancel);
        // The receiver goes first: an engine that waits for room in a full channel must see that nobody reads any more.
        self.events = None;
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened; there is nothing to add while dropping.
            let _ = thread.join();
        }
    }
}
