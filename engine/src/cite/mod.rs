//! Where an answer came from: attention by line and figure, joined with the answer's words and numbers on the page.
//!
//! No citation is ever written by the model. Attention says which lines and figures the answer's tokens were drawn from;
//! words and numbers of the answer that stand in a line count as much again. Knows documents, not tensors.

mod evidence;
mod terms;

#[cfg(test)]
mod tests;

pub use evidence::{SpanMass, Target, gather_evidence};
pub use terms::answer_terms;
