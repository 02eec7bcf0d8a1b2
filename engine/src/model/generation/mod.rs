//! Writing text: an iterator of tokens, with logit filters, a sampler and stop rules as adapters.
//!
//! Nothing here knows the model: a [`StepModel`] turns tokens into logits, and a fake one serves in tests.

mod filter;
mod generator;
mod logits;
mod sampler;

pub use filter::{LogitFilter, RepetitionPenalty, Suppress, Temperature, TopK, TopP};
pub use generator::{Generator, GeneratorExt, StepModel, StopAt};
pub use logits::Logits;
pub use sampler::{ArgMax, Multinomial, Sampler};
