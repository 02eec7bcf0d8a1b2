//! The engine through its public interfaces.

mod prompt;
mod store;
