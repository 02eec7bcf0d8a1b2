//! The per-user `.msi`, for deployment tools, built by wixl.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use super::{four_numbers, names_of, registry, sign, summary};
use crate::dist::stage::{Staged, copy};
use crate::process::{repository, run};

/// Identifies Recto across versions.
const UPGRADES: &str = "E1D5A0C4-52F6-5B1E-9C0B-6E1A7A3B9D27";

/// The icon's name, next to the staged folder.
const ICON: &str = "recto.ico";

/// Makes it.
///
/// # Errors
/// When wixl fails, or its output cannot be signed.
pub(super) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let release = &staged.release;
    let name = format!("{}-{}-{}", release.name(), release.version, staged.target.label());
    let output = folder.join(format!("{name}.msi"));
    let source = staged.folder.with_extension("wxs");
    let text = source_of(&name, &four_numbers(&release.version, "."), &names_of(&staged.folder)?)?;
    fs::write(&source, text).with_context(|| format!("cannot write {}", source.display()))?;
    copy(&repository().join("assets/icons/recto.ico"), &staged.folder.with_file_name(ICON))?;
    let mut wixl = Command::new("wixl");
    // It resolves paths only relative to its working directory.
    run(wixl.current_dir(&staged.folder).args(["--arch", "x64", "--output"]).arg(&output).arg(&source))?;
    summary::settle(&output, &identity(&format!("package {name}")), release.epoch_secs)?;
    sign::sign(&output)?;
    Ok(output)
}

/// A folder, nested as in the source.
#[derive(Default)]
struct Folder<'a> {
    folders: BTreeMap<&'a str, Folder<'a>>,
    /// Names, with paths in the staged folder.
    files: Vec<(&'a str, &'a str)>,
}

/// The source of the package of this name, with these files of the staged folder.
fn source_of(package: &str, version: &str, files: &[String]) -> Result<String> {
    let mut tree = Folder::default();
    for file in files {
        let mut open = &mut tree;
        let (folders, name) = file.rsplit_once('/').unwrap_or(("", file));
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            open = open.folders.entry(folder).or_default();
        }
        open.files.push((name, file));
    }
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Wix xmlns=\"http://schemas.microsoft.com/wix/2006/wi\">\n\
        <Product Id=\"{product}\" Name=\"Recto\" Language=\"1033\" Version=\"{version}\" \
        Manufacturer=\"The Recto contributors\" UpgradeCode=\"{UPGRADES}\">\n\
        <Package Id=\"{identity}\" InstallerVersion=\"500\" Compressed=\"yes\" InstallScope=\"perUser\" \
        Description=\"Recto {version}\" Manufacturer=\"The Recto contributors\"/>\n\
        <MajorUpgrade DowngradeErrorMessage=\"A newer Recto is installed.\"/>\n\
        <Media Id=\"1\" Cabinet=\"recto.cab\" EmbedCab=\"yes\"/>\n\
        <Icon Id=\"recto.ico\" SourceFile=\"../{ICON}\"/>\n\
        <Property Id=\"ARPPRODUCTICON\" Value=\"recto.ico\"/>\n<Property Id=\"ARPNOMODIFY\" Value=\"1\"/>\n\
        <Directory Id=\"TARGETDIR\" Name=\"SourceDir\">\n<Directory Id=\"ProgramMenuFolder\"/>\n\
        <Directory Id=\"LocalAppDataFolder\">\n<Directory Id=\"ProgramsFolder\" Name=\"Programs\">\n\
        <Directory Id=\"INSTALLFOLDER\" Name=\"Recto\">\n",
        product = identity(&format!("product {package}")),
        identity = identity(&format!("package {package}")),
    );
    let mut components = Vec::new();
    write_folder(&mut text, &tree, "d", &mut components)?;
    write_registry(&mut text, &mut components)?;
    text.push_str("</Directory>\n</Directory>\n</Directory>\n</Directory>\n");
    text.push_str("<Feature Id=\"Recto\" Level=\"1\" Title=\"Recto\">\n");
    for component in components {
        writeln!(text, "<ComponentRef Id=\"{component}\"/>")?;
    }
    text.push_str("</Feature>\n</Product>\n</Wix>\n");
    Ok(text)
}

/// A folder's files, each as a component, and its subfolders.
fn write_folder(text: &mut String, folder: &Folder<'_>, id: &str, components: &mut Vec<String>) -> Result<()> {
    for (index, (name, inside)) in folder.files.iter().enumerate() {
        let component = format!("{id}_f{index}");
        let source = escaped(inside);
        writeln!(text, "<Component Id=\"{component}\" Guid=\"{}\" Win64=\"yes\">", identity(inside))?;
        writeln!(text, "<File Id=\"{component}_\" Name=\"{}\" Source=\"{source}\" KeyPath=\"yes\"/>", escaped(name))?;
        if *inside == "recto.exe" {
            text.push_str(
                "<Shortcut Id=\"menu\" Name=\"Recto\" Directory=\"ProgramMenuFolder\" WorkingDirectory=\"INSTALLFOLDER\" \
                Target=\"[INSTALLFOLDER]recto.exe\"/>\n",
            );
        }
        text.push_str("</Component>\n");
        components.push(component);
    }
    for (index, (name, inner)) in folder.folders.iter().enumerate() {
        let id = format!("{id}_{index}");
        writeln!(text, "<Directory Id=\"{id}\" Name=\"{}\">", escaped(name))?;
        write_folder(text, inner, &id, components)?;
        text.push_str("</Directory>\n");
    }
    Ok(())
}

/// Registry values, removed with the package.
fn write_registry(text: &mut String, components: &mut Vec<String>) -> Result<()> {
    for (index, value) in registry::values().iter().enumerate() {
        let component = format!("r{index}");
        let id = identity(&format!("{} {}", value.key, value.name));
        let name = if value.name.is_empty() { String::new() } else { format!(" Name=\"{}\"", escaped(value.name)) };
        let content = escaped(&value.text.replace("{folder}", "[INSTALLFOLDER]"));
        writeln!(text, "<Component Id=\"{component}\" Guid=\"{id}\" Win64=\"yes\">")?;
        writeln!(
            text,
            "<RegistryValue Id=\"{component}_\" Root=\"HKCU\" Key=\"{}\"{name} Type=\"string\" Value=\"{content}\" KeyPath=\"yes\"/>",
            escaped(&value.key),
        )?;
        text.push_str("</Component>\n");
        components.push(component);
    }
    Ok(())
}

/// A GUID derived from these words.
fn identity(words: &str) -> String {
    let hash = Sha256::digest(format!("Recto for Windows: {words}"));
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02X}")).collect();
    // The first digit of the third part marks a GUID derived from a name.
    format!("{}-{}-5{}-A{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_and_value_is_in_the_package_with_an_identity_of_its_own() {
        let files = ["licences/a & b/LICENSE", "recto.com", "recto.exe"].map(String::from);
        let text = source_of("recto-1.2.3-windows-x86_64", "1.2.3.0", &files).unwrap();
        assert!(text.contains("Source=\"licences/a &amp; b/LICENSE\""), "{text}");
        assert!(text.contains("Value=\"&quot;[INSTALLFOLDER]recto.exe&quot; &quot;%1&quot;\""), "{text}");
        let components = text.matches("<Component ").count();
        assert_eq!(components, files.len() + registry::values().len());
        assert_eq!(text.matches("<ComponentRef ").count(), components);
        let mut identities: Vec<_> = text.split("Guid=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        identities.sort_unstable();
        identities.dedup();
        assert_eq!(identities.len(), components);
        assert!(identities.iter().all(|identity| identity.len() == 36));
    }
}
