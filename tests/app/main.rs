//! The application through its window and its command line.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
#![allow(clippy::print_stdout, reason = "what was measured is shown where a test is run by hand")]

mod accessibility;
mod answers;
mod considerate;
mod first_start;
mod flows;
mod in_use;
mod library;
mod library_on_disk;
mod models;
mod pages;
mod reading;
mod reading_map;
#[path = "../shared/reading_model.rs"]
#[allow(dead_code, reason = "the tests of the engine use all of it")]
mod reading_model;
mod real_engine;
mod restart;
mod sample;
mod scope;
mod scripted;
#[path = "../shared/tiny_model.rs"]
#[allow(dead_code, reason = "the tests of the engine use all of it")]
mod tiny_model;
mod upgrades;
