//! Tests of the engine through its public interfaces.

mod gguf;
mod hub;
mod models_command;
mod store;

/// Waits until another process has written a line into `path`.
#[cfg(unix)]
fn wait_for_line(path: &std::path::Path) {
    let started = std::time::Instant::now();
    while !std::fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n')) {
        assert!(started.elapsed().as_secs() < 30, "nothing was written to {}", path.display());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
