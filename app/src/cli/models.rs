//! `recto models`: what is installed, and how more gets there.

use clap::Args;

use super::report::Failure;

/// Arguments of `recto models`.
#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {}

/// Runs `recto models`.
pub(crate) fn run(_arguments: &ModelsArgs) -> Result<(), Failure> {
    Ok(())
}
