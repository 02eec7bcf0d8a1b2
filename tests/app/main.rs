//! The application through its window and its command line.

#![allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
#![allow(clippy::print_stdout, reason = "what was measured is shown where a test is run by hand")]

#[cfg(test)]
mod flows;
#[cfg(test)]
mod no_display;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod scripted;
