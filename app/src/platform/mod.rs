//! Operating system facilities, one file each. Independent of the command line and the window.

pub(crate) mod battery;
pub(crate) mod file_dialog;
pub(crate) mod file_manager;
pub(crate) mod install_paths;
pub(crate) mod log;
#[cfg(target_os = "macos")]
pub(crate) mod macos_open;
pub(crate) mod single_instance;
