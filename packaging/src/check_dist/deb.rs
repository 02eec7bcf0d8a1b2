//! The .deb: installed in clean roots of two Debian releases, used, upgraded, used again and removed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::root::Root;
use super::{name_of, used};
use crate::process::output;
use crate::say;
use crate::window::display::Display;
use crate::window::home::{Home, models};

/// Releases of Debian.
const SUITES: &[&str] = &["bookworm", "trixie"];

/// Installs `earlier`, upgrades to `later`, and uses both.
///
/// # Errors
/// When a package does not install or work, loses user data, or leaves files behind.
pub(super) fn check(earlier: &Path, later: &Path, display: &Display, scratch: &Path) -> Result<()> {
    for suite in SUITES {
        let home = Home::called(scratch, &format!("deb-home-{suite}"))?;
        let models = models()?;
        let mut shared = vec![home.path()];
        if models.exists() {
            shared.push(&models);
        }
        let root = Root::fresh(suite, &shared)?;
        root.apt(&["update"])?;
        install(&root, earlier)?;
        let entry = root.folder().join("usr/share/applications/recto.desktop");
        let recto = root.starter(&used::command_of(&entry)?)?;
        used::in_window(display, &recto, &home, &format!("deb-{suite}"))?;

        install(&root, later)?;
        used::as_it_was_left(display, &recto, &home)?;
        used::on_command_line(&mut root.command("recto"), &home, &format!("deb-{suite}"))?;
        let version = output(root.command("dpkg-query").args(["--show", "--showformat=${Version}", "recto"]))?;
        ensure!(name_of(later).contains(&version), "{version} is installed instead of {}", name_of(later));

        let files = output(root.command("dpkg").args(["--listfiles", "recto"]))?;
        root.apt(&["purge", "--yes", "recto"])?;
        let is_left = |name: &&str| {
            let path = root.folder().join(name.trim_start_matches('/'));
            path.is_file() || (path.is_dir() && name.contains("/recto"))
        };
        let left: Vec<_> = files.lines().filter(is_left).collect();
        ensure!(left.is_empty(), "the package left behind {left:?}");
        ensure!(!home.turns()?.is_empty(), "removing the package took the user's conversation");
        say::result(format_args!(
            "deb-{suite}: upgraded to {version} with report and conversation as they were, removed without a trace of {} files",
            files.lines().count()
        ));
    }
    Ok(())
}

fn install(root: &Root, package: &Path) -> Result<()> {
    let inside = format!("/var/tmp/{}", name_of(package));
    fs::copy(package, root.folder().join(inside.trim_start_matches('/'))).context("cannot copy the package")?;
    root.apt(&["install", "--yes", "--no-install-recommends", &inside])
}
