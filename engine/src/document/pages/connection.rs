//! One running process and its two pipes.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader};
use std::marker::PhantomData;
use std::process::{Child, ChildStdin};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::PagesError;
use super::wire::{read_message, write_message};
use crate::cancel::CancelToken;
use crate::child::Program;

/// How often a wait checks for cancellation.
const GLANCE: Duration = Duration::from_millis(20);

/// How long a process whose pipe closed may take to exit by itself.
const GRACE: Duration = Duration::from_millis(500);

/// Why there is no reply.
#[derive(Debug)]
pub(super) enum Broken {
    /// The process ended; how.
    Died(String),
    /// The deadline passed; the process was killed.
    Late,
    /// The wait was cancelled; the process was killed.
    Cancelled,
}

impl Broken {
    /// The error for a request that had `timeout`.
    pub(super) fn into_error(self, timeout: Duration) -> PagesError {
        match self {
            Self::Died(how) => PagesError::Died(how),
            Self::Late => PagesError::TimedOut(timeout),
            Self::Cancelled => PagesError::Cancelled,
        }
    }
}

/// A running process that is sent requests `Q` and answers with replies `A`. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Connection<Q, A> {
    child: Child,
    requests: Option<ChildStdin>,
    replies: Receiver<A>,
    sends: PhantomData<fn(Q)>,
}

impl<Q: Serialize, A: DeserializeOwned + Send + 'static> Connection<Q, A> {
    /// Starts `program` with its arguments and those that say what it `reads`, and a thread that receives its replies.
    pub(super) fn start(program: &[OsString], reads: &[&OsStr], memory_bytes: u64) -> io::Result<Self> {
        let (name, arguments) = program.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut child = Program::new(name)
            .args(arguments)
            .args(reads)
            .args(["--memory-bytes".to_owned(), memory_bytes.to_string()])
            .piped_input()
            .piped_output()
            .start()?;
        let (sender, replies) = bounded(1);
        let requests = child.stdin.take();
        let connection = Self { child, requests, replies, sends: PhantomData };
        connection.listen(sender)
    }

    /// Receives replies on a thread of its own, which ends with the pipe. It is not joined: a child of the process may
    /// hold the pipe open.
    fn listen(mut self, sender: crossbeam_channel::Sender<A>) -> io::Result<Self> {
        let output = self.child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        std::thread::Builder::new().name("pages-replies".to_owned()).spawn(move || {
            let mut output = BufReader::with_capacity(1 << 16, output);
            while let Ok(Some(reply)) = read_message(&mut output) {
                if sender.send(reply).is_err() {
                    break;
                }
            }
        })?;
        Ok(self)
    }

    /// Sends a request.
    pub(super) fn send(&mut self, request: &Q) -> Result<(), Broken> {
        let sent = self.requests.as_mut().is_some_and(|pipe| write_message(pipe, request).is_ok());
        if sent { Ok(()) } else { Err(self.bury()) }
    }

    /// Waits for the next reply. Any failure kills the process.
    pub(super) fn receive(&mut self, deadline: Instant, cancel: &CancelToken) -> Result<A, Broken> {
        loop {
            let glance = (Instant::now() + GLANCE).min(deadline);
            match self.replies.recv_deadline(glance) {
                Ok(reply) => return Ok(reply),
                Err(RecvTimeoutError::Disconnected) => return Err(self.bury()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if cancel.is_cancelled() {
                self.end();
                return Err(Broken::Cancelled);
            }
            if Instant::now() >= deadline {
                self.end();
                return Err(Broken::Late);
            }
        }
    }
}

impl<Q, A> Connection<Q, A> {
    /// Finds out how the process ended.
    fn bury(&mut self) -> Broken {
        self.requests = None;
        let patience = Instant::now() + GRACE;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Broken::Died(status.to_string()),
                Ok(None) if Instant::now() < patience => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) | Err(_) => break,
            }
        }
        self.end();
        Broken::Died("it closed its pipe".to_owned())
    }

    fn end(&mut self) {
        self.requests = None;
        // It may have exited by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl<Q, A> Drop for Connection<Q, A> {
    fn drop(&mut self) {
        self.end();
    }
}
