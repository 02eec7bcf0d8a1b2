//! `adapter_config.json` as saved by the `peft` library: every field is used, checked or known to be irrelevant here.
//!
//! Meaning of the fields: `LoraConfig` of `peft` 0.21, `src/peft/tuners/lora/config.py`.

use std::collections::BTreeMap;

use fancy_regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::LoraError;

/// No adapter has a higher rank, and products of two sizes cannot overflow.
const MAX_RANK: usize = 1 << 16;

/// The configuration of an adapter.
#[derive(Debug)]
pub(super) struct AdapterConfig {
    rank: usize,
    alpha: f64,
    rank_pattern: Vec<(Regex, usize)>,
    alpha_pattern: Vec<(Regex, f64)>,
    rank_stabilised: bool,
    /// Modules that were trained.
    pub(super) targets: Targets,
    /// Modules excluded from `targets`.
    excluded: Option<Targets>,
    /// Layers that were trained; all where `None`.
    pub(super) layers: Option<Vec<usize>>,
}

/// Modules by name.
#[derive(Debug)]
pub(super) enum Targets {
    /// Modules whose full path, or a suffix of it after a dot, is one of these.
    Names(Vec<String>),
    /// Modules whose full path matches.
    Pattern(Regex),
}

impl Targets {
    fn read(field: &'static str, value: Value) -> Result<Self, LoraError> {
        match value {
            Value::String(pattern) => Ok(Self::Pattern(whole(field, &pattern)?)),
            other => match serde_json::from_value::<Vec<String>>(other) {
                Ok(names) if !names.is_empty() => Ok(Self::Names(names)),
                _ => Err(invalid(field, "a list of names, or a pattern")),
            },
        }
    }

    /// Whether a module is targeted, by the rules of `peft`.
    pub(super) fn mean(&self, module: &str) -> bool {
        match self {
            Self::Names(names) => names.iter().any(|name| is_end_of(name, module)),
            Self::Pattern(pattern) => pattern.is_match(module).unwrap_or(false),
        }
    }
}

/// Whether `name` is a module's path or a suffix of it after a dot.
pub(super) fn is_end_of(name: &str, module: &str) -> bool {
    module.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl AdapterConfig {
    /// Parses the file's text.
    ///
    /// # Errors
    /// Returns a [`LoraError`] that names the invalid or unsupported field.
    pub(super) fn parse(text: &str) -> Result<Self, LoraError> {
        let mut fields: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| LoraError::Config { detail: error.to_string() })?;
        refuse_other_methods(&fields)?;
        let rank: usize = take(&mut fields, "r", "a rank between 1 and 65,536")?.unwrap_or(8);
        check_rank("r", rank)?;
        let alpha = take(&mut fields, "lora_alpha", "a number")?.unwrap_or(8.0);
        let rank_pattern: BTreeMap<String, usize> =
            take(&mut fields, "rank_pattern", "ranks by module")?.unwrap_or_default();
        rank_pattern.values().try_for_each(|rank| check_rank("rank_pattern", *rank))?;
        let alpha_pattern: BTreeMap<String, f64> =
            take(&mut fields, "alpha_pattern", "numbers by module")?.unwrap_or_default();
        let targets = fields.remove("target_modules").filter(|value| !value.is_null());
        let excluded = fields.remove("exclude_modules").filter(|value| !value.is_null());
        Ok(Self {
            rank,
            alpha,
            rank_pattern: patterns("rank_pattern", rank_pattern)?,
            alpha_pattern: patterns("alpha_pattern", alpha_pattern)?,
            rank_stabilised: take(&mut fields, "use_rslora", "true or false")?.unwrap_or(false),
            targets: Targets::read(
                "target_modules",
                targets.ok_or_else(|| invalid("target_modules", "names of modules"))?,
            )?,
            excluded: excluded.map(|value| Targets::read("exclude_modules", value)).transpose()?,
            layers: take::<Layers>(&mut fields, "layers_to_transform", "a layer, or a list of layers")?
                .map(Layers::into_vec),
        })
    }

    /// The rank of a module's update.
    pub(super) fn rank(&self, module: &str) -> usize {
        of_module(&self.rank_pattern, module).unwrap_or(self.rank)
    }

    /// Scale of a module's update: `alpha / r`, or `alpha / √r` with rank stabilisation (rsLoRA,
    /// arXiv 2312.03732).
    ///
    /// # Errors
    /// Returns [`LoraError::Field`] where that exceeds the range of f32.
    pub(super) fn scale(&self, module: &str) -> Result<f32, LoraError> {
        let (alpha, rank) = (of_module(&self.alpha_pattern, module).unwrap_or(self.alpha), self.rank(module) as f64);
        let scale = (alpha / if self.rank_stabilised { rank.sqrt() } else { rank }) as f32;
        if scale.is_finite() { Ok(scale) } else { Err(invalid("lora_alpha", "a number of moderate size")) }
    }

    /// Whether a module was trained.
    pub(super) fn means(&self, module: &str, layer: Option<usize>) -> bool {
        let in_layers = match (&self.layers, layer) {
            (Some(layers), Some(layer)) => layers.contains(&layer),
            (Some(_), None) => false,
            (None, _) => true,
        };
        in_layers && self.targets.mean(module) && !self.excluded.as_ref().is_some_and(|excluded| excluded.mean(module))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Layers {
    One(usize),
    Several(Vec<usize>),
}

impl Layers {
    fn into_vec(self) -> Vec<usize> {
        match self {
            Self::One(layer) => vec![layer],
            Self::Several(layers) => layers,
        }
    }
}

/// The rank or alpha that a pattern gives a module.
fn of_module<T: Copy>(patterns: &[(Regex, T)], module: &str) -> Option<T> {
    patterns.iter().find(|(pattern, _)| pattern.is_match(module).unwrap_or(false)).map(|(_, value)| *value)
}

/// Keys of `rank_pattern` and `alpha_pattern` match a suffix of a path after a dot (`get_pattern_key`,
/// `src/peft/utils/other.py`).
fn patterns<T>(field: &'static str, values: BTreeMap<String, T>) -> Result<Vec<(Regex, T)>, LoraError> {
    values.into_iter().map(|(key, value)| Ok((whole(field, &format!(r"(?:.*\.)?(?:{key})"))?, value))).collect()
}

fn whole(field: &'static str, pattern: &str) -> Result<Regex, LoraError> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|_| invalid(field, "a valid pattern"))
}

fn check_rank(field: &'static str, rank: usize) -> Result<(), LoraError> {
    if (1..=MAX_RANK).contains(&rank) { Ok(()) } else { Err(invalid(field, "a rank between 1 and 65,536")) }
}

fn take<T: serde::de::DeserializeOwned>(
    fields: &mut Map<String, Value>,
    name: &'static str,
    expected: &'static str,
) -> Result<Option<T>, LoraError> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value).map(Some).map_err(|_| invalid(name, expected)),
    }
}

