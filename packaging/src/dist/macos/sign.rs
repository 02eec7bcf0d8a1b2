//! macOS code signing: with the identity named by the environment, otherwise ad hoc.
//!
//! Apple silicon runs no unsigned code, so without a certificate the application is signed *ad hoc*. Gatekeeper then
//! asks the user, who allows it once in the system settings.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::bundle;
use crate::process::{is_in_path, repository, run};
use crate::say;

/// Names the keychain identity, `Developer ID Application: …`.
const IDENTITY: &str = "RECTO_SIGN_IDENTITY";

/// Names the keychain profile that `notarytool` uses.
pub(crate) const NOTARY_PROFILE: &str = "RECTO_NOTARY_PROFILE";

/// The value of a variable that is set and not empty; missing secrets are empty.
pub(crate) fn given(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Signs the application, inner parts first.
///
/// # Errors
/// When `codesign` fails, or rejects the result.
pub(crate) fn sign(app: &Path, library: &str) -> Result<()> {
    if !is_in_path("codesign") {
        say::line(format_args!("the application is not signed: codesign needs a Mac"));
        return Ok(());
    }
    let identity = given(IDENTITY);
    if identity.is_none() {
        say::line(format_args!("the application is signed ad hoc: {IDENTITY} is not set"));
    }
    for mut command in signing(app, library, identity.as_deref()) {
        run(&mut command)?;
    }
    run(Command::new("codesign").args(["--verify", "--strict", "--deep"]).arg(app))
}

/// The signing commands, in order: a signature covers what is inside.
fn signing(app: &Path, library: &str, identity: Option<&str>) -> [Command; 2] {
    let codesign = |part: &Path, is_app: bool| {
        let mut command = Command::new("codesign");
        command.args(["--force", "--sign", identity.unwrap_or("-")]);
        // The hardened runtime loads only libraries of the same team, and an ad hoc signature has no team.
        if identity.is_some() {
            command.args(["--timestamp", "--options", "runtime"]);
            if is_app {
                command.arg("--entitlements").arg(repository().join("packaging/macos/entitlements.plist"));
            }
        }
        command.arg(part);
        command
    };
    [codesign(&bundle::library(app, library), false), codesign(app, true)]
}

/// Signs and notarises the disk image if the environment provides the credentials.
///
/// # Errors
/// When a tool fails, or Apple rejects the image.
pub(crate) fn sign_and_notarise_image(image: &Path) -> Result<()> {
    let Some(identity) = given(IDENTITY) else { return Ok(()) };
    run(Command::new("codesign").args(["--force", "--timestamp", "--sign", &identity]).arg(image))?;
    let Some(profile) = given(NOTARY_PROFILE) else {
        say::line(format_args!("the image is not notarised: {NOTARY_PROFILE} is not set"));
        return Ok(());
    };
    run(Command::new("xcrun").args(["notarytool", "submit", "--wait", "--keychain-profile", &profile]).arg(image))?;
    run(Command::new("xcrun").args(["stapler", "staple"]).arg(image))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &Command) -> Vec<String> {
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn what_is_inside_is_signed_first_and_hardened_where_somebody_signs() {
        let app = Path::new("Recto.app");
        let [library, whole] =
            signing(app, "libpdfium.dylib", Some("Developer ID Application: Somebody")).map(|c| words(&c));
        assert_eq!(library.last().unwrap(), "Recto.app/Contents/Frameworks/libpdfium.dylib");
        assert_eq!(whole.last().unwrap(), "Recto.app");
        for command in [&library, &whole] {
            assert!(command.windows(2).any(|pair| pair == ["--options", "runtime"]), "{command:?}");
            assert!(command.contains(&"--timestamp".to_owned()), "{command:?}");
        }
        assert!(whole.contains(&"--entitlements".to_owned()) && !library.contains(&"--entitlements".to_owned()));
    }

    #[test]
    fn a_signature_ad_hoc_is_not_hardened() {
        for command in signing(Path::new("Recto.app"), "libpdfium.dylib", None) {
            let words = words(&command);
            assert!(words.windows(2).any(|pair| pair == ["--sign", "-"]), "{words:?}");
            assert!(!words.contains(&"runtime".to_owned()), "{words:?}");
        }
    }
}
