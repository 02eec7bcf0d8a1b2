//! House rules that the compiler does not check. Each failure says how to fix it.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "tests write the files they need")]
#![allow(clippy::print_stdout, reason = "measurements are printed when a test is run by hand")]

mod app_layering;
mod colours;
mod dependencies;
mod drawing;
mod file_access;
mod folder_map;
mod layering;
mod licences;
mod manners;
mod programs;
mod prompts;
mod protocol;
mod sizes;
mod sources;
