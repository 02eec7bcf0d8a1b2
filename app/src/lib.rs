//! Recto, the application: the command line and the window over the [`engine`].

pub mod cli;
mod page_ranges;
pub mod window;

pub use cli::run;
