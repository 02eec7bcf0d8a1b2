//! Tests of the engine through its public interfaces.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
#![allow(clippy::print_stdout, reason = "what was measured is shown where a test is run by hand")]

mod adapt_command;
mod asked_meanwhile;
mod backends;
mod bench;
mod checkpoint_names;
mod checkpoints;
mod considerate;
mod counting;
mod documents;
mod figures;
mod gguf;
mod hostile_text;
mod hostile_tokenizers;
mod hub;
mod hub_check;
mod hub_command;
mod hub_pull;
mod hub_rules;
mod hub_server;
mod kept;
mod kept_entries;
mod kernels;
mod layout;
mod lora;
mod model_limits;
mod models_command;
mod no_network;
#[cfg(unix)]
mod not_files;
mod parity;
mod prompt;
#[cfg(feature = "real-models")]
mod prompt_real;
mod prompt_taught;
mod reading_model;
mod reading_order;
mod scope;
mod scope_windows;
mod store;
mod tiny_model;
mod traps;
mod viewer;
mod worker;

#[cfg(unix)]
fn wait_for_line(path: &std::path::Path) {
    let started = std::time::Instant::now();
    while !std::fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n')) {
        assert!(started.elapsed().as_secs() < 30, "nothing was written to {}", path.display());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
