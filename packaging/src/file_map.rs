//! `cargo xtask file-map`: writes the file map of ARCHITECTURE.md from the tree on disk.
//!
//! A file's line is the first sentence of its `//!`, so the map says what the files say of themselves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::repository;
use crate::say;

const PAGE: &str = "ARCHITECTURE.md";
const START: &str = "```files\n";
const END: &str = "```";

/// Folders that the map covers.
const COVERED: &[&str] = &["app/src", "engine/src", "packaging/src"];

/// Writes the map.
///
/// # Errors
/// When the page or a file cannot be read, or the page has no block fenced with ` ```files `.
pub(crate) fn run() -> Result<()> {
    let root = repository();
    let page_path = root.join(PAGE);
    let page = fs::read_to_string(&page_path).with_context(|| format!("cannot read {PAGE}"))?;
    let (before, rest) = page.split_once(START).with_context(|| format!("{PAGE} has no block fenced with ```files"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("the file map of {PAGE} does not end"))?;
    let map = map_of(&root)?;
    fs::write(&page_path, format!("{before}{START}{map}{END}{after}"))
        .with_context(|| format!("cannot write {PAGE}"))?;
    say::result(format_args!("{} files on the map of {PAGE}", map.lines().count()));
    Ok(())
}

fn map_of(root: &Path) -> Result<String> {
    let mut paths = Vec::new();
    for folder in COVERED {
        collect(&root.join(folder), &mut paths)?;
    }
    paths.sort();
    let mut map = String::new();
    for path in paths.iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let short = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        map.push_str(format!("{short:<48} {}", first_sentence(&text)).trim_end());
        map.push('\n');
    }
    Ok(map)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry.with_context(|| format!("cannot list {}", folder.display()))?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

/// Tests of a module stand beside it and have no line of their own.
fn is_test(path: &Path) -> bool {
    let in_tests = path.parent().is_some_and(|folder| folder.ends_with("tests"));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    in_tests || name == "tests.rs" || name.ends_with("_tests.rs")
}

/// The first sentence of a file's own documentation, without its full stop.
fn first_sentence(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    let sentence = paragraph.split(". ").next().unwrap_or_default();
    sentence.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_described_by_its_first_sentence() {
        for (text, expected) in [
            ("//! One idea.\n//!\n//! More.\nuse x;", "One idea"),
            ("//! One idea\n//! on two lines. And more.\n", "One idea on two lines"),
            ("use x;", ""),
        ] {
            assert_eq!(first_sentence(text), expected);
        }
    }
}
