//! Recto's engine: documents in, answers with evidence out. It has no window and no network but in its `hub`.

pub mod cancel;
pub mod child;
pub mod cite;
pub mod diagnostic;
pub mod document;
pub mod hub;
pub mod kernels;
pub mod mailbox;
pub mod model;
pub mod prompt;
pub mod protocol;
pub mod regular_file;
pub mod resample;
pub mod store;
pub mod text;
pub mod untrusted;
pub mod viewer;
pub mod weights;
pub mod worker;
