//! `recto.toml`, the manifest of an installed model.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::kind::ModelKind;
use crate::regular_file;
use crate::store::{StoreError, atomic};

/// The file's name in a model's folder.
pub const MANIFEST_FILE: &str = "recto.toml";
/// Version of the manifest format.
const FORMAT: u32 = 1;
/// A manifest names a handful of files; larger files are not one.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// The manifest of an installed model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format.
    format: u32,
    /// The name it was installed under.
    pub name: String,
    /// What kind of model it is.
    pub kind: ModelKind,
    /// Where it came from, in words.
    pub source: String,
    /// Its licence, in words.
    pub licence: String,
    /// When it was installed, in seconds since 1970.
    pub installed_secs: u64,
    /// Its prompt template without the adapter, by the name of a file in `assets/prompts`; `None` for the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Its files.
    #[serde(rename = "file")]
    pub files: Vec<ManifestFile>,
    /// Its adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<ManifestAdapter>,
}

/// A file of an installed model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name in the model's folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// The manifest entry of an adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestAdapter {
    /// Name of the user's folder.
    pub name: String,
    /// The folder in the model's folder.
    pub folder: String,
    /// Name of its prompt template; `None` for that of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Its files.
    #[serde(rename = "file")]
    pub files: Vec<ManifestFile>,
}

/// What is known of a model besides its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What kind of model it is.
    pub kind: ModelKind,
    /// Where it came from, in words.
    pub source: String,
    /// Its licence, in words.
    pub licence: String,
    /// Name of its prompt template; `None` for the default one.
    pub prompt: Option<String>,
}

impl ManifestAdapter {
    /// Whether its names stay inside the model's folder.
    fn is_sound(&self) -> bool {
        is_plain_file_name(&self.folder) && self.files.iter().all(|file| is_plain_file_name(&file.name))
    }
}

impl Manifest {
    /// The manifest of a model that is being installed.
    pub(super) fn new(name: &str, about: About, files: Vec<ManifestFile>) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self {
            format: FORMAT,
            name: name.to_owned(),
            kind: about.kind,
            source: about.source,
            licence: about.licence,
            installed_secs: now.map_or(0, |since| since.as_secs()),
            prompt: about.prompt,
            files,
            adapter: None,
        }
    }

    /// Total size of all files, including the adapter's.
    pub fn total_bytes(&self) -> u64 {
        let of_adapter = self.adapter.iter().flat_map(|adapter| &adapter.files);
        self.files.iter().chain(of_adapter).fold(0, |sum, file| sum.saturating_add(file.bytes))
    }

    /// Name of the prompt template in use; `None` for the default one.
    pub fn prompt_in_use(&self) -> Option<&str> {
        self.adapter.as_ref().and_then(|adapter| adapter.prompt.as_deref()).or(self.prompt.as_deref())
    }

    /// Reads the manifest in a folder; the error says why the folder is not a model.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let kind = folder.symlink_metadata().map_err(|error| error.to_string())?.file_type();
        if !kind.is_dir() {
            return Err("it is not a folder".to_owned());
        }
        let path = folder.join(MANIFEST_FILE);
        let Ok(metadata) = path.symlink_metadata() else {
            return Err(format!("it has no {MANIFEST_FILE}"));
        };
        if !metadata.is_file() || metadata.len() > MAX_MANIFEST_BYTES {
            return Err(format!("its {MANIFEST_FILE} is not one of Recto's"));
        }
        let text = regular_file::read_to_string(&path, MAX_MANIFEST_BYTES)
            .map_err(|error| format!("its {MANIFEST_FILE} cannot be read: {error}"))?;
        Self::parse(&text)
    }

    /// Writes it into a model's folder, replacing the present one.
    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let path = folder.join(MANIFEST_FILE);
        let text = toml::to_string(self)
            .map_err(|error| StoreError::Write { path: path.clone(), source: std::io::Error::other(error) })?;
        atomic::write_file(&path, text.as_bytes())
    }

    fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let unreadable =
            |error: toml::de::Error| format!("its {MANIFEST_FILE} is damaged: {}", first_line(error.message()));
        let Versioned { format } = toml::from_str(text).map_err(unreadable)?;
        if format != FORMAT {
            return Err(format!("its {MANIFEST_FILE} has format {format}, from another version of Recto"));
        }
        let manifest: Self = toml::from_str(text).map_err(unreadable)?;
        match manifest.files.iter().find(|file| !is_plain_file_name(&file.name)) {
            Some(file) => Err(format!("its {MANIFEST_FILE} names a file outside the folder: {:?}", file.name)),
            None if manifest.adapter.as_ref().is_some_and(|adapter| !adapter.is_sound()) => {
                Err(format!("its {MANIFEST_FILE} names an adapter file outside the folder"))
            }
            None if manifest.files.is_empty() => Err(format!("its {MANIFEST_FILE} names no files")),
            None => Ok(manifest),
        }
    }
}

/// The prompt template named by a `recto.toml` in a folder that was not installed; the file need not hold anything else.
///
/// # Errors
/// Returns [`StoreError::BadManifest`] where the file exists but cannot be parsed.
pub(super) fn prompt_in(folder: &Path) -> Result<Option<String>, StoreError> {
    #[derive(Deserialize)]
    struct Told {
        prompt: Option<String>,
    }
    let path = folder.join(MANIFEST_FILE);
    let bad = |why: String| StoreError::BadManifest { path: path.clone(), why };
    match path.metadata() {
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(bad(error.to_string())),
        Ok(metadata) if !metadata.is_file() => return Err(bad("it is not a regular file".to_owned())),
        Ok(metadata) if metadata.len() > MAX_MANIFEST_BYTES => return Err(bad("it is too long".to_owned())),
        Ok(_) => {}
    }
    let text = regular_file::read_to_string(&path, MAX_MANIFEST_BYTES).map_err(|error| bad(error.to_string()))?;
    let told: Told = toml::from_str(&text).map_err(|error| bad(first_line(error.message()).to_owned()))?;
    Ok(told.prompt)
}

/// Whether a name refers to a file directly in the folder.
pub(super) fn is_plain_file_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', ':', '\0'])
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        format = 1
        name = "starter"
        kind = "gemma3-gguf"
        source = "a test"
        licence = "none"
        installed_secs = 1764000000
        [[file]]
        name = "model.gguf"
        bytes = 253113024
        sha256 = "a5fd"
    "#;

    #[test]
    fn a_manifest_reads_as_it_was_written() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.kind, ModelKind::Gemma3Gguf);
        assert_eq!(manifest.total_bytes(), 253_113_024);
        assert_eq!(Manifest::parse(&toml::to_string(&manifest).unwrap()).unwrap(), manifest);
    }

    #[test]
    fn what_is_not_a_manifest_says_why() {
        for (change, why) in [
            (("format = 1", "format = 2"), "another version"),
            (("format = 1", ""), "damaged"),
            (("name = \"model.gguf\"", "name = \"../../etc/passwd\""), "outside the folder"),
            (("name = \"model.gguf\"", "name = \"C:evil\""), "outside the folder"),
            (("gemma3-gguf", "gpt"), "damaged"),
            (("bytes = 253113024", "bytes = -1"), "damaged"),
        ] {
            let error = Manifest::parse(&GOOD.replace(change.0, change.1)).unwrap_err();
            assert!(error.contains(why), "{change:?}: {error}");
        }
    }
}
