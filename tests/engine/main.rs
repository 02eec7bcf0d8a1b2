//! The engine through its public interfaces.

mod prompt;
#[cfg(feature = "real-models")]
mod prompt_real;
