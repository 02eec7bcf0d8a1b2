//! Tests of the engine through its public interfaces.

//mod documents;
mod checkpoint_names;
mod gguf;
mod hub;
mod layout;
mod model_limits;
mod models_command;
mod parity;
mod prompt;
#[cfg(feature = "real-models")]
mod prompt_real;
mod store;
mod tiny_model;
mod traps;

#[cfg(unix)]
fn wait_for_line(path: &std::path::Path) {
    let started = std::time::Instant::now();
    while !std::fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n')) {
        assert!(started.elapsed().as_secs() < 30, "nothing was written to {}", path.display());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
