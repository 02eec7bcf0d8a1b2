//! HTTP as the hub needs it: requests that can be given up at any moment, redirections followed by hand, failures told apart
//! by whether asking again may help.
//!
//! Nothing here knows of models. Every exchange runs on a thread of its own; whoever waits for it looks at the wish to stop
//! twenty times a second, and then closes all connections.

mod client;
mod endpoint;
mod error;
mod names;
mod proxy;

use std::time::Duration;

pub use endpoint::Endpoint;

pub(super) use client::{Answer, Client};
pub(super) use error::NetError;

/// How often the wish to stop is looked at while waiting.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// How patiently, and in which pieces, things are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// How long a connection may take to come about.
    pub connect: Duration,
    /// How long nothing, or next to nothing, may arrive on a connection before it is given up.
    pub stall: Duration,
    /// Fewer bytes than this in the time of [`Transfer::stall`] count as nothing.
    pub least_bytes: u64,
    /// Length of the pieces that large files are fetched in.
    pub piece_bytes: u64,
    /// How many of them at a time.
    pub connections: usize,
    /// How often a piece is asked for again before it is given up.
    pub retries: u32,
    /// Pause before the first of them; each is twice as long as the one before.
    pub pause: Duration,
    /// No pause is longer, whatever the server asks for; one that asks for more is not asked again.
    pub longest_pause: Duration,
}

impl Default for Transfer {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
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
    /// The pause before the `number`th time that something is asked for again, counted from 0.
    pub(super) fn pause_before(&self, number: u32) -> Duration {
        self.pause.saturating_mul(2_u32.saturating_pow(number)).min(self.longest_pause)
    }
}
