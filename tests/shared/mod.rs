//! Helpers of several test binaries: small models and checkpoints, and a hub that serves them.

#![allow(dead_code, reason = "each test binary uses a part")]

pub(crate) mod checkpoints;
pub(crate) mod hub_server;
pub(crate) mod reading_model;
pub(crate) mod tiny_model;
pub(crate) mod tiny_repository;

/// Waits until a file ends in a line.
#[cfg(unix)]
pub(crate) fn wait_for_line(path: &std::path::Path) {
    let started = std::time::Instant::now();
    while !std::fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n')) {
        assert!(started.elapsed().as_secs() < 30, "nothing was written to {}", path.display());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
