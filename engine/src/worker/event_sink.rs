//! Sending events, and ending jobs: each job ends with exactly one final event, whether it succeeded, failed or panicked.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Sender;

use super::Error;
use crate::cancel::CancelToken;
use crate::protocol::{ErrorReport, Event, Outcome, RequestId};

/// Cancel tokens of the requests that were sent and have not ended, shared with [`super::Engine`].
pub(super) type CancelTokens = Arc<Mutex<BTreeMap<RequestId, CancelToken>>>;

/// How a job ended: an outcome, an error, or the report of a panic.
pub(super) type JobResult = Result<Result<Outcome, Error>, ErrorReport>;

/// The engine's end of the event channel.
pub(super) struct EventSink<'a> {
    pub(super) events: &'a Sender<Event>,
    pub(super) tokens: &'a CancelTokens,
    pub(super) wake: &'a dyn Fn(),
}

impl EventSink<'_> {
    /// Sends an event and wakes the receiver; `false` once the receiver is gone.
    pub(super) fn send(&self, event: Event) -> bool {
        let is_received = self.events.send(event).is_ok();
        (self.wake)();
        is_received
    }

    /// Sends the final event of a request; `false` once the receiver is gone.
    pub(super) fn finish(&self, request: RequestId, result: JobResult) -> bool {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&request);
        self.send(final_event(request, result))
    }
}

/// The request that a job works on, its cancel token, and where its events go.
pub(super) struct Job<'a> {
    pub(super) request: RequestId,
    pub(super) cancel: CancelToken,
    pub(super) sink: &'a EventSink<'a>,
}

impl Job<'_> {
    /// Sends an event of this job. If the receiver is gone, the job is cancelled.
    pub(super) fn send(&self, event: Event) {
        if !self.sink.send(event) {
            self.cancel.cancel();
        }
    }
}

/// Runs a job and turns a panic into a report.
pub(super) fn catch_panic(job: impl FnOnce() -> Result<Outcome, Error>) -> JobResult {
    catch_unwind(AssertUnwindSafe(job)).map_err(|panic| {
        let detail = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no details".into());
        tracing::error!(detail, "a job panicked");
        ErrorReport::new(
            &format!("this task stopped because of an internal error: {detail}"),
            Some("try again; other tasks are not affected".into()),
        )
    })
}

fn final_event(request: RequestId, result: JobResult) -> Event {
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

    fn run_job(job: impl FnOnce() -> Result<Outcome, Error>) -> Event {
        final_event(RequestId(7), catch_panic(job))
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
