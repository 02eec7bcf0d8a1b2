//! Everything Recto stores on disk: the only module that writes files.
//!
//! Recto's own files are in [`StoreFolder`]s with versioned names. They are written [atomically](atomic) and under [`lock`]s,
//! so that neither a crash nor a second process leaves partial data that looks complete. Files that the user asks for
//! elsewhere go through [`output`]. What is Recto's own is closed to other users: see `access.rs`. Knows nothing of tensors, prompts or the network: it stores bytes.

mod access;
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
pub mod path_text;
mod resumable;
mod retry;
mod scratch;
mod space;
mod store_folder;

pub use access::close_to_others;
pub use directories::Directories;
pub use disk::{SPARE_BYTES, are_on_one_disk, free_bytes};
pub use error::StoreError;
pub use lock::FileLock;
pub use log::log_file;
pub use partial::{PartialDownload, PartialFile, Wanted};
pub use scratch::ScratchFolder;
pub use space::require_free;
pub use store_folder::StoreFolder;
