//! What Recto keeps on disk: the only module that writes.
//!
//! Under Recto's own directories everything goes into [`StoreFolder`]s with a versioned name, through [`atomic`] writes and
//! under [`lock`]s, so that neither a crash nor a second process leaves something half done that looks whole. What the
//! user asks to be written elsewhere goes through [`output`]. Nothing here knows of tensors, prompts or the network: what
//! is kept is bytes.

pub mod atomic;
mod directories;
mod disk;
pub mod encodings;
mod error;
mod folder;
pub mod library;
mod lock;
mod log;
pub mod models;
pub mod output;
mod partial;
mod resumable;
mod retry;
mod scratch;
mod space;
mod store_folder;

pub use directories::Directories;
pub use disk::{are_on_one_disk, free_bytes};
pub use error::StoreError;
pub use lock::FileLock;
pub use log::log_file;
pub use partial::{PartialDownload, PartialFile, Wanted};
pub use scratch::ScratchFolder;
pub use space::require_free;
pub use store_folder::StoreFolder;
