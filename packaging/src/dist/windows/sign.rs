//! Windows code signing, if the environment provides a certificate: `RECTO_SIGN_PFX` is its file, `RECTO_SIGN_PASSWORD`
//! its password, `RECTO_SIGN_TIMESTAMP` the URL of a timestamp server.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::is_in_path;
use crate::say;

/// Whether a certificate is given.
pub(super) fn has_certificate() -> bool {
    variable("RECTO_SIGN_PFX").is_some()
}

/// Reports once if nothing is signed.
pub(super) fn say_whether() {
    if !has_certificate() {
        say::line(format_args!("unsigned: RECTO_SIGN_PFX is not set, so Windows will warn of an unknown publisher"));
    }
}

/// Signs a program, an installer or an `.msi` in place; does nothing without a certificate.
///
/// # Errors
/// When there is a certificate but no tool, or the tool fails.
pub(super) fn sign(path: &Path) -> Result<()> {
    let Some(certificate) = variable("RECTO_SIGN_PFX") else { return Ok(()) };
    let password = variable("RECTO_SIGN_PASSWORD").unwrap_or_default();
    let time = variable("RECTO_SIGN_TIMESTAMP");
    // Errors usually show the command; these do not, because it contains the password.
    let failed = || format!("{} could not be signed", path.display());
    if is_in_path("signtool") {
        let mut signtool = Command::new("signtool");
        signtool.args(["sign", "/q", "/fd", "SHA256", "/d", "Recto", "/f"]).arg(certificate).arg("/p").arg(password);
        if let Some(time) = time {
            signtool.args(["/td", "SHA256", "/tr"]).arg(time);
        }
        return quietly(signtool.arg(path)).with_context(failed);
    }
    if !is_in_path("osslsigncode") {
        bail!("a certificate is given, but neither signtool nor osslsigncode is installed");
    }
    let unsigned = path.with_added_extension("unsigned");
    fs::rename(path, &unsigned).with_context(|| format!("cannot move {}", path.display()))?;
    let mut tool = Command::new("osslsigncode");
    tool.args(["sign", "-h", "sha256", "-n", "Recto", "-pkcs12"]).arg(certificate).arg("-pass").arg(password);
    if let Some(time) = time {
        tool.arg("-ts").arg(time);
    }
    quietly(tool.arg("-in").arg(&unsigned).arg("-out").arg(path)).with_context(failed)?;
    fs::remove_file(&unsigned).with_context(|| format!("cannot remove {}", unsigned.display()))
}

/// Runs a command without ever showing its arguments.
fn quietly(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_os_string();
    let output = command.output().with_context(|| format!("cannot start {}", program.display()))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("{} ended with {}: {}", program.display(), output.status, String::from_utf8_lossy(&said).trim());
    }
    Ok(())
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
