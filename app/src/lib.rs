//! Recto, the application: the command line and the window over the [`engine`].
//!
//! `cli` and `window` are the two front ends. `services` are the background threads that a front end talks to over
//! channels; `platform` is what differs between operating systems.

pub mod cli;
mod page_ranges;
mod platform;
pub mod services;
pub mod wake;
pub mod window;

pub use cli::run;
