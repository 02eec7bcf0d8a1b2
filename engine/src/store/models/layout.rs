//! Recognising the files of a model by their names.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ModelKind;
use crate::regular_file;
use crate::store::StoreError;

/// Extensions of files that can run code when opened; weights are never read from them.
const PICKLES: [&str; 6] = ["bin", "pt", "pth", "pkl", "pickle", "ckpt"];
/// A `config.json` takes a few kilobytes; larger files are not one.
pub(crate) const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// The files of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelFiles {
    /// One GGUF file: weights, configuration and vocabulary.
    Gguf(PathBuf),
    /// A published folder.
    Published {
        /// The folder.
        folder: PathBuf,
        /// `config.json`.
        config: PathBuf,
        /// `tokenizer.json`, if present.
        tokenizer: Option<PathBuf>,
        /// `model.safetensors.index.json`, where the weights are in several files.
        index: Option<PathBuf>,
        /// The weights, sorted by name: `model.safetensors`, or the only `.safetensors` file, or, where there is an index,
        /// all of them; the index says which are used.
        weights: Vec<PathBuf>,
    },
}

impl ModelFiles {
    /// The files of the model in `folder`, by their names alone.
    ///
    /// # Errors
    /// Returns [`StoreError::NoModelAt`] with what is missing, or [`StoreError::Read`].
    pub fn of_folder(folder: &Path) -> Result<Self, StoreError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(StoreError::read(folder))? {
            let entry = entry.map_err(StoreError::read(folder))?;
            if entry.path().is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort_unstable();
        Self::of_names(folder, &names).map_err(|why| StoreError::NoModelAt { path: folder.to_owned(), why })
    }

    /// A single-file model.
    ///
    /// # Errors
    /// Returns [`StoreError::NoModelAt`] when the file name does not end in `.gguf`.
    pub fn of_file(path: &Path) -> Result<Self, StoreError> {
        if has_extension(path, "gguf") {
            return Ok(Self::Gguf(path.to_owned()));
        }
        let why =
            if is_pickle(path) { pickle_reason(path) } else { "it is neither a folder nor a .gguf file".to_owned() };
        Err(StoreError::NoModelAt { path: path.to_owned(), why })
    }

    /// Their folder.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Gguf(path) => path.parent(),
            Self::Published { folder, .. } => Some(folder),
        }
    }

    /// What kind of model the files are for, as `config.json` says; a GGUF file is not opened.
    ///
    /// # Errors
    /// Returns [`StoreError::NoModelAt`] when `config.json` cannot be parsed or is for an unsupported model.
    pub fn kind(&self) -> Result<ModelKind, StoreError> {
        match self {
            Self::Gguf(_) => Ok(ModelKind::Gemma3Gguf),
            Self::Published { folder, config, .. } => {
                kind_of_config(config)?.map_err(|why| StoreError::NoModelAt { path: folder.clone(), why })
            }
        }
    }

    /// Assigns the sorted file names of a folder.
    fn of_names(folder: &Path, names: &[String]) -> Result<Self, String> {
        let has = |name: &str| names.iter().any(|other| other == name).then(|| folder.join(name));
        let with = |extension: &str| -> Vec<PathBuf> {
            names.iter().map(|name| folder.join(name)).filter(|path| has_extension(path, extension)).collect()
        };
        let (mut weights, ggufs) = (with("safetensors"), with("gguf"));
        weights.retain(|path| !path.ends_with(super::ADAPTER_WEIGHTS));
        match (has("config.json"), weights.as_slice(), ggufs.as_slice()) {
            (_, [], [gguf]) => Ok(Self::Gguf(gguf.clone())),
            (_, [], [_, _, ..]) => Err("it has several .gguf files; give the one to use".to_owned()),
            (_, [], []) => Err(match names.iter().map(Path::new).find(|name| is_pickle(name)) {
                Some(pickle) => pickle_reason(pickle),
                None => "it has no weights (*.safetensors or *.gguf)".to_owned(),
            }),
            (None, ..) => Err("config.json is missing".to_owned()),
            (Some(config), all, _) => {
                let index = has("model.safetensors.index.json");
                let weights = match (&index, has("model.safetensors")) {
                    (None, Some(single)) => vec![single],
                    (None, None) if all.len() > 1 => {
                        return Err(
                            "there are several .safetensors files but no model.safetensors.index.json".to_owned()
                        );
                    }
                    _ => all.to_vec(),
                };
                let tokenizer = has("tokenizer.json");
                Ok(Self::Published { folder: folder.to_owned(), config, tokenizer, index, weights })
            }
        }
    }
}

fn kind_of_config(path: &Path) -> Result<Result<ModelKind, String>, StoreError> {
    #[derive(Deserialize)]
    struct Config {
        model_type: Option<String>,
    }
    let size = path.metadata().map_err(StoreError::read(path))?.len();
    if size > MAX_CONFIG_BYTES {
        return Ok(Err(format!("config.json is too long: {size} bytes")));
    }
    let bytes = regular_file::read(path, MAX_CONFIG_BYTES).map_err(StoreError::read(path))?;
    Ok(match serde_json::from_slice::<Config>(&bytes) {
        Err(why) => Err(format!("config.json cannot be parsed: {why}")),
        Ok(Config { model_type: None }) => Err("config.json has no model_type".to_owned()),
        Ok(Config { model_type: Some(model_type) }) => ModelKind::of_model_type(&model_type).ok_or_else(|| {
            format!("config.json has the model_type `{model_type}`; Recto supports `t5gemma2` and `gemma3_text`")
        }),
    })
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case(extension))
}

/// Whether a file has the extension of a Python pickle.
pub(crate) fn is_pickle(path: &Path) -> bool {
    PICKLES.iter().any(|extension| has_extension(path, extension))
}

fn pickle_reason(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    format!("{name} is a pickle, which can run code when it is opened; only .safetensors and .gguf weights are read")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort_out(names: &[&str]) -> Result<ModelFiles, String> {
        let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
        names.sort_unstable();
        ModelFiles::of_names(Path::new("m"), &names)
    }

    #[test]
    fn folders_that_hold_a_model() {
        assert_eq!(sort_out(&["model.gguf", "NOTICE", "recto.toml"]), Ok(ModelFiles::Gguf("m/model.gguf".into())));
        let Ok(ModelFiles::Published { tokenizer, index, weights, .. }) =
            sort_out(&["config.json", "adapter.safetensors", "model.safetensors", "README.md"])
        else {
            panic!("a published folder");
        };
        assert_eq!((tokenizer, index, weights.len()), (None, None, 1));
        let Ok(ModelFiles::Published { tokenizer, index, weights, .. }) = sort_out(&[
            "config.json",
            "tokenizer.json",
            "model-00002-of-00002.safetensors",
            "model-00001-of-00002.safetensors",
            "model.safetensors.index.json",
        ]) else {
            panic!("a published folder");
        };
        assert!(tokenizer.is_some() && index.is_some());
        assert_eq!(weights[0], Path::new("m/model-00001-of-00002.safetensors"));
    }

    #[test]
    fn folders_that_hold_none_say_why() {
        for (names, why) in [
            (&[][..], "no weights"),
            (&["config.json"], "no weights"),
            (&["config.json", "pytorch_model.bin"], "pytorch_model.bin is a pickle"),
            (&["model.safetensors"], "config.json is missing"),
            (&["a.gguf", "b.gguf"], "several .gguf"),
            (&["config.json", "a.safetensors", "b.safetensors"], "no model.safetensors.index.json"),
        ] {
            let error = sort_out(names).unwrap_err();
            assert!(error.contains(why), "{names:?}: {error}");
        }
    }
}
