//! HTTP for the hub: cancellable requests, redirects followed by hand, and errors that say whether a retry may help.
//!
//! Knows nothing of models. Every request runs on its own thread; the caller waits for it, checks for cancellation twenty times
//! a second, and then closes all connections.

mod client;
mod endpoint;
mod error;
mod names;
mod proxy;

use std::time::Duration;

pub use endpoint::Endpoint;

pub(super) use client::{Client, Response};
pub(super) use error::NetError;

/// How often cancellation is checked while waiting.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// Timeouts, retries and piece size of downloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Timeout for establishing a connection.
    pub connect: Duration,
    /// Timeout for the first byte of an answer.
    pub answer: Duration,
    /// How long a connection may receive almost nothing before it is closed.
    pub stall: Duration,
    /// Fewer bytes than this within [`Transfer::stall`] count as nothing.
    pub least_bytes: u64,
    /// Size of the pieces in which files are downloaded.
    pub piece_bytes: u64,
    /// Pieces downloaded at a time.
    pub connections: usize,
    /// Retries per piece.
    pub retries: u32,
    /// Pause before the first retry; it doubles with each further one.
    pub pause: Duration,
    /// Longest pause; where a server asks for a longer one, there is no retry.
    pub longest_pause: Duration,
}

impl Default for Transfer {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            answer: Duration::from_secs(20),
            stall: Duration::from_secs(30),
            least_bytes: 4096,
            piece_bytes: 8 << 20,
            connections: 4,
            retries: 5,
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_mins(2),
        }
    }
}

impl Transfer {
    /// The pause before retry `number`, counted from 0.
    pub(super) fn pause_before(&self, number: u32) -> Duration {
        self.pause.saturating_mul(2_u32.saturating_pow(number)).min(self.longest_pause)
    }
}
