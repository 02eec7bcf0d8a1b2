//! The folder map of ARCHITECTURE.md is the tree on disk.
//!
//! The map is the block fenced with ```` ```folders ````: a folder per line, two spaces deeper than the folder it is
//! in, then what it is for. What single files are for is said by their own `//!`.

use std::collections::BTreeSet;

use crate::sources::{has_extension, read, report, tracked};

/// Where every folder with Rust sources is on the map.
const SOURCES: &[&str] = &["app/src", "engine/src", "packaging/src", "tests"];

/// Where every direct subfolder is on the map, whatever is in it.
const SHELVES: &[&str] = &["assets", "packaging", "tests"];

/// Other folders that are on the map.
const OTHERS: &[&str] = &["docs"];

/// Folders of a map, with their whole paths.
fn parse(map: &str) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    let mut open: Vec<(usize, String)> = Vec::new();
    for line in map.lines() {
        let Some(name) = line.split_whitespace().next() else { continue };
        let depth = line.len() - line.trim_start().len();
        open.retain(|(outer, _)| *outer < depth);
        let path = open.last().map_or_else(|| name.to_owned(), |(_, outer)| format!("{outer}/{name}"));
        folders.insert(path.clone());
        open.push((depth, path));
    }
    folders
}

fn on_the_map() -> BTreeSet<String> {
    let page = read("ARCHITECTURE.md");
    let block = page.split("```folders\n").nth(1).and_then(|rest| rest.split("```").next());
    parse(block.expect("ARCHITECTURE.md has no block fenced with ```folders"))
}

/// Tests of a module may have a folder of their own, which needs no line.
fn is_test(file: &str) -> bool {
    file == "tests.rs" || file.ends_with("_tests.rs")
}

/// Folders that belong on the map.
fn on_disk() -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for path in tracked().iter().filter(|path| recto_tests::repository().join(path).is_file()) {
        let Some((folder, file)) = path.rsplit_once('/') else { continue };
        let is_source = SOURCES.iter().any(|root| folder == *root || folder.starts_with(&format!("{root}/")));
        if (is_source && has_extension(file, "rs") && !is_test(file)) || OTHERS.contains(&folder) {
            folders.insert(folder.to_owned());
        }
        for shelf in SHELVES {
            let inside = path.strip_prefix(shelf).and_then(|rest| rest.strip_prefix('/')?.split_once('/'));
            folders.extend(inside.map(|(child, _)| format!("{shelf}/{child}")));
        }
    }
    folders
}

/// Whether a folder is on the map only because others are in it.
fn holds_another(folder: &str, folders: &BTreeSet<String>) -> bool {
    folders.iter().any(|other| other.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

#[test]
fn every_folder_is_on_the_map() {
    let missing = on_disk().difference(&on_the_map()).cloned().collect();
    report("Every folder is on the map of ARCHITECTURE.md", "Add a line: its name, then what it is for", missing);
}

#[test]
fn everything_on_the_map_is_there() {
    let disk = on_disk();
    let gone = on_the_map().into_iter().filter(|folder| !disk.contains(folder) && !holds_another(folder, &disk));
    report("Every folder on the map of ARCHITECTURE.md exists", "Delete the line or correct the path", gone.collect());
}

#[test]
fn indented_lines_are_paths_below_the_line_above() {
    let map = "app/src  the program\n  cli    commands\n    bench  speed\n  window  the window\ndocs  chapters\n";
    let expected = ["app/src", "app/src/cli", "app/src/cli/bench", "app/src/window", "docs"];
    assert_eq!(parse(map), expected.map(String::from).into());
}
