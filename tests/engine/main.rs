//! Tests of the engine through its public interfaces.

mod documents;
mod gguf;
mod hub;
mod layout;
mod prompt;
mod store;
