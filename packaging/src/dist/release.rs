//! What is being released: its version, its time and with which devices.

use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{output, repository};

/// A release, the same on every machine that makes packages of the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// The version, `0.1.0`.
    pub(crate) version: String,
    /// When it was made, in seconds of Unix time: `SOURCE_DATE_EPOCH`, or the time of the commit.
    pub(crate) epoch_secs: u64,
    /// Whether it is the one for NVIDIA's cards.
    pub(crate) has_cuda: bool,
}

impl Release {
    /// The release that this tree is, under another version where one is given.
    ///
    /// # Errors
    /// When neither the environment nor git tells the time.
    pub(crate) fn of_this_tree(version: Option<&str>, has_cuda: bool) -> Result<Self> {
        let epoch = if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
            epoch
        } else {
            let mut git = Command::new("git");
            output(git.current_dir(repository()).args(["log", "-1", "--format=%ct"]))
                .context("the time of the commit is not known; set SOURCE_DATE_EPOCH")?
        };
        Ok(Self {
            version: version.unwrap_or(env!("CARGO_PKG_VERSION")).to_owned(),
            epoch_secs: epoch.trim().parse().context("SOURCE_DATE_EPOCH is no number of seconds")?,
            has_cuda,
        })
    }

    /// What packages of it are called.
    pub(crate) fn name(&self) -> &'static str {
        if self.has_cuda { "recto-cuda" } else { "recto" }
    }
}
