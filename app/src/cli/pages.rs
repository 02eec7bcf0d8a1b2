//! `recto pages`: the process that reads PDFs, asked by the engine over a pipe.

use clap::Args;

use super::report::Failure;

/// Arguments of `recto pages`.
#[derive(Debug, Args)]
pub(crate) struct PagesArgs {}

/// Serves requests until standard input closes.
pub(crate) fn run(_arguments: &PagesArgs) -> Result<(), Failure> {
    Ok(())
}
