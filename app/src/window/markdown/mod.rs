//! Markdown answers: parsed into plain data, and their numbers marked.

mod blocks;
mod marks;
mod parse;

pub(crate) use blocks::{Alignment, Block, Mark, Span};
pub(crate) use marks::{Marked, Places, marked};
