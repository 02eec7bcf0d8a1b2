//! The file map of ARCHITECTURE.md is the tree on disk.
//!
//! The map is the block fenced with ```` ```files ````: a path per line, from the root, then what is there.

use std::collections::BTreeSet;

use crate::sources::{read, report, under};

/// Folders that the map covers.
const COVERED: &[&str] = &["app/src", "engine/src", "packaging/src"];

/// Paths on the map.
fn mapped() -> BTreeSet<String> {
    let page = read("ARCHITECTURE.md");
    let block = page.split("```files\n").nth(1).and_then(|rest| rest.split("```").next());
    let block = block.expect("ARCHITECTURE.md has no block fenced with ```files");
    let paths = block.lines().filter_map(|line| line.split_whitespace().next());
    paths.map(String::from).filter(|path| COVERED.iter().any(|folder| path.starts_with(folder))).collect()
}

/// Rust files on disk. Files of a module's tests are found beside it and have no line of their own.
fn on_disk() -> BTreeSet<String> {
    let sources = COVERED.iter().flat_map(|folder| under(folder, &[".rs"])).map(|source| source.path);
    sources.filter(|path| !is_test(path)).collect()
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || path.contains("/tests/")
}

#[test]
fn every_file_is_on_the_map() {
    let missing = on_disk().difference(&mapped()).cloned().collect();
    report("Every Rust file is on the map of ARCHITECTURE.md", "Add a line: the path, then what is there", missing);
}

#[test]
fn everything_on_the_map_is_there() {
    let gone = mapped().difference(&on_disk()).cloned().collect();
    report("Everything on the map of ARCHITECTURE.md is on disk", "Take the line out or correct the path", gone);
}
