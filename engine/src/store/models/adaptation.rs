//! The adapter of a model that is given by its path, and the names of the prompt templates it was trained with.

use std::path::PathBuf;

use super::manifest::prompt_in;
use super::{ADAPTER_CONFIG, AdapterFiles, Manifest, ModelFiles};
use crate::store::StoreError;

/// Name of an adapter's folder inside a checkpoint folder.
const ADAPTER_FOLDER: &str = "adapter";

/// What a model was adapted with, beyond its own files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adaptation {
    /// The folder of its adapter.
    pub adapter: Option<PathBuf>,
    /// Name of the adapter, where it is recorded.
    pub adapter_name: Option<String>,
    /// Name of the adapter's prompt template.
    pub adapter_prompt: Option<String>,
    /// Name of the model's own prompt template.
    pub prompt: Option<String>,
}

impl Adaptation {
    /// Name of the prompt template in use; `None` for the default one.
    pub fn prompt_in_use(&self) -> Option<&str> {
        self.adapter_prompt.as_deref().or(self.prompt.as_deref())
    }

    /// Reads the adapter.
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
    /// The adapter and prompt templates of these files. For an installed model its `recto.toml` names them; elsewhere the
    /// adapter is recognised by its file names, in the folder `adapter` or in this one, and a `recto.toml` in either may
    /// name a template.
    ///
    /// # Errors
    /// Returns [`StoreError::BadManifest`] where a `recto.toml` cannot be parsed.
    pub fn adaptation(&self) -> Result<Adaptation, StoreError> {
        let Some(folder) = self.folder() else { return Ok(Adaptation::default()) };
        if let Ok(manifest) = Manifest::read(folder) {
            let Manifest { adapter, prompt, .. } = manifest;
            let Some(adapter) = adapter else { return Ok(Adaptation { prompt, ..Adaptation::default() }) };
            let (folder, name) = (folder.join(adapter.folder), adapter.name);
            return Ok(Adaptation {
                adapter: Some(folder),
                adapter_name: Some(name),
                adapter_prompt: adapter.prompt,
                prompt,
            });
        }
        let candidates = [folder.join(ADAPTER_FOLDER), folder.to_owned()];
        let adapter = candidates.into_iter().find(|folder| folder.join(ADAPTER_CONFIG).is_file());
        let adapter_prompt = adapter.as_deref().map(prompt_in).transpose()?.flatten();
        let prompt = if adapter.as_deref() == Some(folder) { None } else { prompt_in(folder)? };
        Ok(Adaptation { adapter, adapter_name: None, adapter_prompt, prompt })
    }
}
