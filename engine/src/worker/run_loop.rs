//! The one match over commands, and the one place where a panic is caught.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};

use super::jobs::{ask, forward, read};
use super::session::{EngineOptions, Session};
use super::{Error, Tokens};
use crate::cancel::CancelToken;
use crate::protocol::{Command, ErrorReport, Event, Outcome, RequestId};

/// How long nobody asks before work behind begins: a program that asks once is not kept from ending.
const QUIET: Duration = Duration::from_millis(300);

/// What a job works with: its name, its flag, and the way to tell.
pub(super) struct Job<'a> {
    pub(super) request: RequestId,
    pub(super) cancel: CancelToken,
    events: &'a Sender<Event>,
    wake: &'a dyn Fn(),
}

impl Job<'_> {
    /// Tells something about this work. Nobody listening any more is as good as a cancel.
    pub(super) fn tell(&self, event: Event) {
        if self.events.send(event).is_err() {
            self.cancel.cancel();
        }
        (self.wake)();
    }
}

/// Works off commands until there are no more.
pub(super) fn run(
    options: EngineOptions,
    commands: &Receiver<(Command, CancelToken)>,
    events: &Sender<Event>,
    tokens: &Tokens,
    wake: &dyn Fn(),
) {
    let mut session = Session::new(options);
    while let Some((command, cancel)) = next(&mut session, commands) {
        let (request, result) = match command {
            Command::Shutdown => break,
            Command::Cancel { .. } => continue,
            Command::Read { request, job } => {
                let context = Job { request, cancel, events, wake };
                (request, guarded(&mut session, |session| read::run(session, &context, &job)))
            }
            Command::Ask { request, job } => {
                let context = Job { request, cancel, events, wake };
                (request, guarded(&mut session, |session| ask::run(session, &context, &job)))
            }
            Command::Forward { request, job } => {
                let context = Job { request, cancel, events, wake };
                (request, guarded(&mut session, |session| forward::run(session, &context, job)))
            }
        };
        tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&request);
        if events.send(last_event(request, result)).is_err() {
            break;
        }
        wake();
    }
}

/// The next command; until it comes, the session does what it has to do behind. `None` once nobody sends any more.
fn next(session: &mut Session, commands: &Receiver<(Command, CancelToken)>) -> Option<(Command, CancelToken)> {
    if !session.has_work_behind() {
        return commands.recv().ok();
    }
    match commands.recv_timeout(QUIET) {
        Ok(command) => return Some(command),
        Err(RecvTimeoutError::Disconnected) => return None,
        Err(RecvTimeoutError::Timeout) => {}
    }
    let mut come = None;
    let mut has_come = || {
        come = match commands.try_recv() {
            Ok(command) => Some(Some(command)),
            Err(TryRecvError::Disconnected) => Some(None),
            Err(TryRecvError::Empty) => None,
        };
        come.is_some()
    };
    let worked = catch_unwind(AssertUnwindSafe(|| session.work_behind(&mut has_come)));
    if worked.is_err() {
        tracing::error!("work behind panicked");
        session.forget();
    }
    come.unwrap_or_else(|| commands.recv().ok())
}

/// Runs a job; a panic costs this job, and what the session had open, nothing else.
fn guarded(
    session: &mut Session,
    job: impl FnOnce(&mut Session) -> Result<Outcome, Error>,
) -> Result<Result<Outcome, Error>, ErrorReport> {
    catch_unwind(AssertUnwindSafe(|| job(session))).map_err(|panic| {
        session.forget();
        let detail = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no details".into());
        tracing::error!(detail, "a job panicked");
        ErrorReport {
            message: format!("Recto made a mistake and had to give up this piece of work: {detail}"),
            hint: Some("try again; other work is not affected".into()),
        }
    })
}

fn last_event(request: RequestId, result: Result<Result<Outcome, Error>, ErrorReport>) -> Event {
    match result {
        Ok(Ok(outcome)) => Event::Done { request, outcome },
        Ok(Err(Error::Cancelled(_))) => Event::Cancelled { request },
        Ok(Err(error)) => Event::Failed { request, report: error.report() },
        Err(report) => Event::Failed { request, report },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics are quiet in this test: their message would look like a failure.
    fn run_job(job: impl FnOnce(&mut Session) -> Result<Outcome, Error>) -> Event {
        let mut session = Session::new(EngineOptions::default());
        last_event(RequestId(7), guarded(&mut session, job))
    }

    #[test]
    fn a_panic_fails_its_own_job_with_one_line() {
        let Event::Failed { request, report } = run_job(|_| panic!("page 3 of {}", "a file")) else {
            panic!("a panic must fail the job");
        };
        assert_eq!(request, RequestId(7));
        assert!(report.message.ends_with("page 3 of a file"), "{report:?}");
        assert!(report.hint.is_some());
    }

    #[test]
    fn a_cancelled_job_is_not_a_failure() {
        let event = run_job(|_| Err(Error::Cancelled(crate::cancel::Cancelled)));
        assert_eq!(event, Event::Cancelled { request: RequestId(7) });
    }
}
