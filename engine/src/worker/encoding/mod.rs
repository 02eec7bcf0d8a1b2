//! From planned windows to the memory that answers are written from.
//!
//! `encode` runs the encoder over the windows, with `cache` between it and the disk; `windows` holds what is finished,
//! `coverage` says how much of the documents that is, and `memory` turns it into what the decoder attends to.
//! Nothing here knows files on the user's disk, commands or the session.

pub(super) mod cache;
pub(super) mod coverage;
pub(super) mod encode;
pub(super) mod memory;
pub(super) mod windows;
