//! The engine thread's main loop: runs one command after the other, and background work while there are none.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use super::command_queue::CommandQueue;
use super::event_sink::{CancelTokens, EventSink, Job, JobResult, catch_panic};
use super::session::{EngineOptions, Session};
use super::{Error, answer, forward, read};
use crate::cancel::CancelToken;
use crate::kernels::threads;
use crate::protocol::{Command, Event, Outcome};

/// Idle time before background work starts, so that a program that asks a single question exits without delay.
const IDLE_BEFORE_BACKGROUND: Duration = Duration::from_millis(300);

/// Runs commands until the channel closes or [`Command::Shutdown`] arrives.
pub(super) fn run(
    options: EngineOptions,
    commands: &Receiver<(Command, CancelToken)>,
    events: &Sender<Event>,
    tokens: &CancelTokens,
    wake: &dyn Fn(),
) {
    let mut session = Session::new(options);
    let mut queue = CommandQueue::new(commands);
    let sink = EventSink { events, tokens, wake };
    while let Some((command, cancel)) = next_command(&mut session, &mut queue) {
        let (request, result) = match command {
            Command::Shutdown => break,
            // The read job it refers to has ended.
            Command::Cancel { .. } | Command::ReadFirst { .. } => continue,
            Command::Read { request, job: read_job } => {
                let job = Job { request, cancel, sink: &sink };
                (request, run_job(&mut session, |session| read::run(session, &job, &mut queue, &read_job)))
            }
            Command::Ask { request, job: ask } => {
                let job = Job { request, cancel, sink: &sink };
                (request, run_job(&mut session, |session| answer::run(session, &job, &ask)))
            }
            Command::Forward { request, job: forward_job } => {
                let job = Job { request, cancel, sink: &sink };
                (request, run_job(&mut session, |session| forward::run(session, &job, forward_job)))
            }
        };
        if !sink.finish(request, result) {
            break;
        }
    }
}

/// Waits for the next command, doing background work until it arrives. `None` once the channel is closed.
fn next_command(session: &mut Session, queue: &mut CommandQueue<'_>) -> Option<(Command, CancelToken)> {
    if session.has_background_work() && !queue.wait(IDLE_BEFORE_BACKGROUND) {
        let mut has_command = || queue.wait(Duration::ZERO);
        let result = catch_unwind(AssertUnwindSafe(|| {
            threads::in_background_if(session.options.is_considerate, || {
                session.build_memory_in_background(&mut has_command);
            });
        }));
        if result.is_err() {
            tracing::error!("background work panicked");
            session.reset();
        }
    }
    queue.recv()
}

/// Runs a job. A panic fails this job and resets the session, and does not end the thread.
fn run_job(session: &mut Session, job: impl FnOnce(&mut Session) -> Result<Outcome, Error>) -> JobResult {
    let result = catch_panic(|| job(session));
    if result.is_err() {
        session.reset();
    }
    result
}
