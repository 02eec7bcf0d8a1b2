//! The engine through its public interfaces.

#[cfg(test)]
mod prompt;
#[cfg(all(test, feature = "real-models"))]
mod prompt_real;
