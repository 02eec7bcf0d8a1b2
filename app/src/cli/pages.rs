//! `recto pages`: the child process that reads PDFs or images, driven by the engine over a pipe.

use std::path::PathBuf;

use clap::Args;
use engine::document::pages::{ServeOptions, serve, serve_pictures};

use crate::cli::failure::Failure;

/// Arguments of `recto pages`.
#[derive(Debug, Args)]
pub(crate) struct PagesArgs {
    /// Path of the PDFium library
    #[arg(long, value_name = "PATH", required_unless_present = "pictures")]
    pdfium: Option<PathBuf>,
    /// Read an image file
    #[arg(long, conflicts_with = "pdfium")]
    pictures: bool,
    /// Address space limit of this process, in bytes; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    memory_bytes: u64,
}

/// Serves requests until standard input closes.
pub(crate) fn run(arguments: PagesArgs) -> Result<(), Failure> {
    match arguments.pdfium {
        Some(pdfium) => serve(&ServeOptions { pdfium, memory_bytes: arguments.memory_bytes })?,
        None => serve_pictures(arguments.memory_bytes)?,
    }
    Ok(())
}
