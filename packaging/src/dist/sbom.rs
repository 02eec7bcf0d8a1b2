//! The bill of materials (CycloneDX 1.5, JSON): every crate in the program, PDFium, and their dependencies.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::crates::Crate;
use super::release::Release;
use super::target::Target;
use crate::pdfium::{Pdfium, hex_sha256};

/// Writes it, identically on every machine: the serial number is derived from the content.
///
/// # Errors
/// When it cannot be written as JSON.
pub(crate) fn text(
    crates: &[Crate],
    rust_version: &str,
    pdfium: &Pdfium,
    release: &Release,
    target: &Target,
) -> Result<String> {
    let program = format!("recto-{}-{}", release.version, target.label());
    let (library, standard) = ("pdfium".to_owned(), "rust-std".to_owned());
    let mut components: Vec<Value> = crates.iter().map(component).collect();
    components.push(json!({
        "type": "library", "bom-ref": library, "name": "pdfium", "version": format!("{} {}", pdfium.package, pdfium.version),
        "purl": format!("pkg:pypi/{}@{}", pdfium.package, pdfium.version),
        "hashes": [{ "alg": "SHA-256", "content": pdfium.sha256 }],
        "licenses": [{ "expression": "BSD-3-Clause AND Apache-2.0" }],
    }));
    components.push(json!({
        "type": "library", "bom-ref": standard, "name": "rust-std", "version": rust_version,
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
    }));
    let mut dependencies: Vec<Value> = crates.iter().map(|one| used_by(one, crates)).collect();
    let app = crates.iter().filter(|one| one.name == "app").map(reference);
    let parts: Vec<_> = app.chain([library, standard]).collect();
    dependencies.push(json!({ "ref": program, "dependsOn": parts }));
    let mut bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": release.time(),
            "component": {
                "type": "application", "bom-ref": program, "name": release.name(), "version": release.version,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            },
            "properties": [{ "name": "recto:target", "value": target.triple }],
        },
        "components": components,
        "dependencies": dependencies,
    });
    let serial = serial_number(&bill.to_string());
    bill["serialNumber"] = Value::String(serial.context("a digest is too short")?);
    Ok(serde_json::to_string_pretty(&bill).context("the bill of materials is not JSON")? + "\n")
}

fn component(one: &Crate) -> Value {
    let mut described = json!({
        "type": "library", "bom-ref": reference(one), "name": one.name, "version": one.version,
        "licenses": [{ "expression": one.licence }],
    });
    // The program's own crates are in no registry.
    if let Some(sha256) = &one.sha256 {
        described["purl"] = json!(reference(one));
        described["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
    }
    described
}

fn used_by(one: &Crate, crates: &[Crate]) -> Value {
    let used: Vec<_> = one.uses.iter().filter_map(|place| crates.get(*place)).map(reference).collect();
    json!({ "ref": reference(one), "dependsOn": used })
}

fn reference(one: &Crate) -> String {
    match one.sha256 {
        Some(_) => format!("pkg:cargo/{}@{}", one.name, one.version),
        None => format!("{}-{}", one.name, one.version),
    }
}

/// A UUID derived from content (version 8).
fn serial_number(content: &str) -> Option<String> {
    let digest = hex_sha256(content.as_bytes());
    let part = |from: usize, to: usize| digest.get(from..to);
    Some(format!("urn:uuid:{}-{}-8{}-a{}-{}", part(0, 8)?, part(8, 12)?, part(13, 16)?, part(17, 20)?, part(20, 32)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_release_has_the_same_bill() {
        let one = |name: &str, sha256: Option<&str>, uses: &[usize]| Crate {
            name: name.into(),
            version: "1.0.0".into(),
            licence: "MIT".into(),
            authors: Vec::new(),
            folder: "anywhere".into(),
            sha256: sha256.map(String::from),
            uses: uses.to_vec(),
        };
        let crates = [one("app", None, &[1]), one("zip", Some("ab"), &[])];
        let pdfium = Pdfium {
            folder: "anywhere".into(),
            library: "libpdfium.so".into(),
            package: "pypdfium2".into(),
            version: "5".into(),
            sha256: "cd".into(),
        };
        let target = Target::parse("x86_64-unknown-linux-gnu").unwrap();
        let release = Release { version: "0.1.0".into(), epoch_secs: 0, has_cuda: false };
        let text = text(&crates, "1.95.0", &pdfium, &release, &target).unwrap();
        let bill: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(bill["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
        assert_eq!(bill["dependencies"][0]["dependsOn"], json!(["pkg:cargo/zip@1.0.0"]));
        assert_eq!(bill["dependencies"][2]["dependsOn"], json!(["app-1.0.0", "pdfium", "rust-std"]));
        let serial = bill["serialNumber"].as_str().unwrap();
        assert_eq!(serial.len(), "urn:uuid:".len() + 36);
        let later = Release { epoch_secs: 1, ..release };
        assert!(!super::text(&crates, "1.95.0", &pdfium, &later, &target).unwrap().contains(serial));
    }
}
