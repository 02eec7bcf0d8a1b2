//! The repository's files, and the report of broken rules.

use std::path::{Path, PathBuf};
use std::process::Command;

use recto_tests::repository;

/// A text file of the repository.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where it is, from the root of the repository, with `/` between folders.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Files under `folder` (from the root) whose names end in one of `endings`, sorted by path.
pub(crate) fn under(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&repository().join(folder), &mut paths);
    paths.sort();
    let wanted = paths.into_iter().filter(|path| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)));
    wanted
        .filter_map(|path| Some(Source { text: std::fs::read_to_string(&path).ok()?, path: from_root(&path) }))
        .collect()
}

/// All Rust files of the repository.
pub(crate) fn rust() -> Vec<Source> {
    ["app", "engine", "packaging", "tests"].iter().flat_map(|folder| under(folder, &[".rs"])).collect()
}

/// One file, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files that git tracks, and those it would on the next `git add`.
pub(crate) fn tracked() -> Vec<String> {
    let mut git = Command::new("git");
    git.current_dir(repository()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().expect("git runs");
    assert!(output.status.success(), "`git ls-files` failed; is this a git checkout?");
    String::from_utf8_lossy(&output.stdout).split('\0').filter(|path| !path.is_empty()).map(String::from).collect()
}

/// `path` from the root of the repository.
pub(crate) fn from_root(path: &Path) -> String {
    let short = path.strip_prefix(repository()).unwrap_or(path);
    short.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The lines of a text with their numbers, comments left out.
pub(crate) fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether `word` stands in `line` by itself, not as a part of a longer name.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Fails with all places where a rule is broken, and how to mend them.
pub(crate) fn report(rule: &str, mend: &str, mut broken: Vec<String>) {
    broken.sort();
    broken.dedup();
    assert!(broken.is_empty(), "\n{rule}.\n{mend}.\n  {}\n", broken.join("\n  "));
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, paths);
        } else if path.is_file() {
            paths.push(path);
        }
    }
}

#[test]
fn words_are_told_from_parts_of_names() {
    for (line, expected) in [("use candle_core::Tensor;", true), ("my_candle_core", false), ("candle_core2", false)] {
        assert_eq!(has_word(line, "candle_core"), expected, "{line}");
    }
}

/// Whether a path ends in the extension, in any case.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
