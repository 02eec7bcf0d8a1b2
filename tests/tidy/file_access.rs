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

/// What opens a file, in the engine.
const OPENS: &[&str] = &[
    "fs::read(",
    "fs::read_to_string(",
    "File::open(",
    "File::options()",
    "OpenOptions::new()",
    "MmapedSafetensors::multi(",
];

/// Files of the engine that open files by other means than `regular_file`, by the end of their paths, and why.
const OPENED_DIRECTLY: &[(&str, &str)] = &[
    ("engine/src/regular_file.rs", "opens them for everyone"),
    ("document/pages/server.rs", "the process of the PDF; the file was opened as a regular one before"),
    ("document/pages/picture_server.rs", "the process of an image; the file was opened as a regular one before"),
    ("store/atomic.rs", "a folder, to have it written to the disk"),
    ("store/models/install.rs", "a file that must be new"),
    ("store/access.rs", "options for `regular_file`"),
    ("store/partial.rs", "options for `regular_file`"),
    ("store/encodings/mapped.rs", "options for `regular_file`"),
    ("weights/safetensors.rs", "maps files that were opened as regular ones before"),
    ("worker/bench/machine.rs", "what the system says of the computer"),
];

/// Whether a line has a call, and not as the end of a longer name.
fn names(line: &str, call: &str) -> bool {
    line.match_indices(call).any(|(at, _)| !line[..at].ends_with(char::is_alphanumeric))
}

#[test]
fn the_engine_opens_regular_files_only() {
    let mut broken = Vec::new();
    for source in under("engine/src", &[".rs"]) {
        if OPENED_DIRECTLY.iter().any(|(end, _)| source.path.ends_with(end)) || source.path.ends_with("tests.rs") {
            continue;
        }
        let code = source.text.split("\nmod tests {").next().unwrap_or_default();
        for (number, line) in code_lines(code) {
            let opens = OPENS.iter().any(|open| names(line, open)) && !line.contains("regular_file::");
            if opens && !line.contains("fn ") {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    report(
        "Files are opened by engine::regular_file, which waits for no pipe and opens no device",
        "Use regular_file::open, open_with, read or read_to_string, or list the file in tests/tidy/file_access.rs",
        broken,
    );
}

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
