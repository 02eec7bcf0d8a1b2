//! Everything Recto stores on disk: the only module that writes files.
//!
//! Recto's own files are in [`StoreFolder`]s with versioned names. They are written [atomically](atomic) and under [`lock`]s,
//! so that neither a crash nor a second process leaves partial data that looks complete. Files that the user asks for
//! elsewhere go through [`output`]. Knows nothing of tensors, prompts or the network: it stores bytes.

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
pub mod path_text;
mod retry;
mod scratch;
mod space;
mod store_folder;

pub use directories::Directories;
pub use disk::{SPARE_BYTES, are_on_one_disk, free_bytes};
pub use error::StoreError;
pub use lock::FileLock;
pub use log::log_file;
pub use partial::{PartialDownload, PartialFile, Wanted};
pub use scratch::ScratchFolder;
pub use space::require_free;
pub use store_folder::StoreFolder;
