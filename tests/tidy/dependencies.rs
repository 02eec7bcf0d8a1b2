//! Which crates may depend on which, and which modules may use the network.

use std::collections::BTreeSet;

use crate::sources::{code_lines, has_word, read, report, rust};

/// Per crate: its manifest and the members of the workspace it may depend on.
const MEMBERS: &[(&str, &str, &[&str])] = &[
    ("engine", "engine/Cargo.toml", &[]),
    ("app", "app/Cargo.toml", &["engine"]),
    ("recto-tests", "tests/Cargo.toml", &["app", "engine"]),
    ("xtask", "packaging/Cargo.toml", &[]),
];

/// Crates the engine must not use: it has no GUI.
const WINDOWS: &[&str] = &["accesskit", "eframe", "egui", "egui_kittest", "rfd", "winit"];

/// Crates that app and task runner must not use: they have neither tensors nor network.
const TENSORS_AND_NETWORK: &[&str] =
    &["candle-core", "candle-nn", "curl", "gemm", "hyper", "reqwest", "safetensors", "tokenizers", "ureq"];

/// Places where candle types may be named.
const CANDLE_PLACES: &[&str] =
    &["engine/src/weights", "engine/src/model", "engine/src/kernels", "engine/src/worker", "tests/"];

/// Places that may use the network or start programs that do.
const NETWORK_PLACES: &[&str] = &[
    "engine/src/hub",
    "packaging/",
    "tests/shared/hub_server.rs",
    "tests/engine/pip_apart.rs",
    // It tries to reach the network and must not.
    "tests/src/sandbox_probe.rs",
    "tests/tidy/",
];

/// Names of what uses the network.
const NETWORK: &[&str] = &["std::net", "TcpStream", "UdpSocket", "TcpListener", "ureq", "reqwest", "\"pip\""];

/// Names in all dependency tables of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let table: toml::Table = read(manifest).parse().unwrap_or_else(|error| panic!("{manifest}: {error}"));
    let mut names = BTreeSet::new();
    collect(&table, &mut names);
    names
}

fn collect(table: &toml::Table, names: &mut BTreeSet<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        if key.ends_with("dependencies") {
            names.extend(inner.keys().cloned());
        } else {
            collect(inner, names);
        }
    }
}

#[test]
fn members_depend_in_one_direction() {
    let members: Vec<_> = MEMBERS.iter().map(|(name, ..)| *name).collect();
    let mut broken = Vec::new();
    for (name, manifest, allowed) in MEMBERS {
        for dependency in dependencies(manifest) {
            if members.contains(&dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                broken.push(format!("{manifest}: {name} depends on {dependency}"));
            }
        }
    }
    report(
        "Dependencies go app -> engine and tests -> both, never back; xtask stands alone",
        "Move what is needed down into the engine, or say it with plain data of engine::protocol",
        broken,
    );
}

#[test]
fn the_engine_has_no_window_and_the_others_no_tensors() {
    let mut broken = Vec::new();
    for (manifest, banned) in [
        ("engine/Cargo.toml", WINDOWS),
        ("app/Cargo.toml", TENSORS_AND_NETWORK),
        ("packaging/Cargo.toml", TENSORS_AND_NETWORK),
    ] {
        for dependency in dependencies(manifest).iter().filter(|name| banned.contains(&name.as_str())) {
            broken.push(format!("{manifest}: {dependency}"));
        }
    }
    report(
        "The engine has no window; app and task runner have neither tensors nor network",
        "Put windows into app/src/window, tensors into engine/src/model, kernels or weights, network into engine/src/hub",
        broken,
    );
}

#[test]
fn candle_is_named_only_where_tensors_live() {
    let mut broken = Vec::new();
    for source in rust().iter().filter(|source| !is_under(&source.path, CANDLE_PLACES)) {
        for (number, line) in code_lines(&source.text) {
            if has_word(line, "candle_core") || has_word(line, "candle_nn") {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    report(
        "candle types are named only in the engine's weights, model, kernels and worker",
        "Pass plain numbers across the border, or move the code to where tensors live",
        broken,
    );
}

#[test]
fn only_the_hub_talks_to_the_network() {
    let mut broken = Vec::new();
    for source in rust().iter().filter(|source| !is_under(&source.path, NETWORK_PLACES)) {
        for (number, line) in code_lines(&source.text) {
            if NETWORK.iter().any(|name| has_word(line, name)) {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    report(
        "Nothing but engine::hub talks to the network or runs pip",
        "Move the code to engine/src/hub, where the user asked for it by name",
        broken,
    );
}

fn is_under(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path.starts_with(place))
}
