//! Layout through its public interface: pages of real reports, pages built here, and any page at all.

pub(crate) mod build;
mod furniture;
mod properties;
mod recorded;
mod synthetic;
