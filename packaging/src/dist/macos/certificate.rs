//! `cargo xtask import-certificate`: imports a certificate from the environment.
//!
//! For disposable machines, such as those of continuous integration. A Mac gets a separate keychain; to sign on your
//! own Mac, name the certificate already in your keychain in `RECTO_SIGN_IDENTITY`. Elsewhere, for Windows packages,
//! the certificate becomes the file named by `RECTO_SIGN_PFX`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::sign::{NOTARY_PROFILE, given};
use crate::process::{output, run, succeeds};
use crate::program::target_folder;
use crate::{machine, say};

/// Certificate and key, as PKCS #12 in base64.
const CERTIFICATE: &str = "RECTO_SIGN_P12";
/// The file's password.
const PASSWORD: &str = "RECTO_SIGN_P12_PASSWORD";
/// App Store Connect key, with its ID and issuer ID.
const NOTARY_KEY: &str = "RECTO_NOTARY_KEY";
const NOTARY_KEY_ID: &str = "RECTO_NOTARY_KEY_ID";
const NOTARY_ISSUER: &str = "RECTO_NOTARY_ISSUER";

/// The keychain; its password adds no protection on a disposable machine.
const KEYCHAIN: &str = "recto-signing.keychain";
const KEYCHAIN_PASSWORD: &str = "recto";

/// Imports the given credentials, or reports that there are none.
///
/// # Errors
/// When a system tool fails. Errors contain no secrets.
pub(crate) fn import() -> Result<()> {
    let Some(certificate) = given(CERTIFICATE) else {
        say::line(format_args!("{CERTIFICATE} is not set; packages will not be signed"));
        return Ok(());
    };
    let folder = target_folder()?.join("signing");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if !cfg!(target_os = "macos") {
        return put_into_file(&certificate, &folder);
    }
    let result = import_with(&certificate, &folder);
    fs::remove_dir_all(&folder)
        .with_context(|| format!("{} contains a key and cannot be removed", folder.display()))?;
    result
}

/// Writes the certificate and tells the following steps where it is.
fn put_into_file(certificate: &str, folder: &Path) -> Result<()> {
    machine::need_tools(&[("osslsigncode", "osslsigncode")])?;
    let (encoded, file) = (folder.join("certificate.txt"), folder.join("certificate.pfx"));
    fs::write(&encoded, certificate).context("cannot write the certificate")?;
    let bytes = Command::new("base64").arg("--decode").arg(&encoded).output().context("cannot start base64")?;
    fs::remove_file(&encoded).context("cannot remove the certificate's text")?;
    if !bytes.status.success() {
        bail!("{CERTIFICATE} is not in base64");
    }
    fs::write(&file, bytes.stdout).context("cannot write the certificate")?;
    let told = format!("RECTO_SIGN_PFX={}", file.display());
    if let Some(list) = std::env::var_os("GITHUB_ENV") {
        let mut list = OpenOptions::new().append(true).open(list).context("cannot tell the next steps")?;
        return writeln!(list, "{told}").context("cannot tell the next steps");
    }
    say::line(format_args!("set {told}"));
    Ok(())
}

fn import_with(certificate: &str, folder: &Path) -> Result<()> {
    let security = || Command::new("security");
    run(security().args(["create-keychain", "-p", KEYCHAIN_PASSWORD, KEYCHAIN]))?;
    run(security().args(["set-keychain-settings", "-lut", "21600", KEYCHAIN]))?;
    run(security().args(["unlock-keychain", "-p", KEYCHAIN_PASSWORD, KEYCHAIN]))?;
    let (encoded, file) = (folder.join("certificate.txt"), folder.join("certificate.p12"));
    fs::write(&encoded, certificate).context("cannot write the certificate")?;
    run(Command::new("base64").args(["--decode", "-i"]).arg(&encoded).arg("-o").arg(&file))?;
    let mut add = security();
    add.arg("import").arg(&file).args(["-k", KEYCHAIN, "-T", "/usr/bin/codesign", "-P"]);
    // Not with `run`, whose errors show the whole command.
    if !succeeds(add.arg(given(PASSWORD).unwrap_or_default())) {
        bail!("the certificate in {CERTIFICATE} cannot be imported; is {PASSWORD} right?");
    }
    run(security()
        .args(["set-key-partition-list", "-S", "apple-tool:,apple:", "-s", "-k", KEYCHAIN_PASSWORD, KEYCHAIN])
        .stdout(Stdio::null()))?;
    // Keep the keychains that were searched before.
    let known = output(security().args(["list-keychains", "-d", "user"]))?;
    let known = known.lines().map(|line| line.trim().trim_matches('"'));
    run(security().args(["list-keychains", "-d", "user", "-s", KEYCHAIN]).args(known))?;
    store_notary_profile(folder)
}

fn store_notary_profile(folder: &Path) -> Result<()> {
    let (Some(key), Some(id), Some(issuer)) = (given(NOTARY_KEY), given(NOTARY_KEY_ID), given(NOTARY_ISSUER)) else {
        say::line(format_args!("{NOTARY_KEY} is not set; nothing will be notarised"));
        return Ok(());
    };
    let profile = given(NOTARY_PROFILE).with_context(|| format!("{NOTARY_PROFILE} does not name the profile"))?;
    let file = folder.join("notary.p8");
    fs::write(&file, key).context("cannot write the key")?;
    let mut store = Command::new("xcrun");
    store.args(["notarytool", "store-credentials", &profile, "--key-id", &id, "--issuer", &issuer, "--key"]);
    run(store.arg(file))
}
