//! Files in; pages of lines and figures, each with its box, out.
//!
//! PDFium runs in a child process ([`pages`]). Pure functions turn its characters and drawing objects ([`raw`]) into lines
//! in reading order and figures. Nothing here knows about tokens or models. See `docs/reading.md`.

mod assemble;
mod bounded;
mod damage;
mod error;
pub mod figures;
pub mod geometry;
mod image_file;
pub mod layout;
mod open;
pub mod page;
pub mod page_clock;
pub mod pages;
mod pdf;
mod pdf_pool;
mod picture;
pub mod raw;
mod sniff;
mod stamp;
mod text_encoding;
mod text_file;
mod text_pages;
mod tiff_pages;

pub use error::DocumentError;
pub use open::{DocumentInfo, OpenDocument, OpenOptions, file_hash, file_name, open};
