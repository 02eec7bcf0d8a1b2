//! Evidence for an answer: attention per line and figure, combined with the answer's words and numbers on the page.
//!
//! The model never writes a citation. Attention shows which lines and figures the answer's tokens draw on; words and numbers
//! that the answer shares with a line count for the other half. Knows documents, not tensors.

mod evidence;
mod not_found;
mod terms;

#[cfg(test)]
mod tests;

pub use evidence::{SpanMass, Target, gather_evidence};
pub use not_found::is_not_found;
pub use terms::answer_terms;
