//! Where the application reads files by itself: the engine reads all others.

use crate::sources::{code_lines, report, under};

/// What opens or reads a file or a folder.
const READS: &[&str] = &[
    "fs::read(",
    "fs::read_to_string(",
    "fs::read_dir(",
    "fs::metadata(",
    "File::open(",
    "OpenOptions::new()",
    ".metadata()",
    ".read_dir()",
];

/// Files of the application that may, by the end of their paths, and what for.
const ALLOWED: &[(&str, &str)] = &[
    ("cli/options.rs", "a password that the user keeps in a file"),
    ("cli/eval/rows.rs", "the questions of `recto eval`"),
    ("platform/install_paths.rs", "cargo's list of what a build was made from, to find the sample of a checkout"),
    ("services/library/scan.rs", "whether a report's file is still the one that was read"),
];

#[test]
fn the_application_reads_few_files() {
    let mut broken = Vec::new();
    for source in under("app/src", &[".rs"]) {
        if ALLOWED.iter().any(|(end, _)| source.path.ends_with(end)) || source.path.ends_with("tests.rs") {
            continue;
        }
        let code = source.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in code_lines(code) {
            if READS.iter().any(|read| line.contains(read)) {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    report(
        "The application leaves reading files to the engine, but for those listed in tests/tidy/file_access.rs",
        "Read it in engine::document or engine::store, or list the file there with its reason",
        broken,
    );
}
