//! Answers as they are meant to be read: Markdown taken apart into plain data, and its numbers found.

mod marks;
mod parse;

pub(crate) use marks::{Mark, Marked, Places, marked};
pub(crate) use parse::{Alignment, Block, Span};
