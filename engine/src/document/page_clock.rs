//! How long the layout of one page may take.
//!
//! Layout and figures are pure functions of a page that a hostile file chose, so they look at a clock as they go. A
//! clock that has run out stays so: the work ends early, and its caller discards what was made. Nothing here knows
//! what the work is.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::cancel::CancelToken;

/// Most time for the lines of a page, and again for its figures. The densest real pages take a hundredth of it.
pub const STEP_TIME: Duration = Duration::from_secs(5);

/// How many calls of [`PageClock::is_over`] share one look at the time.
const CALLS_PER_LOOK: u32 = 32;

/// Why the work on a page stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It took too long.
    Late,
    /// It was cancelled.
    Cancelled,
}

/// The time left for a step of the work on a page.
#[derive(Debug)]
pub struct PageClock {
    deadline: Option<Instant>,
    cancel: CancelToken,
    calls: Cell<u32>,
    stopped: Cell<Option<Stopped>>,
}

impl PageClock {
    /// Starts a clock that runs out after `limit`, or once `cancel` is set.
    pub fn start(limit: Duration, cancel: &CancelToken) -> Self {
        let deadline = Instant::now().checked_add(limit);
        Self { deadline, cancel: cancel.clone(), calls: Cell::new(0), stopped: Cell::new(None) }
    }

    /// A clock that never runs out.
    pub fn unlimited() -> Self {
        Self { deadline: None, cancel: CancelToken::default(), calls: Cell::new(0), stopped: Cell::new(None) }
    }

    /// Whether the work has to stop. Cheap enough for inner loops.
    pub(super) fn is_over(&self) -> bool {
        if self.stopped.get().is_some() {
            return true;
        }
        let calls = self.calls.get();
        self.calls.set(calls.wrapping_add(1));
        if calls.is_multiple_of(CALLS_PER_LOOK) {
            if self.cancel.is_cancelled() {
                self.stopped.set(Some(Stopped::Cancelled));
            } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.stopped.set(Some(Stopped::Late));
            }
        }
        self.stopped.get().is_some()
    }

    /// Accepts the work if it was not stopped early.
    ///
    /// # Errors
    /// Says why it was stopped.
    pub(super) fn finished<T>(&self, work: T) -> Result<T, Stopped> {
        self.stopped.get().map_or(Ok(work), Err)
    }
}
