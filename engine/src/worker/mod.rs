//! The engine thread, which brings together documents, prompts, models and the store.
//!
//! One thread, named `engine`, owns the model. Commands arrive over one bounded channel, and events leave over another.
//! Cancelling bypasses the queue and sets the request's cancel token at once.
//!
//! From the bottom up, each using only those before it:
//! - `device`, `error`, `event_sink`, `command_queue`: how jobs start, report and end;
//! - `load`: models; `encoding`: encoder states and memory;
//! - `session`: what is kept between jobs;
//! - `documents`: opening and reading files;
//! - `answer`: the ask job; `interleaved`: questions during a read job;
//! - `read`, `forward`: the other jobs; `run_loop`: runs them.

mod answer;
pub mod bench;
mod command_queue;
mod device;
mod documents;
mod encoding;
mod error;
mod event_sink;
mod forward;
mod interleaved;
mod load;
mod partial_answers;
mod read;
mod run_loop;
mod session;

use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

pub use device::DeviceError;
pub use device::check_device;
pub use error::Error;
pub use session::EngineOptions;

use self::event_sink::CancelTokens;
use crate::cancel::CancelToken;
use crate::protocol::{Command, Event};

/// Capacity of the command channel; sending blocks when it is full.
const QUEUED_COMMANDS: usize = 64;

/// Capacity of the event channel; the engine pauses when it is full.
const QUEUED_EVENTS: usize = 4096;

/// A running engine. Dropping it cancels all requests and waits for the thread to end.
pub struct Engine {
    commands: Option<Sender<(Command, CancelToken)>>,
    events: Option<Receiver<Event>>,
    tokens: CancelTokens,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the engine thread. `wake` is called on that thread after every event.
    ///
    /// # Errors
    /// Fails if the system cannot start a thread.
    pub fn spawn(options: EngineOptions, wake: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (commands, incoming) = bounded::<(Command, CancelToken)>(QUEUED_COMMANDS);
        let (outgoing, events) = bounded(QUEUED_EVENTS);
        let tokens = CancelTokens::default();
        let thread_tokens = Arc::clone(&tokens);
        let thread = std::thread::Builder::new().name("engine".into()).spawn(move || {
            run_loop::run(options, &incoming, &outgoing, &thread_tokens, &wake);
        })?;
        Ok(Self { commands: Some(commands), events: Some(events), tokens, thread: Some(thread) })
    }

    /// Sends a command. Blocks while the queue is full.
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
            // This fails only after the thread has ended on request; then there is nothing left to do.
            let _ = commands.send((command, token));
        }
    }

    /// Returns the next event without waiting.
    ///
    /// # Errors
    /// Fails if there is none, or if the engine has ended.
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        self.events.as_ref().map_or(Err(TryRecvError::Disconnected), Receiver::try_recv)
    }

    /// Waits for the next event; `None` once the engine has ended.
    pub fn recv(&self) -> Option<Event> {
        self.events.as_ref()?.recv().ok()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(CancelToken::cancel);
        // Drop the receiver first, so that an engine blocked on a full channel is released.
        self.events = None;
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic was logged when it happened; there is nothing to add here.
            let _ = thread.join();
        }
    }
}
