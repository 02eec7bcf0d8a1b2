//! Gives the Windows program its icon, version and manifest.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

/// What a resource compiler reads once it is filled in.
const RESOURCES: &str = "../packaging/windows/recto.rc";

fn main() -> ExitCode {
    for read in ["build.rs", RESOURCES, "../packaging/windows/recto.exe.manifest", "../assets/icons/recto.ico"] {
        println!("cargo::rerun-if-changed={read}");
    }
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("windows") {
        return ExitCode::SUCCESS;
    }
    match compile() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error=the program has no icon and no manifest: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compile() -> Result<(), Box<dyn std::error::Error>> {
    let version = env!("CARGO_PKG_VERSION");
    let numbers = version.split(['.', '-', '+']).take(3).collect::<Vec<_>>().join(",");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the package lies in no folder")?;
    let repository = repository.to_str().ok_or("the repository's path is not text")?.replace('\\', "/");
    let filled = fs::read_to_string(RESOURCES)?
        .replace("@REPOSITORY@", &repository)
        .replace("@NUMBERS@", &format!("{numbers},0"))
        .replace("@VERSION@", version);
    let path = Path::new(&env::var_os("OUT_DIR").ok_or("cargo gave no OUT_DIR")?).join("recto.rc");
    #[expect(clippy::disallowed_methods, reason = "a build writes into its own folder")]
    fs::write(&path, filled)?;
    embed_resource::compile(&path, embed_resource::NONE).manifest_required()?;
    Ok(())
}
