//! The model service: lists, downloads, adds, removes and times models.

mod api;
mod estimate;
mod fetch;
mod inventory;
mod secret;
mod speed;
mod thread;

pub use api::{
    Fetch, FoundModel, InstalledModel, ModelCommand, ModelEvent, ModelInventory, ModelService, OfferedModel, Speed,
    Updates, Wanted,
};
pub use secret::Secret;
pub(crate) use thread::ModelThread;
