//! `recto pages`: the process that reads PDFs, asked by the engine over a pipe.

use std::path::PathBuf;

use clap::Args;
use engine::document::pages::{ServeOptions, serve};

use crate::cli::failure::Failure;

/// Arguments of `recto pages`.
#[derive(Debug, Args)]
pub(crate) struct PagesArgs {
    /// PDFium's library
    #[arg(long, value_name = "PATH")]
    pdfium: PathBuf,
    /// Most address space this process may have, in bytes; 0: no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    memory_bytes: u64,
}

/// Serves requests until standard input closes.
pub(crate) fn run(arguments: PagesArgs) -> Result<(), Failure> {
    serve(&ServeOptions { pdfium: arguments.pdfium, memory_bytes: arguments.memory_bytes })?;
    Ok(())
}
