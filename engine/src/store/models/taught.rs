//! What lies beside the files of a model that is named by its path: an adapter, and which prompts were taught.

use std::path::PathBuf;

use super::manifest::prompt_in;
use super::{ADAPTER_CONFIG, AdapterFiles, Manifest, ModelFiles};
use crate::store::StoreError;

/// How the folder of an adapter beside a checkpoint may be called.
const BESIDE: &str = "adapter";

/// What belongs to a model beside its own files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taught {
    /// The folder of its adapter.
    pub adapter: Option<PathBuf>,
    /// What the adapter is called, where that was written down.
    pub adapter_name: Option<String>,
    /// The prompt that the adapter teaches, by name.
    pub adapter_prompt: Option<String>,
    /// The prompt that the model itself was taught, by name.
    pub prompt: Option<String>,
}

impl Taught {
    /// The prompt that the model is asked with; the usual one where `None`.
    pub fn prompt_in_use(&self) -> Option<&str> {
        self.adapter_prompt.as_deref().or(self.prompt.as_deref())
    }

    /// The adapter, read.
    ///
    /// # Errors
    /// As [`AdapterFiles::in_folder`].
    pub fn adapter_files(&self) -> Result<Option<AdapterFiles>, StoreError> {
        let Some(folder) = &self.adapter else { return Ok(None) };
        let files = AdapterFiles::in_folder(folder)?;
        let name = self.adapter_name.clone().unwrap_or(files.name);
        Ok(Some(AdapterFiles { name, prompt: self.adapter_prompt.clone(), ..files }))
    }
}

impl ModelFiles {
    /// What lies beside these files: as `recto.toml` of an installation says, or an adapter with its own files' names, in a folder
    /// `adapter` or right here, and the prompts that a `recto.toml` beside either of them names.
    ///
    /// # Errors
    /// Returns [`StoreError::BadNote`] where a `recto.toml` cannot be understood.
    pub fn taught(&self) -> Result<Taught, StoreError> {
        let Some(folder) = self.folder() else { return Ok(Taught::default()) };
        if let Ok(manifest) = Manifest::read(folder) {
            let Manifest { adapter, prompt, .. } = manifest;
            let Some(adapter) = adapter else { return Ok(Taught { prompt, ..Taught::default() }) };
            let (folder, name) = (folder.join(adapter.folder), adapter.name);
            return Ok(Taught {
                adapter: Some(folder),
                adapter_name: Some(name),
                adapter_prompt: adapter.prompt,
                prompt,
            });
        }
        let candidates = [folder.join(BESIDE), folder.to_owned()];
        let adapter = candidates.into_iter().find(|folder| folder.join(ADAPTER_CONFIG).is_file());
        let adapter_prompt = adapter.as_deref().map(prompt_in).transpose()?.flatten();
        let prompt = if adapter.as_deref() == Some(folder) { None } else { prompt_in(folder)? };
        Ok(Taught { adapter, adapter_name: None, adapter_prompt, prompt })
    }
}
