//! PDFium, isolated in a process of its own.
//!
//! PDFium is native code, not thread-safe, and reads hostile files. So the engine never loads it: it starts its own
//! executable as `recto pages` ([`serve`]) and talks to it over pipes ([`wire`]). [`PagesProcess`] is the client; it
//! kills a process that takes too long, and restarts one that crashed. Once the process has opened its one file, it enters
//! a sandbox ([`Sandbox`]). Nothing here knows of lines, figures or documents other than PDFs.

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
