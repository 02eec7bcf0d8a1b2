//! Layout through its public interface: pages of real reports, pages built here, and any page at all.

mod build;
mod furniture;
mod properties;
mod recorded;
mod synthetic;
