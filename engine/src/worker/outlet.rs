//! What a piece of work tells, and how it ends: with exactly one last event, whether it was done, failed or panicked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

use crossbeam_channel::Sender;

use super::{Error, Tokens};
use crate::cancel::CancelToken;
use crate::protocol::{ErrorReport, Event, Outcome, RequestId};

/// How work ended: with an outcome, with an error of its own, or with a panic and what is told of it.
pub(super) type Ended = Result<Result<Outcome, Error>, ErrorReport>;

/// The engine's end of the channel of events.
pub(super) struct Outlet<'a> {
    pub(super) events: &'a Sender<Event>,
    pub(super) tokens: &'a Tokens,
    pub(super) wake: &'a dyn Fn(),
}

impl Outlet<'_> {
    /// Tells an event; `false` where nobody listens any more.
    pub(super) fn tell(&self, event: Event) -> bool {
        let is_heard = self.events.send(event).is_ok();
        (self.wake)();
        is_heard
    }

    /// Ends a piece of work; `false` where nobody listens any more.
    pub(super) fn end(&self, request: RequestId, ended: Ended) -> bool {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&request);
        self.tell(last_event(request, ended))
    }
}

/// What a job works with: its name, its flag, and the way to tell.
pub(super) struct Job<'a> {
    pub(super) request: RequestId,
    pub(super) cancel: CancelToken,
    pub(super) outlet: &'a Outlet<'a>,
}

impl Job<'_> {
    /// Tells something about this work. Nobody listening any more is as good as a cancel.
    pub(super) fn tell(&self, event: Event) {
        if !self.outlet.tell(event) {
            self.cancel.cancel();
        }
    }
}

/// Runs a job; a panic becomes a report.
pub(super) fn caught(job: impl FnOnce() -> Result<Outcome, Error>) -> Ended {
    catch_unwind(AssertUnwindSafe(job)).map_err(|panic| {
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

fn last_event(request: RequestId, ended: Ended) -> Event {
    match ended {
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
    fn run_job(job: impl FnOnce() -> Result<Outcome, Error>) -> Event {
        last_event(RequestId(7), caught(job))
    }

    #[test]
    fn a_panic_fails_its_own_job_with_one_line() {
        let Event::Failed { request, report } = run_job(|| panic!("page 3 of {}", "a file")) else {
            panic!("a panic must fail the job");
        };
        assert_eq!(request, RequestId(7));
        assert!(report.message.ends_with("page 3 of a file"), "{report:?}");
        assert!(report.hint.is_some());
    }

    #[test]
    fn a_cancelled_job_is_not_a_failure() {
        let event = run_job(|| Err(Error::Cancelled(crate::cancel::Cancelled)));
        assert_eq!(event, Event::Cancelled { request: RequestId(7) });
    }
}
