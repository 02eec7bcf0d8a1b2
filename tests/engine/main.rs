//! Tests of the engine through its public interfaces.

#![allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
#![allow(clippy::print_stdout, reason = "what was measured is shown where a test is run by hand")]

#[cfg(test)]
mod documents;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod gguf;
#[cfg(test)]
mod hub;
#[cfg(test)]
mod layout;
#[cfg(test)]
mod models_command;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod prompt;
#[cfg(all(test, feature = "real-models"))]
mod prompt_real;
#[cfg(test)]
mod store;
#[cfg(test)]
mod worker;

#[cfg(unix)]
fn wait_for_line(path: &std::path::Path) {
    let started = std::time::Instant::now();
    while !std::fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n')) {
        assert!(started.elapsed().as_secs() < 30, "nothing was written to {}", path.display());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
