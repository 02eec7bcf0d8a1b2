//! What does not belong in the repository, and reasons for every exception.

use crate::sources::{Source, code_lines, has_extension, has_word, read, report, rust, tracked};

/// Hosts of package registries, and folders of somebody's machine: in pieces, so that this file does not break its
/// rule.
const BANNED: &[(&str, &str)] = &[
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/ro", "ot/"),
    ("/wo", "rk/"),
    ("pypi", ".org"),
    ("files.python", "hosted.org"),
    ("crates", ".io/"),
    ("registry.npm", "js.org"),
];

/// Markers of unfinished work.
const UNFINISHED: &[(&str, &str)] = &[("TO", "DO"), ("FIX", "ME"), ("X", "XX")];

fn texts() -> Vec<Source> {
    let is_text = |path: &String| !has_extension(path, "pdf") && path != "Cargo.lock";
    let read = |path: String| {
        let text = std::fs::read_to_string(recto_tests::repository().join(&path)).ok()?;
        Some(Source { path, text })
    };
    tracked().into_iter().filter(is_text).filter_map(read).collect()
}

#[test]
fn no_machine_and_no_registry_is_named() {
    let mut broken = Vec::new();
    for source in texts() {
        for (number, line) in source.text.lines().enumerate() {
            if BANNED.iter().any(|(one, other)| line.contains(&format!("{one}{other}"))) {
                broken.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    report(
        "No file names a folder of somebody's machine or the host of a registry",
        "Use a path from the root of the repository; packages go through their ordinary clients",
        broken,
    );
}

#[test]
fn nothing_is_left_unfinished() {
    let mut broken = Vec::new();
    for source in rust() {
        for (number, line) in source.text.lines().enumerate() {
            if UNFINISHED.iter().any(|(one, other)| has_word(line, &format!("{one}{other}"))) {
                broken.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    report("Nothing is left unfinished in the code", "Finish it, or open an issue and take the note out", broken);
}

#[test]
fn every_exception_has_its_reason() {
    let mut broken = Vec::new();
    for source in rust() {
        for (number, line) in code_lines(&source.text) {
            let line = line.trim_start();
            let opens =
                ["#[allow(", "#[expect(", "#![allow(", "#![expect("].iter().any(|start| line.starts_with(start));
            let attribute: String = source.text.lines().skip(number - 1).take(4).collect::<Vec<_>>().join(" ");
            if opens && !attribute.split(")]").next().is_some_and(|inside| inside.contains("reason")) {
                broken.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    report("Every allow and expect says why", "Add `reason = \"…\"`", broken);
}

#[test]
fn clippy_files_share_their_common_part_and_give_reasons() {
    let root: toml::Table = read(".clippy.toml").parse().unwrap();
    let runner: toml::Table = read("packaging/.clippy.toml").parse().unwrap();
    let mut broken = Vec::new();
    for (key, value) in root.iter().filter(|(key, _)| *key != "disallowed-methods") {
        if runner.get(key) != Some(value) {
            broken.push(format!("packaging/.clippy.toml: `{key}` is not as in .clippy.toml"));
        }
    }
    for (file, table) in [(".clippy.toml", &root), ("packaging/.clippy.toml", &runner)] {
        for ban in table["disallowed-methods"].as_array().unwrap() {
            if ban.get("reason").is_none() {
                broken.push(format!("{file}: {ban} has no reason"));
            }
        }
    }
    report("The clippy files agree, and each ban says why", "Repeat the root's settings; add a reason", broken);
}
