//! Commands for a background thread: sending never blocks, and a newer command replaces an older one that it makes
//! pointless.
//!
//! A bounded channel makes its sender wait when it is full, which the thread that draws the window must never do; an
//! unbounded one grows for as long as the receiver is busy. A mailbox merges instead: it is told which commands
//! supersede which, so what is repeated in every frame is in it at most once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

/// Whether the second command, which came later, makes the first one pointless.
pub type Supersedes<T> = fn(&T, &T) -> bool;

type Queue<T> = Arc<Mutex<VecDeque<T>>>;

/// The sending end. Dropping it closes the mailbox; what is in it is still delivered.
#[derive(Debug)]
pub struct Mailbox<T> {
    queue: Queue<T>,
    signal: Sender<()>,
    supersedes: Supersedes<T>,
}

/// The receiving end.
#[derive(Debug)]
pub struct MailboxReceiver<T> {
    queue: Queue<T>,
    signal: Receiver<()>,
}

/// Makes a mailbox.
pub fn mailbox<T>(supersedes: Supersedes<T>) -> (Mailbox<T>, MailboxReceiver<T>) {
    let queue = Queue::<T>::default();
    // One signal is enough: the receiver empties the queue before it waits again.
    let (sender, receiver) = bounded(1);
    (Mailbox { queue: Arc::clone(&queue), signal: sender, supersedes }, MailboxReceiver { queue, signal: receiver })
}

impl<T> Mailbox<T> {
    /// Adds a command and removes those that it supersedes; never blocks. Nothing is kept once the receiver is gone.
    pub fn send(&self, command: T) {
        {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.retain(|earlier| !(self.supersedes)(earlier, &command));
            queue.push_back(command);
        }
        if let Err(crossbeam_channel::TrySendError::Disconnected(())) = self.signal.try_send(()) {
            self.queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

impl<T> MailboxReceiver<T> {
    /// The next command; waits for it. `None` once the mailbox is closed and empty.
    pub fn recv(&self) -> Option<T> {
        loop {
            if let Some(command) = self.pop() {
                return Some(command);
            }
            if self.signal.recv().is_err() {
                // A command may have come between the look at the queue and the end.
                return self.pop();
            }
        }
    }

    /// The next command, without waiting.
    ///
    /// # Errors
    /// As a channel: empty, or closed and empty.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        // The signal first: a sender that is gone has put everything into the queue before.
        let signal = self.signal.try_recv();
        match (self.pop(), signal) {
            (Some(command), _) => Ok(command),
            (None, Err(TryRecvError::Disconnected)) => Err(TryRecvError::Disconnected),
            (None, _) => Err(TryRecvError::Empty),
        }
    }

    fn pop(&self) -> Option<T> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pair = (char, u32);

    /// A pair supersedes an earlier pair with the same name.
    fn pairs() -> (Mailbox<Pair>, MailboxReceiver<Pair>) {
        mailbox(|earlier, later| earlier.0 == later.0)
    }

    #[test]
    fn a_command_replaces_an_earlier_one_and_keeps_its_own_place() {
        let (mailbox, receiver) = pairs();
        for command in [('a', 1), ('b', 1), ('a', 2)] {
            mailbox.send(command);
        }
        let received: Vec<_> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
        assert_eq!(received, [('b', 1), ('a', 2)]);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    }

    #[test]
    fn what_was_sent_before_the_end_is_delivered() {
        let (mailbox, receiver) = pairs();
        mailbox.send(('a', 1));
        mailbox.send(('b', 1));
        drop(mailbox);
        assert_eq!((receiver.try_recv(), receiver.recv()), (Ok(('a', 1)), Some(('b', 1))));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(receiver.recv(), None);
    }

    #[test]
    fn a_waiting_receiver_is_woken_by_every_command() {
        let (mailbox, receiver) = pairs();
        let (answer, answers) = bounded(1);
        let thread = std::thread::Builder::new().spawn(move || {
            while let Some(command) = receiver.recv() {
                answer.send(command).unwrap();
            }
        });
        for number in 0..1_000 {
            mailbox.send(('a', number));
            assert_eq!(answers.recv_timeout(std::time::Duration::from_secs(5)), Ok(('a', number)));
        }
        drop(mailbox);
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn nothing_piles_up_where_nobody_receives() {
        let (mailbox, receiver) = mailbox(|(), ()| false);
        drop(receiver);
        mailbox.send(());
        assert_eq!(mailbox.queue.lock().unwrap().len(), 0);
    }
}
