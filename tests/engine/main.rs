//! Tests of the engine through its public interfaces.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
#![allow(clippy::print_stdout, reason = "what was measured is shown where a test is run by hand")]

mod asked_meanwhile;
mod backends;
mod changed_meanwhile;
mod checkpoint_names;
mod considerate;
mod counting;
mod documents;
mod figures;
mod gguf;
mod heavy_pages;
mod hostile_text;
mod hostile_tokenizers;
mod hub;
mod hub_check;
mod hub_pull;
mod hub_rules;
mod kept;
mod kept_entries;
mod kernels;
mod layout;
mod locked;
mod lora;
mod model_limits;
#[cfg(unix)]
mod not_files;
mod parity;
mod pip_apart;
mod prompt;
#[cfg(feature = "real-models")]
mod prompt_real;
mod prompt_taught;
mod reading_order;
mod scope;
mod scope_windows;
#[path = "../shared/mod.rs"]
mod shared;
mod store;
mod traps;
mod viewer;
mod worker;

#[cfg(unix)]
use shared::wait_for_line;
use shared::{checkpoints, hub_server, reading_model, tiny_model, tiny_repository};
