//! What the operating system provides, one file per facility. Knows neither the command line nor the window.

pub(crate) mod battery;
pub(crate) mod file_dialog;
pub(crate) mod file_manager;
pub(crate) mod install_paths;
pub(crate) mod log;
#[cfg(target_os = "macos")]
pub(crate) mod macos_open;
pub(crate) mod single_instance;
