//! The application through its window and its command line.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
#![allow(clippy::print_stdout, reason = "what was measured is shown where a test is run by hand")]

mod flows;
mod library;
mod models;
mod no_display;
mod pages;
mod restart;
mod sample;
mod scripted;
