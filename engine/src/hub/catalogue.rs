//! The models Recto knows how to fetch: `assets/models.toml`, part of the program.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::HubError;
use crate::store::models::ModelKind;

const MODELS: &str = include_str!("../../../assets/models.toml");
/// Notices by the names `models.toml` calls them.
const NOTICES: [(&str, &str); 1] = [("starter/NOTICE", include_str!("../../../assets/starter/NOTICE"))];

/// All models that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Catalogue {
    /// The models, in the order they are shown.
    #[serde(rename = "model")]
    pub models: Vec<CatalogueEntry>,
}

/// A model that can be fetched as parts of one file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// The name it is asked for and installed under.
    pub name: String,
    /// One line that says what it is.
    pub title: String,
    /// What kind of model it is.
    pub kind: ModelKind,
    /// Name of its file once installed.
    pub file: String,
    /// Length of that file.
    pub bytes: u64,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
    /// How much has to be downloaded.
    pub download_bytes: u64,
    /// Its licence.
    pub licence: Licence,
    /// The parts the file is joined of, in order.
    #[serde(rename = "part")]
    pub parts: Vec<Part>,
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
        }
        Ok(catalogue)
    }

    /// The model of this name.
    ///
    /// # Errors
    /// Returns [`HubError::UnknownModel`] when there is none.
    pub fn find(&self, name: &str) -> Result<&CatalogueEntry, HubError> {
        self.models.iter().find(|model| model.name == name).ok_or_else(|| HubError::UnknownModel {
            name: name.to_owned(),
            known: self.models.iter().map(|model| model.name.clone()).collect(),
        })
    }
}

impl Licence {
    /// Name and address in one line.
    pub fn line(&self) -> String {
        format!("{} ({})", self.name, self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::models::check_name;

    #[test]
    fn the_embedded_catalogue_is_sound() {
        let catalogue = Catalogue::embedded().unwrap();
        let starter = catalogue.find("starter").unwrap();
        assert!(starter.licence.notice.contains("ai.google.dev/gemma/terms"));
        for model in &catalogue.models {
            check_name(&model.name).unwrap();
            assert_eq!(model.sha256.len(), 64, "{}", model.name);
            assert!(!model.parts.is_empty() && model.bytes > 0 && model.download_bytes > 0, "{}", model.name);
        }
    }

    #[test]
    fn a_notice_that_is_not_there_is_an_error() {
        let error = Catalogue::parse(MODELS, &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("starter/NOTICE"), "{error}");
    }
}
