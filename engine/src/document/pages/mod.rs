//! PDFium, kept in a process of its own.
//!
//! PDFium is native code, not thread-safe, and reads hostile files. So the engine never loads it: it starts the same
//! executable as `recto pages` ([`serve`]) and asks it over pipes ([`wire`]). [`PagesProcess`] is the asking side; it
//! ends a request that takes too long, and starts the process again after it died. Once the process has opened its one
//! file, it gives up everything else ([`Sandbox`]). Nothing here knows of lines,
//! figures or documents other than PDFs.

mod client;
mod connection;
mod extract;
mod info;
mod library;
mod links;
mod objects;
mod page_space;
mod pdfium;
mod render;
mod sandbox;
mod server;
mod text;
mod unmapped;
pub mod wire;

pub use client::{Limits, PagesError, PagesOptions, PagesProcess};
pub use library::{LibraryError, find_library};
pub use sandbox::{Sandbox, last_sandbox};
pub use server::{ServeError, ServeOptions, serve, serve_with};
