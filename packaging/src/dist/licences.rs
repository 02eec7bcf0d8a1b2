//! The licences of everything linked into the program as one text: the crates, then each licence text once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::crates::Crate;
use super::stage::files_below;
use crate::process::repository;

/// Beginnings of licence file names.
const BEGINNINGS: &[&str] = &["licen", "copying", "copyright", "notice", "unlicense", "ofl", "ufl"];

/// Folders of a crate in which every text file is a licence.
const FOLDERS: &[&str] = &["licenses", "licences", "fonts"];

/// Writes the text for these crates and for Rust's standard library of this version.
///
/// # Errors
/// When a crate has neither a licence text nor a licence whose text is known.
pub(crate) fn text(crates: &[Crate], rust_version: &str) -> Result<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut places = BTreeMap::new();
    let mut list = String::from(
        "Recto contains the packages below, each under its licence. Where one leaves a choice, Recto takes it under the first\n\
         of its licences that stands among the texts named. All are used unchanged; the source of each is given out under its name\n\
         and version by Rust's registry of packages; MPL-2.0 wants that said. The texts follow the list.\n\n",
    );
    let mut add = |name: &str, version: &str, licence: &str, of_it: Vec<String>| -> Result<()> {
        let mut numbers = Vec::new();
        for text in of_it {
            let key: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let number = *places.entry(key).or_insert_with(|| {
                texts.push(text.trim().replace("\r\n", "\n"));
                texts.len()
            });
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        writeln!(list, "{name} {version}, {licence}: text {}", numbers.join(", ")).context("no room for a line")
    };
    add("Rust's standard library", rust_version, "MIT OR Apache-2.0", vec![apache()?])?;
    for one in crates.iter().filter(|one| one.sha256.is_some()) {
        let mut own = own_texts(&one.folder)?;
        if own.is_empty() || one.licence.contains("Apache-2.0") && !own.iter().any(|text| is_licence(text)) {
            own.push(known_text(one)?);
        }
        add(&one.name, &one.version, &one.licence, own)?;
    }
    for (at, text) in texts.iter().enumerate() {
        write!(list, "\n\n{} Text {} {}\n\n{text}\n", "=".repeat(30), at + 1, "=".repeat(30))?;
    }
    Ok(list)
}

/// The licence texts in a crate.
fn own_texts(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for path in files_below(folder)? {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let depth = path.components().count();
        let inside = path.iter().next().map(|part| part.to_string_lossy().to_lowercase()).unwrap_or_default();
        let end = Path::new(&name).extension().map(|end| end.to_string_lossy().into_owned()).unwrap_or_default();
        let is_text = !["rs", "toml", "html"].contains(&end.as_str());
        let at_top = depth == 1 && BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
        let in_folder = depth == 2 && FOLDERS.contains(&inside.as_str()) && ["", "txt", "md"].contains(&end.as_str());
        if is_text && (at_top || in_folder) {
            // Broken links and binary files are no licences.
            texts.extend(fs::read_to_string(folder.join(&path)).ok().filter(|text| !text.trim().is_empty()));
        }
    }
    Ok(texts)
}

/// Whether a text is a licence rather than a pointer to one or a copyright notice.
fn is_licence(text: &str) -> bool {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    [
        "permission is hereby granted",
        "terms and conditions",
        "redistribution and use",
        "public domain",
        "permission to use",
    ]
    .iter()
    .any(|words| text.contains(words))
}

/// The licence text for a crate that has none.
fn known_text(one: &Crate) -> Result<String> {
    if one.licence.contains("Apache-2.0") {
        return apache();
    }
    if one.licence.contains("MIT") {
        let path = repository().join("LICENSE-MIT");
        let ours = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (_, terms) = ours.split_once("Permission is hereby").context("LICENSE-MIT has changed")?;
        let authors =
            if one.authors.is_empty() { format!("the authors of {}", one.name) } else { one.authors.join(", ") };
        return Ok(format!("MIT License\n\nCopyright (c) {authors}\n\nPermission is hereby{terms}"));
    }
    bail!("{} {} is licensed under {} and has no licence text", one.name, one.version, one.licence)
}

fn apache() -> Result<String> {
    let path = repository().join("LICENSE-APACHE");
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{crates, target::Target};

    #[test]
    fn every_package_has_a_text_and_fonts_have_theirs() {
        let crates = crates::linked(&Target::host().unwrap(), &[]).unwrap();
        let text = text(&crates, "1.95.0").unwrap();
        for one in crates.iter().filter(|one| one.sha256.is_some()) {
            let start = format!("\n{} {}, ", one.name, one.version);
            let line = text.split(&start).nth(1).unwrap_or_else(|| panic!("{start} is not listed"));
            let (_, numbers) = line.lines().next().unwrap().split_once(": text ").unwrap();
            for number in numbers.split(", ") {
                assert!(text.contains(&format!(" Text {number} ===")), "{start} {number}");
            }
        }
        for words in ["SIL OPEN FONT LICENSE", "UBUNTU FONT LICENCE", "Apache License"] {
            assert!(text.to_lowercase().contains(&words.to_lowercase()), "{words} is missing");
        }
        assert!(text.matches("Version 2.0, January 2004").count() < crates.len() / 4, "texts are repeated");
    }

    #[test]
    fn a_licence_without_a_text_is_named() {
        let one = Crate {
            name: "odd".into(),
            version: "1.0.0".into(),
            licence: "ISC".into(),
            authors: Vec::new(),
            folder: repository().join("assets/prompts"),
            sha256: Some(String::new()),
            uses: Vec::new(),
        };
        assert!(text(&[one], "1").unwrap_err().to_string().contains("odd 1.0.0"));
    }
}
