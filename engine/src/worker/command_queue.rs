//! Commands that have not been started: handled in order, except for what a read in progress can handle itself, which are
//! questions on its documents and requests to read a page first.

use std::collections::VecDeque;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::cancel::CancelToken;
use crate::protocol::{AskJob, Command, RequestId};

/// Most commands that are taken from the channel ahead of time.
const MAX_PENDING: usize = 64;

/// A question taken out of order.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) request: RequestId,
    pub(super) job: AskJob,
    pub(super) cancel: CancelToken,
}

/// The engine's end of the command channel.
pub(super) struct CommandQueue<'a> {
    commands: &'a Receiver<(Command, CancelToken)>,
    /// Received but not started, oldest first.
    pending: VecDeque<(Command, CancelToken)>,
}

impl<'a> CommandQueue<'a> {
    pub(super) fn new(commands: &'a Receiver<(Command, CancelToken)>) -> Self {
        Self { commands, pending: VecDeque::new() }
    }

    /// Waits for the next command; `None` once the channel is closed.
    pub(super) fn recv(&mut self) -> Option<(Command, CancelToken)> {
        self.pending.pop_front().or_else(|| self.commands.recv().ok())
    }

    /// Waits until [`Self::recv`] would return at once, which includes a closed channel; `false` after `timeout`.
    pub(super) fn wait(&mut self, timeout: Duration) -> bool {
        if !self.pending.is_empty() {
            return true;
        }
        match self.commands.recv_timeout(timeout) {
            Ok(command) => {
                self.pending.push_back(command);
                true
            }
            Err(RecvTimeoutError::Disconnected) => true,
            Err(RecvTimeoutError::Timeout) => false,
        }
    }

    /// Removes the oldest question that `matches`, ahead of the commands before it.
    pub(super) fn take_question(&mut self, matches: impl Fn(&AskJob) -> bool) -> Option<Question> {
        self.receive_pending();
        let is_match =
            |(command, _): &(Command, CancelToken)| matches!(command, Command::Ask { job, .. } if matches(job));
        let at = self.pending.iter().position(is_match)?;
        match self.pending.remove(at)? {
            (Command::Ask { request, job }, cancel) => Some(Question { request, job, cancel }),
            _ => None,
        }
    }

    /// Removes the oldest request to read a page first in the read job `of`; returns document and page.
    pub(super) fn take_page_request(&mut self, of: RequestId) -> Option<(u32, u32)> {
        self.receive_pending();
        let is_for_job = |command: &Command| matches!(command, Command::ReadFirst { request, .. } if *request == of);
        let at = self.pending.iter().position(|(command, _)| is_for_job(command))?;
        match self.pending.remove(at)? {
            (Command::ReadFirst { document, page, .. }, _) => Some((document, page)),
            _ => None,
        }
    }

    /// Takes waiting commands from the channel, without blocking.
    fn receive_pending(&mut self) {
        let room = MAX_PENDING.saturating_sub(self.pending.len());
        self.pending.extend(self.commands.try_iter().take(room));
    }

    /// Puts an unanswered question back, at the front of the queue.
    pub(super) fn put_back(&mut self, question: Question) {
        let Question { request, job, cancel } = question;
        self.pending.push_front((Command::Ask { request, job }, cancel));
    }
}
