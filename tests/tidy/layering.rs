//! Which modules of the engine may use which.

use crate::sources::{code_lines, report, under};

/// Modules from the bottom up: a module uses those of lower ranks, and of its own rank only itself.
const RANKS: &[&[&str]] = &[
    // Access to untrusted data: opening files, displaying text.
    &["regular_file", "untrusted"],
    &["cancel", "child", "diagnostic", "mailbox", "resample", "text"],
    // What the rest is described with: plain data.
    &["document"],
    &["protocol"],
    &["kernels", "store", "weights"],
    &["cite", "hub", "model", "prompt", "viewer"],
    &["error", "worker"],
];

/// Intended uses within a rank or against it, with reasons.
const MEANT: &[(&str, &str, &str)] = &[
    ("diagnostic", "cancel", "a cancelled job is reported like any other end"),
    ("weights", "kernels", "a quantised weight brings its own matrix product"),
    ("hub", "store", "what was fetched is handed to the store"),
    ("hub", "model", "a checkpoint's configuration says which tensors it must hold"),
    ("hub", "prompt", "an adapter may only teach a prompt that is known, and a tokenizer must be Gemma's"),
    ("cite", "prompt", "evidence is told in the prompt's spans"),
];

fn rank(module: &str) -> Option<usize> {
    RANKS.iter().position(|rank| rank.contains(&module))
}

/// The modules of the engine that a line of code names by `crate::module`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
}

#[test]
fn layers_use_only_what_is_below_them() {
    let mut broken = Vec::new();
    for source in under("engine/src", &[".rs"]) {
        let inside = source.path.trim_start_matches("engine/src/");
        let own = inside.split('/').next().unwrap_or("").trim_end_matches(".rs");
        if own == "lib" {
            continue;
        }
        let Some(own_rank) = rank(own) else {
            broken.push(format!("{}: module `{own}` has no place in the table of tests/tidy/layering.rs", source.path));
            continue;
        };
        for (number, line) in code_lines(&source.text) {
            for used in named(line).filter(|used| *used != own) {
                let is_meant = MEANT.iter().any(|(user, meant, _)| (*user, *meant) == (own, used));
                let is_below = rank(used).is_some_and(|rank| rank < own_rank);
                if rank(used).is_some() && !is_below && !is_meant {
                    broken.push(format!("{}:{number}: `{own}` uses `{used}`", source.path));
                }
            }
        }
    }
    report(
        "Inside the engine each layer uses only layers below it: see the table in tests/tidy/layering.rs",
        "Join layers in worker, which is above all of them, and pass plain values between them",
        broken,
    );
}

#[test]
fn names_are_found_in_lines() {
    let line = "use crate::model::layers; fn f(x: crate::weights::Weights) {}";
    assert_eq!(named(line).collect::<Vec<_>>(), ["model", "weights"]);
}
