//! Rules of the house that no compiler checks. Each says, where it fails, how to mend it.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
#![allow(clippy::print_stdout, reason = "what was measured is shown where a test is run by hand")]

mod colours;
mod dependencies;
mod drawing;
mod file_map;
mod layering;
mod licences;
mod manners;
mod prompts;
mod protocol;
mod sizes;
mod sources;
