//! Commands that came and were not begun: taken in order, but for questions that the work under way can answer itself.

use std::collections::VecDeque;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::cancel::CancelToken;
use crate::protocol::{AskJob, Command, RequestId};

/// Commands that are looked through at most; more wait where they were sent.
const MOST_LOOKED_THROUGH: usize = 64;

/// A question that was taken out of its turn.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) request: RequestId,
    pub(super) job: AskJob,
    pub(super) cancel: CancelToken,
}

/// The engine's end of the channel of commands.
pub(super) struct Inbox<'a> {
    commands: &'a Receiver<(Command, CancelToken)>,
    /// Taken from the channel and not begun, oldest first.
    waiting: VecDeque<(Command, CancelToken)>,
}

impl<'a> Inbox<'a> {
    pub(super) fn new(commands: &'a Receiver<(Command, CancelToken)>) -> Self {
        Self { commands, waiting: VecDeque::new() }
    }

    /// The next command; waits for it. `None` once nobody sends any more.
    pub(super) fn recv(&mut self) -> Option<(Command, CancelToken)> {
        self.waiting.pop_front().or_else(|| self.commands.recv().ok())
    }

    /// Whether a command comes, or nobody sends any more, within `patience`.
    pub(super) fn has_something(&mut self, patience: Duration) -> bool {
        if !self.waiting.is_empty() {
            return true;
        }
        match self.commands.recv_timeout(patience) {
            Ok(command) => {
                self.waiting.push_back(command);
                true
            }
            Err(RecvTimeoutError::Disconnected) => true,
            Err(RecvTimeoutError::Timeout) => false,
        }
    }

    /// Takes the oldest question that `fits` out of its turn.
    pub(super) fn take_question(&mut self, fits: impl Fn(&AskJob) -> bool) -> Option<Question> {
        self.look();
        let fits = |(command, _): &(Command, CancelToken)| matches!(command, Command::Ask { job, .. } if fits(job));
        let at = self.waiting.iter().position(fits)?;
        match self.waiting.remove(at)? {
            (Command::Ask { request, job }, cancel) => Some(Question { request, job, cancel }),
            _ => None,
        }
    }

    /// Takes the oldest wish to read a page first in the reading `of`: document and page.
    pub(super) fn take_wish(&mut self, of: RequestId) -> Option<(u32, u32)> {
        self.look();
        let is_wish = |(command, _): &(Command, CancelToken)| matches!(command, Command::ReadFirst { request, .. } if *request == of);
        let at = self.waiting.iter().position(is_wish)?;
        match self.waiting.remove(at)? {
            (Command::ReadFirst { document, page, .. }, _) => Some((document, page)),
            _ => None,
        }
    }

    /// Takes what has come from the channel.
    fn look(&mut self) {
        let room = MOST_LOOKED_THROUGH.saturating_sub(self.waiting.len());
        self.waiting.extend(self.commands.try_iter().take(room));
    }

    /// Gives back a question that was taken and not answered; its turn is next.
    pub(super) fn put_back(&mut self, question: Question) {
        let Question { request, job, cancel } = question;
        self.waiting.push_front((Command::Ask { request, job }, cancel));
    }
}
