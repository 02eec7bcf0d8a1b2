//! Which modules of the application may use which.

use crate::sources::{report, under};

/// Modules from the bottom up: a module uses those of lower ranks, and of its own rank only itself. A folder that is
/// not listed belongs to the module it is in.
const RANKS: &[&[&str]] = &[
    &["page_ranges", "wake"],
    &["platform"],
    &["services"],
    &["window/markdown", "window/remote", "window/theme"],
    &["window/pages", "window/widgets"],
    &["window/state"],
    &["window/saved"],
    &["window/tabs"],
    &["window/export"],
    &["window/commands"],
    &["window/screens"],
    &["window/app"],
    // What the window exports to the rest of the program.
    &["window"],
    &["cli"],
    &["lib", "main"],
];

/// Intended uses within a rank or against it, with reasons.
const MEANT: &[(&str, &str, &str)] = &[];

fn rank(module: &str) -> Option<usize> {
    RANKS.iter().position(|rank| rank.contains(&module))
}

/// The module of the table that a path is in: its longest listed prefix.
fn listed(path: &[String]) -> Option<String> {
    (1..=path.len()).rev().map(|length| path[..length].join("/")).find(|begin| rank(begin).is_some())
}

/// The path of the module that a file holds: `window/state/tab.rs` is `window`, `state`, `tab`.
fn module_of(file: &str) -> Vec<String> {
    let inside = file.trim_start_matches("app/src/").trim_end_matches(".rs").trim_end_matches("/mod");
    inside.split('/').map(String::from).collect()
}

/// The text without comments and without the tests in it.
fn code(text: &str) -> String {
    let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    own.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Paths into the application that a text names: by `crate::`, or by `super::` from the module `own`.
fn named(text: &str, own: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in text.match_indices(start) {
            // The middle of a path was seen at its beginning.
            if !text[..at].ends_with(|c: char| c == ':' || c == '_' || c.is_alphanumeric()) {
                expand(&text[at..], &[], &mut found);
            }
        }
    }
    found.iter().filter_map(|path| resolve(path, own)).collect()
}

/// Follows a path, and each branch of a list in braces.
fn expand(text: &str, before: &[String], found: &mut Vec<Vec<String>>) {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let mut path = before.to_vec();
    path.extend((end > 0).then(|| text[..end].to_owned()));
    let Some(rest) = text[end..].strip_prefix("::").filter(|_| end > 0) else {
        found.push(path);
        return;
    };
    let Some(list) = rest.trim_start().strip_prefix('{') else {
        expand(rest, &path, found);
        return;
    };
    let (mut depth, mut from) = (0_i32, 0);
    for (at, c) in list.char_indices() {
        if depth == 0 && (c == ',' || c == '}') {
            if !list[from..at].trim().is_empty() {
                expand(&list[from..at], &path, found);
            }
            from = at + 1;
            if c == '}' {
                return;
            }
        }
        depth += i32::from(c == '{') - i32::from(c == '}');
    }
}

/// A path from the root of the crate, or `None` where it leads out of it.
fn resolve(path: &[String], own: &[String]) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let names = path[ups..].iter().skip(usize::from(ups == 0)).cloned();
    let base = if ups == 0 { &[][..] } else { own.get(..own.len().checked_sub(ups)?)? };
    Some(base.iter().cloned().chain(names).collect())
}

#[test]
fn modules_use_only_what_is_below_them() {
    let mut broken = Vec::new();
    for source in under("app/src", &[".rs"]).iter().filter(|source| !source.path.ends_with("tests.rs")) {
        let module = module_of(&source.path);
        let Some(own) = listed(&module) else {
            broken.push(format!("{}: no place in the table of tests/tidy/app_layering.rs", source.path));
            continue;
        };
        for path in named(&code(&source.text), &module) {
            let Some(used) = listed(&path).filter(|used| *used != own) else { continue };
            let is_meant = MEANT.iter().any(|(user, meant, _)| (*user, *meant) == (own.as_str(), used.as_str()));
            if rank(&used) >= rank(&own) && !is_meant {
                broken.push(format!("{}: `{own}` uses `{used}` ({})", source.path, path.join("::")));
            }
        }
    }
    report(
        "Inside the application each module uses only modules below it: see the table in tests/tidy/app_layering.rs",
        "Move what both need into the lower module; import it from where it is defined, not from `window`",
        broken,
    );
}

#[test]
fn paths_are_followed_into_braces_and_up() {
    let own = module_of("app/src/window/state/tab.rs");
    let text =
        "use crate::{services::models::Speed, platform::log};\nuse super::super::theme::Look;\nuse super::scope;";
    let found: Vec<String> = named(text, &own).iter().map(|path| path.join("/")).collect();
    assert_eq!(found, ["services/models/Speed", "platform/log", "window/theme/Look", "window/state/scope"]);
    assert_eq!(module_of("app/src/window/app/mod.rs"), ["window", "app"]);
}
