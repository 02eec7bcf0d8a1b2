//! Reading a JSON object field by field, so that unused fields can be reported.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ConfigError;

/// The fields of an object that were not read yet.
pub(super) struct Fields {
    path: String,
    map: Map<String, Value>,
}

/// Written by `save_pretrained` for other purposes than running the model: training, tracing, bookkeeping.
const IGNORED: &[&str] = &[
    "_name_or_path",
    "_sliding_window_pattern",
    "architectures",
    "attention_dropout",
    "attn_logit_softcapping",
    "cache_implementation",
    "chunk_size_feed_forward",
    "classifier_dropout_rate",
    "dropout_rate",
    "dtype",
    "finetuning_task",
    "id2label",
    "initializer_range",
    "is_decoder",
    "label2id",
    "max_position_embeddings",
    "output_attentions",
    "output_hidden_states",
    "problem_type",
    "return_dict",
    "torch_dtype",
    "transformers_version",
    "use_bidirectional_attention",
    "use_cache",
];

impl Fields {
    pub(super) fn root(value: Value) -> Result<Self, ConfigError> {
        Self::object(String::new(), value)
    }

    fn object(path: String, value: Value) -> Result<Self, ConfigError> {
        match value {
            Value::Object(map) => Ok(Self { path, map }),
            other => Err(ConfigError::Invalid {
                field: if path.is_empty() { "the file".into() } else { path },
                value: brief(&other),
                expected: "an object".into(),
            }),
        }
    }

    /// Dotted path of a field of this object.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.into() } else { format!("{}.{name}", self.path) }
    }

    /// A required field.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, ConfigError> {
        self.take_optional(name)?.ok_or_else(|| ConfigError::Missing(self.path_of(name)))
    }

    /// An optional field; null counts as missing.
    pub(super) fn take_optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ConfigError> {
        match self.map.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let shown = brief(&value);
                serde_json::from_value(value).map(Some).map_err(|_| ConfigError::Invalid {
                    field: self.path_of(name),
                    value: shown,
                    expected: kind_name::<T>().into(),
                })
            }
        }
    }

    /// A positive size.
    pub(super) fn take_size(&mut self, name: &str) -> Result<usize, ConfigError> {
        let value: usize = self.take(name)?;
        // Larger values come from damaged or hostile files: products of sizes must not overflow.
        if value == 0 || value > 1 << 24 {
            return Err(self.invalid(name, value, "a size between 1 and 16,777,216"));
        }
        Ok(value)
    }

    /// A number of layers.
    pub(super) fn take_layers(&mut self, name: &str) -> Result<usize, ConfigError> {
        let value: usize = self.take(name)?;
        // Each layer has named tensors, so a hostile file could use up memory here.
        if value == 0 || value > 1024 {
            return Err(self.invalid(name, value, "a number between 1 and 1,024"));
        }
        Ok(value)
    }

    /// A nested object.
    pub(super) fn take_object(&mut self, name: &str) -> Result<Self, ConfigError> {
        self.take_optional_object(name)?.ok_or_else(|| ConfigError::Missing(self.path_of(name)))
    }

    /// An optional nested object; null counts as missing.
    pub(super) fn take_optional_object(&mut self, name: &str) -> Result<Option<Self>, ConfigError> {
        match self.map.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Self::object(self.path_of(name), value).map(Some),
        }
    }

    /// The error for a field with an invalid value.
    pub(super) fn invalid(
        &self,
        name: &str,
        value: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> ConfigError {
        ConfigError::Invalid { field: self.path_of(name), value: format!("{value}"), expected: expected.into() }
    }

    /// Finishes this object: fields that are neither used nor known to be ignored go to `unknown`.
    pub(super) fn finish(self, unknown: &mut Vec<String>) {
        for name in self.map.keys() {
            if !IGNORED.contains(&name.as_str()) {
                unknown.push(self.path_of(name));
            }
        }
    }
}

/// A value shortened for a message.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn kind_name<T>() -> &'static str {
    match std::any::type_name::<T>() {
        "bool" => "true or false",
        "usize" | "u32" => "a whole number",
        "f64" => "a number",
        name if name.ends_with("String") => "a string",
        _ => "a value of another kind",
    }
}
