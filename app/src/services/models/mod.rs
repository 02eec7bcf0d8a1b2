//! The model service: lists, downloads, adds, removes and times models.

mod api;
mod estimate;
mod fetch;
mod inventory;
mod speed;
mod thread;

pub use api::{
    Fetch, FoundModel, InstalledModel, ModelCommand, ModelEvent, ModelInventory, ModelService, OfferedModel, Speed,
    Updates, Wanted,
};
pub(crate) use thread::ModelThread;

pub use crate::services::secret::Secret;
