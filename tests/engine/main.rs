//! Tests of the engine through its public interfaces.

mod gguf;
mod prompt;
