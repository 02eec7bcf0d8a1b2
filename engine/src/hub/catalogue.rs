//! The models Recto knows how to fetch: `assets/models.toml`, part of the program.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::HubError;
use crate::store::models::{AdapterFiles, ModelKind};

const MODELS: &str = include_str!("../../../assets/models.toml");
/// Notices by the names `models.toml` calls them.
const NOTICES: [(&str, &str); 2] = [
    ("starter/NOTICE", include_str!("../../../assets/starter/NOTICE")),
    ("t5gemma-2/NOTICE", include_str!("../../../assets/t5gemma-2/NOTICE")),
];

/// Adapters that came with the program, by the names `models.toml` calls them: configuration, weights, and the prompt they teach.
const ADAPTERS: [(&str, &[u8], &[u8], &str); 1] = [(
    "starter",
    include_bytes!("../../../assets/starter/adapter_config.json"),
    include_bytes!("../../../assets/starter/adapter_model.safetensors"),
    "passages_v1",
)];

/// All models that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Catalogue {
    /// The models, in the order they are shown.
    #[serde(rename = "model")]
    pub models: Vec<CatalogueEntry>,
}

/// A model that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// The name it is asked for and installed under.
    pub name: String,
    /// One line that says what it is.
    pub title: String,
    /// What kind of model it is.
    pub kind: ModelKind,
    /// Numbers in its weights, where they are published.
    pub parameters: Option<u64>,
    /// How much has to be downloaded.
    pub download_bytes: u64,
    /// How much memory answering takes, about.
    pub memory_bytes: u64,
    /// The name that `recto bench --shape` knows its size under.
    pub shape: Option<String>,
    /// Whether its publisher gives it out on request only, so that a token is needed.
    #[serde(default)]
    pub gated: bool,
    /// An adapter of the program's own that it gets, by name.
    pub adapter: Option<String>,
    /// What it can do, and what it cannot, a few words each.
    pub can: Vec<String>,
    /// Its licence.
    pub licence: Licence,
    /// How it comes by pip.
    pub pip: Option<PipSource>,
    /// Where on the hub it is, in the order to be tried.
    #[serde(default)]
    pub hub: Vec<HubSource>,
}

/// A licence that the user accepts before a model is fetched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// What it is called.
    pub name: String,
    /// Where it can be read.
    pub url: String,
    /// Text that is shown before and kept beside the model.
    pub notice: String,
}

/// One file in parts, each inside a Python package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipSource {
    /// Name of the file once installed.
    pub file: String,
    /// Length of that file.
    pub bytes: u64,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
    /// The parts the file is joined of, in order.
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
    /// The file inside its wheel.
    pub member: String,
}

/// A repository of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubSource {
    /// `owner/name`.
    pub repository: String,
    /// The one file that is meant, where there are several models in it.
    pub file: Option<String>,
    /// SHA-256 that this file must have.
    pub sha256: Option<String>,
}

impl Catalogue {
    /// The catalogue that came with the program.
    ///
    /// # Errors
    /// Returns [`HubError::Catalogue`] when it is damaged; a test sees to it that it is not.
    pub fn embedded() -> Result<Self, HubError> {
        Self::parse(MODELS, &BTreeMap::from(NOTICES))
    }

    /// Reads a catalogue; `notices` are the texts it refers to, by name.
    ///
    /// # Errors
    /// Returns [`HubError::Catalogue`] when it makes no sense.
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

    /// The model of this name, or of this repository.
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
    /// The adapter that it gets.
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
