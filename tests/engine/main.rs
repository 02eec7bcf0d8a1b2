//! The engine from the outside.

mod documents;
