//! `cargo xtask appimagetool`: fetches appimagetool, which no distribution packages, pinned by SHA-256.
//!
//! Also fetches the runtime at the start of every AppImage, of which the tool would otherwise download the newest. Both
//! go to `target/appimagetool`, with a script that runs the tool with that runtime. On GitHub, that folder is added to
//! `PATH` for the following steps.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::pdfium::hex_sha256;
use crate::process::{is_in_path, run};
use crate::program::target_folder;
use crate::say;

/// A file of a release, and its SHA-256 for each processor.
struct Pin {
    /// URL up to the processor's name.
    address: &'static str,
    /// URL after the processor's name.
    ending: &'static str,
    x86_64: &'static str,
    aarch64: &'static str,
}

const TOOL: Pin = Pin {
    address: "https://github.com/AppImage/appimagetool/releases/download/1.9.1/appimagetool-",
    ending: ".AppImage",
    x86_64: "ed4ce84f0d9caff66f50bcca6ff6f35aae54ce8135408b3fa33abfc3cb384eb0",
    aarch64: "f0837e7448a0c1e4e650a93bb3e85802546e60654ef287576f46c71c126a9158",
};

const RUNTIME: Pin = Pin {
    address: "https://github.com/AppImage/type2-runtime/releases/download/20251108/runtime-",
    ending: "",
    x86_64: "2fca8b443c92510f1483a883f60061ad09b46b978b2631c807cd873a47ec260d",
    aarch64: "00cbdfcf917cc6c0ff6d3347d59e0ca1f7f45a6df1a428a0d6d8a78664d87444",
};

/// Downloads tool and runtime.
///
/// # Errors
/// When this machine cannot build AppImages, or a download does not match its pin.
pub(crate) fn fetch() -> Result<()> {
    let processor = std::env::consts::ARCH;
    if !cfg!(target_os = "linux") || !["x86_64", "aarch64"].contains(&processor) {
        bail!("AppImages are built on Linux, for x86_64 and aarch64");
    }
    if !is_in_path("curl") {
        bail!("curl is not installed");
    }
    let folder = target_folder()?.join("appimagetool");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (tool, runtime) = (folder.join("appimagetool.AppImage"), folder.join("runtime"));
    fetch_pinned(&TOOL, processor, &tool)?;
    fetch_pinned(&RUNTIME, processor, &runtime)?;
    let script = folder.join("appimagetool");
    fs::write(&script, wrapper(&tool, &runtime)).with_context(|| format!("cannot write {}", script.display()))?;
    run(Command::new("chmod").arg("755").arg(&tool).arg(&script))?;
    if let Some(list) = std::env::var_os("GITHUB_PATH") {
        let mut list = OpenOptions::new().append(true).open(list).context("cannot extend PATH")?;
        writeln!(list, "{}", folder.display()).context("cannot extend PATH")?;
    } else {
        say::line(format_args!("appimagetool is in {}; put that folder into PATH", folder.display()));
    }
    Ok(())
}

fn fetch_pinned(pin: &Pin, processor: &str, to: &Path) -> Result<()> {
    let wanted = if processor == "aarch64" { pin.aarch64 } else { pin.x86_64 };
    let is_there = || fs::read(to).is_ok_and(|bytes| hex_sha256(&bytes) == wanted);
    if is_there() {
        return Ok(());
    }
    let address = format!("{}{processor}{}", pin.address, pin.ending);
    let mut curl = Command::new("curl");
    curl.args(["--fail", "--silent", "--show-error", "--location", "--retry", "3", "--output"]).arg(to);
    run(curl.arg(&address))?;
    if !is_there() {
        fs::remove_file(to).with_context(|| format!("cannot remove {}", to.display()))?;
        bail!("{address} does not match its pinned SHA-256");
    }
    Ok(())
}

/// Runs the tool without FUSE, with the pinned runtime.
fn wrapper(tool: &Path, runtime: &Path) -> String {
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    format!("#!/bin/sh\nexec {} --appimage-extract-and-run --runtime-file {} \"$@\"\n", quoted(tool), quoted(runtime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_survives_folders_as_users_have_them() {
        let script = wrapper(Path::new("/home folder/it's/tool"), Path::new("/runtime"));
        assert!(script.contains(r"exec '/home folder/it'\''s/tool' --appimage"), "{script}");
        assert!(script.ends_with("--runtime-file '/runtime' \"$@\"\n"), "{script}");
    }

    #[test]
    fn what_is_not_the_pinned_file_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("made-up-x86_64");
        fs::write(&from, "something else").unwrap();
        let address: &'static str = Box::leak(format!("file://{}", folder.path().join("made-up-").display()).into());
        let pin = |sha256: &'static str| Pin { address, ending: "", x86_64: sha256, aarch64: sha256 };
        let to = folder.path().join("fetched");
        if is_in_path("curl") {
            assert!(fetch_pinned(&pin("00"), "x86_64", &to).unwrap_err().to_string().contains("made-up-x86_64"));
            assert!(!to.exists());
        }
        let digest: &'static str = Box::leak(hex_sha256(b"something else").into());
        fs::copy(&from, &to).unwrap();
        fetch_pinned(&pin(digest), "x86_64", &to).unwrap();
        assert!(to.exists());
    }
}
