//! The one match over commands.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use super::inbox::Inbox;
use super::jobs::{ask, forward, read};
use super::outlet::{Ended, Job, Outlet, caught};
use super::session::{EngineOptions, Session};
use super::{Error, Tokens};
use crate::cancel::CancelToken;
use crate::kernels::threads;
use crate::protocol::{Command, Event, Outcome};

/// How long nobody asks before work behind begins: a program that asks once is not kept from ending.
const QUIET: Duration = Duration::from_millis(300);

/// Works off commands until there are no more.
pub(super) fn run(
    options: EngineOptions,
    commands: &Receiver<(Command, CancelToken)>,
    events: &Sender<Event>,
    tokens: &Tokens,
    wake: &dyn Fn(),
) {
    let mut session = Session::new(options);
    let mut inbox = Inbox::new(commands);
    let outlet = Outlet { events, tokens, wake };
    while let Some((command, cancel)) = next(&mut session, &mut inbox) {
        let (request, ended) = match command {
            Command::Shutdown => break,
            // The reading that this is about has ended.
            Command::Cancel { .. } | Command::ReadFirst { .. } => continue,
            Command::Read { request, job } => {
                let context = Job { request, cancel, outlet: &outlet };
                (request, guarded(&mut session, |session| read::run(session, &context, &mut inbox, &job)))
            }
            Command::Ask { request, job } => {
                let context = Job { request, cancel, outlet: &outlet };
                (request, guarded(&mut session, |session| ask::run(session, &context, &job)))
            }
            Command::Forward { request, job } => {
                let context = Job { request, cancel, outlet: &outlet };
                (request, guarded(&mut session, |session| forward::run(session, &context, job)))
            }
        };
        if !outlet.end(request, ended) {
            break;
        }
    }
}

/// The next command; until it comes, the session does what it has to do behind. `None` once nobody sends any more.
fn next(session: &mut Session, inbox: &mut Inbox<'_>) -> Option<(Command, CancelToken)> {
    if session.has_work_behind() && !inbox.has_something(QUIET) {
        let mut has_come = || inbox.has_something(Duration::ZERO);
        let worked = catch_unwind(AssertUnwindSafe(|| {
            threads::in_background_if(session.options.is_considerate, || session.work_behind(&mut has_come));
        }));
        if worked.is_err() {
            tracing::error!("work behind panicked");
            session.forget();
        }
    }
    inbox.recv()
}

/// Runs a job; a panic costs this job, and what the session had open, nothing else.
fn guarded(session: &mut Session, job: impl FnOnce(&mut Session) -> Result<Outcome, Error>) -> Ended {
    let ended = caught(|| job(session));
    if ended.is_err() {
        session.forget();
    }
    ended
}
