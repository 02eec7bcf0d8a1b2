//! What Recto keeps on disk: the only module that writes.
//!
//! Under Recto's own directories everything goes into [`Bucket`]s with a versioned name, through [`atomic`] writes and
//! under [`lock`]s, so that neither a crash nor a second process leaves something half done that looks whole. What the
//! user asks to be written elsewhere goes through [`output`]. Nothing here knows of tensors, prompts or the network: what
//! is kept is bytes.

pub mod atomic;
mod bucket;
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
mod patience;

pub use bucket::Bucket;
pub use directories::Directories;
pub use disk::{SPARE_BYTES, are_on_one_disk, free_bytes, require_free};
pub use error::StoreError;
pub use folder::ScratchFolder;
pub use lock::FileLock;
pub use log::log_file;
pub use partial::{PartialDownload, PartialFile, Wanted};
