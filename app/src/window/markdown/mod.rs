//! Parses answers: Markdown to plain data, with numbers identified.

mod marks;
mod numbers;
mod parse;

pub(crate) use marks::{Mark, Marked, Places, marked};
pub(crate) use parse::{Alignment, Block, Span};
