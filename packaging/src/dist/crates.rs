//! The crates linked into the program for a platform, as cargo resolves them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::target::Target;
use crate::process::{cargo, output, repository};

/// A crate.
#[derive(Clone, Debug)]
pub(crate) struct Crate {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its licence, an SPDX expression.
    pub(crate) licence: String,
    /// Its authors, if given.
    pub(crate) authors: Vec<String>,
    /// Its source folder on this machine.
    pub(crate) folder: PathBuf,
    /// SHA-256 of its archive in the registry; `None` for the program's own crates.
    pub(crate) sha256: Option<String>,
    /// Its dependencies, as indices in the list.
    pub(crate) uses: Vec<usize>,
}

/// All crates in the program, by name and version, without those for building, tests or other platforms.
///
/// # Errors
/// When cargo fails.
pub(crate) fn linked(target: &Target, features: &[&str]) -> Result<Vec<Crate>> {
    let chosen = ["--locked", "--features", &features.join(",")];
    let mut tree = cargo();
    tree.args(["tree", "--package", "app", "--edges", "normal,no-proc-macro", "--target", &target.triple]);
    let tree = output(tree.args(["--prefix", "none", "--format", "{p}"]).args(chosen))?;
    let linked: BTreeSet<_> = tree.lines().filter_map(name_and_version).collect();
    let mut metadata = cargo();
    metadata.args(["metadata", "--format-version", "1", "--filter-platform", &target.triple]).args(chosen);
    let metadata = output(metadata.arg("--manifest-path").arg(repository().join("app/Cargo.toml")))?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo's metadata is not JSON")?;
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let checksums = checksums(&lock)?;
    let packages = metadata["packages"].as_array().context("cargo's metadata has no packages")?;
    let mut found = BTreeMap::new();
    for package in packages {
        let key = (text(package, "name"), text(package, "version"));
        if linked.contains(&key) {
            found.insert(key, package);
        }
    }
    if found.len() != linked.len() {
        bail!("cargo lists {} linked packages and describes {}", linked.len(), found.len());
    }
    let places: BTreeMap<_, _> = found.values().enumerate().map(|(at, package)| (text(package, "id"), at)).collect();
    let nodes = metadata["resolve"]["nodes"].as_array().context("cargo resolved nothing")?;
    let used: BTreeMap<_, _> = nodes.iter().map(|node| (text(node, "id"), uses(node, &places))).collect();
    let describe = |((name, version), package): (&(String, String), &&Value)| Crate {
        licence: text(package, "license").replace('/', " OR "),
        authors: package["authors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(String::from)
            .collect(),
        folder: Path::new(&text(package, "manifest_path")).parent().map(PathBuf::from).unwrap_or_default(),
        sha256: checksums.get(&(name.clone(), version.clone())).cloned(),
        uses: used.get(&text(package, "id")).cloned().unwrap_or_default(),
        name: name.clone(),
        version: version.clone(),
    };
    Ok(found.iter().map(describe).collect())
}

/// The linked crates that a crate uses at run time.
fn uses(node: &Value, places: &BTreeMap<String, usize>) -> Vec<usize> {
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null())
    };
    let dependencies = node["deps"].as_array().into_iter().flatten().filter(is_normal);
    let mut places: Vec<_> = dependencies.filter_map(|one| places.get(&text(one, "pkg")).copied()).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Parses `name v1.2.3 (path) (*)`.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

/// SHA-256 of each crate's archive.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is not TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock names no package")?;
    let field = |package: &toml::Value, name: &str| package.get(name).and_then(toml::Value::as_str).map(String::from);
    Ok(packages
        .iter()
        .filter_map(|one| Some(((field(one, "name")?, field(one, "version")?), field(one, "checksum")?)))
        .collect())
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_tree_are_read() {
        let read = name_and_version("serde v1.0.2 (*)").unwrap();
        assert_eq!((read.0.as_str(), read.1.as_str()), ("serde", "1.0.2"));
        assert_eq!(name_and_version(""), None);
    }

    #[test]
    fn what_is_linked_is_listed_and_nothing_else() {
        let crates = linked(&Target::host().unwrap(), &[]).unwrap();
        let find = |name: &str| crates.iter().find(|one| one.name == name);
        for (name, expected) in [("engine", true), ("candle-core", true), ("clap_derive", false), ("proptest", false)] {
            assert_eq!(find(name).is_some(), expected, "{name}");
        }
        let app = find("app").unwrap();
        assert!(app.sha256.is_none() && app.uses.iter().any(|place| crates[*place].name == "engine"));
        assert_eq!(find("candle-core").unwrap().sha256.as_ref().map(String::len), Some(64));
    }
}
