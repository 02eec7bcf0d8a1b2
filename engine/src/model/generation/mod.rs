//! Text generation: an iterator of tokens, with logit filters, a sampler and stop rules.
//!
//! Independent of the model: a [`StepModel`] turns tokens into logits; tests use a fake one.

mod filter;
mod generator;
mod logits;
mod sampler;

pub use filter::{LogitFilter, RepetitionPenalty, Suppress, Temperature, TopK, TopP};
pub use generator::{Generator, GeneratorExt, StepModel, StopAt};
pub use logits::Logits;
pub use sampler::{ArgMax, Multinomial, Sampler};