fn invalid(field: &'static str, expected: &'static str) -> LoraError {
    LoraError::Field { field, expected }
}

/// Fields for other methods than LoRA on linear layers, with their value for plain LoRA.
const OTHER_METHODS: &[(&str, &[&str])] = &[
    ("use_dora", &["false"]),
    ("use_qalora", &["false"]),
    ("use_bdlora", &["false"]),
    ("fan_in_fan_out", &["false"]),
    ("lora_bias", &["false"]),
    ("bias", &["\"none\""]),
    ("modules_to_save", &["[]"]),
    ("layer_replication", &[]),
    ("trainable_token_indices", &[]),
    ("target_parameters", &["[]"]),
    ("megatron_config", &[]),
    ("alora_invocation_tokens", &[]),
    ("arrow_config", &[]),
    ("kasa_config", &[]),
    ("monteclora_config", &[]),
    ("velora_config", &[]),
];

/// Initialisations that leave the base weights unchanged; the others (PiSSA, OLoRA, CorDA, LoftQ, LoRA-GA) change them, so that
/// such an adapter does not fit the published checkpoint.
const HARMLESS_STARTS: &[&str] = &["true", "false", "\"gaussian\"", "\"eva\"", "\"orthogonal\""];

fn refuse_other_methods(fields: &Map<String, Value>) -> Result<(), LoraError> {
    match fields.get("peft_type").and_then(Value::as_str) {
        Some("LORA") => {}
        Some(other) => return Err(LoraError::OtherMethod { detail: format!("it has the type {other:?}") }),
        None => return Err(invalid("peft_type", "\"LORA\"")),
    }
    for (field, harmless) in OTHER_METHODS {
        let Some(value) = fields.get(*field).filter(|value| !value.is_null()) else { continue };
        let said = value.to_string();
        if !harmless.contains(&said.as_str()) {
            return Err(LoraError::OtherMethod { detail: format!("{field} is {said}") });
        }
    }
    match fields.get("init_lora_weights").map(Value::to_string) {
        Some(said) if !HARMLESS_STARTS.contains(&said.as_str()) => Err(LoraError::OtherMethod {
            detail: format!("init_lora_weights is {said}, which also changed the base weights"),
        }),
        _ => Ok(()),
    }
}
