//! PDFium and the decoders of images, isolated in processes of their own.
//!
//! PDFium is native code, not thread-safe, and reads hostile files. So the engine never loads it: it starts its own
//! executable as `recto pages` ([`serve`]) and talks to it over pipes ([`wire`]). [`PagesProcess`] is the client; it
//! kills a process that takes too long, and restarts one that crashed. Once the process has opened its one file, it enters
//! a sandbox ([`Sandbox`]). Images are decoded by such a process too ([`serve_pictures`], [`picture_wire`]), because a
//! small file may ask for gigabytes. Nothing here knows of lines and figures.

mod client;
mod connection;
mod extract;
mod info;
mod library;
mod links;
mod objects;
mod page_space;
mod pdfium;
mod picture_client;
mod picture_server;
pub mod picture_wire;
mod render;
mod sandbox;
mod server;
mod text;
mod unmapped;
pub mod wire;

pub use client::{Limits, PagesError, PagesOptions, PagesProcess};
pub use library::{LibraryError, find_library};
pub(super) use picture_client::{PictureError, PicturesProcess};
pub use picture_server::serve_pictures;
pub use sandbox::{Sandbox, last_sandbox};
pub use server::{ServeError, ServeOptions, serve, serve_with};
