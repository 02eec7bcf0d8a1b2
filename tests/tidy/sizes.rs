//! Files stay small and have meaningful names.

use crate::sources::{report, rust};

/// Most lines in a file.
const MOST_LINES: usize = 500;

/// Most lines of tests inside a file; more go into a sibling file.
const MOST_INNER_TEST_LINES: usize = 150;

/// Names that say nothing about the content.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "manager", "common", "misc"];

#[test]
fn files_are_short() {
    let mut broken = Vec::new();
    for source in rust() {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            broken.push(format!("{}: {lines} lines, {MOST_LINES} at most", source.path));
        }
        let inner = source.text.split("#[cfg(test)]\nmod tests {").nth(1).map_or(0, |tests| tests.lines().count());
        if inner > MOST_INNER_TEST_LINES {
            broken.push(format!("{}: {inner} lines of tests inside, {MOST_INNER_TEST_LINES} at most", source.path));
        }
    }
    report("A file is one idea", "Split it by idea; move long tests to a sibling `tests.rs`", broken);
}

#[test]
fn names_say_what_is_inside() {
    let mut broken = Vec::new();
    for source in rust() {
        let is_empty_name = |part: &str| EMPTY_NAMES.contains(&part.trim_end_matches(".rs"));
        if source.path.split('/').any(is_empty_name) {
            broken.push(source.path);
        }
    }
    report("A module's name says what is inside", "Name it after its idea", broken);
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent = rust().into_iter().filter(|source| !source.text.starts_with("//!")).map(|source| source.path);
    report("Every file begins with `//!`", "Say its purpose, and what it must not know", silent.collect());
}
