//! Everything Recto is built from may be given away with it.

use std::process::Command;

use recto_tests::repository;
use serde_json::Value;

use crate::sources::report;

/// Licences that ask for no more than their text.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OFL-1.1",
    "Ubuntu-font-1.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages under a licence that asks for more, and why they may stay.
const EXCEPTIONS: &[(&str, &str, &str)] =
    &[("option-ext", "MPL-2.0", "used unchanged by `directories`; its source is on the registry")];

/// Whether an SPDX expression can be met with allowed licences alone.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    let any = |choices: &str| choices.split(" OR ").any(|one| ALLOWED.contains(&one.trim()));
    expression.split(" AND ").all(any)
}

/// The platform of this machine as rustc names it.
fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    // What other platforms need is not on this machine, and a test does not fetch it.
    metadata.current_dir(repository()).args(["metadata", "--format-version", "1", "--locked", "--offline"]);
    metadata.args(["--filter-platform", &host()]);
    let output = metadata.output().expect("cargo runs");
    assert!(output.status.success(), "`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 100, "only {} packages were seen", packages.len());
    let mut broken = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or("none named");
        let is_exception = EXCEPTIONS.iter().any(|(package, found, _)| (*package, *found) == (name, licence));
        if !is_allowed(licence) && !is_exception {
            broken.push(format!("{name} {}: {licence}", package["version"].as_str().unwrap_or_default()));
        }
    }
    report(
        "Everything Recto is built from is under a licence of the list in tests/tidy/licences.rs",
        "Use another package, or add the licence after reading what it asks for",
        broken,
    );
}

#[test]
fn expressions_are_understood() {
    for (expression, expected) in [
        ("MIT OR Apache-2.0", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("MIT AND GPL-3.0-only", false),
    ] {
        assert_eq!(is_allowed(expression), expected, "{expression}");
    }
}
