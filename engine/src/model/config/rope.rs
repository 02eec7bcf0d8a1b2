//! The configuration of rotary position embeddings.

use super::ConfigError;
use super::fields::Fields;

/// Rotation of one kind of layer: `inverse_frequency[i] = theta^(-2i / head_dim) / factor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RopeConfig {
    /// Base of the frequencies.
    pub theta: f64,
    /// Linear position interpolation: positions are divided by it.
    pub factor: f64,
}

impl RopeConfig {
    /// Rotation per position of pair `i` of a head, in f32 as in the reference.
    pub fn inverse_frequency(&self, i: usize, head_dim: usize) -> f32 {
        let exponent = (2 * i) as f32 / head_dim as f32;
        1.0 / (self.theta as f32).powf(exponent) / self.factor as f32
    }
}

/// The rotations of local and global layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RopePair {
    pub(super) local: RopeConfig,
    pub(super) global: RopeConfig,
}

/// Default bases of the reference (its `rope_parameters` documentation).
const GLOBAL_THETA: f64 = 1_000_000.0;
const LOCAL_THETA: f64 = 10_000.0;

impl RopePair {
    /// Reads `rope_parameters`, or the older `rope_theta`, `rope_local_base_freq` and `rope_scaling`.
    pub(super) fn read(stack: &mut Fields, unknown: &mut Vec<String>) -> Result<Self, ConfigError> {
        let legacy_theta: Option<f64> = stack.take_optional("rope_theta")?;
        let legacy_local: Option<f64> = stack.take_optional("rope_local_base_freq")?;
        let legacy_scaling = stack.take_optional_object("rope_scaling")?;
        let global_default = RopeConfig { theta: legacy_theta.unwrap_or(GLOBAL_THETA), factor: 1.0 };
        let local_default = RopeConfig { theta: legacy_local.unwrap_or(LOCAL_THETA), factor: 1.0 };
        let global_default = match legacy_scaling {
            Some(scaling) => read_one(scaling, global_default, unknown)?,
            None => global_default,
        };
        let Some(mut nested) = stack.take_optional_object("rope_parameters")? else {
            return Ok(Self { local: local_default, global: global_default });
        };
        let global = match nested.take_optional_object("full_attention")? {
            Some(fields) => read_one(fields, global_default, unknown)?,
            None => global_default,
        };
        let local = match nested.take_optional_object("sliding_attention")? {
            Some(fields) => read_one(fields, local_default, unknown)?,
            None => local_default,
        };
        nested.finish(unknown);
        Ok(Self { local, global })
    }
}

fn read_one(mut fields: Fields, default: RopeConfig, unknown: &mut Vec<String>) -> Result<RopeConfig, ConfigError> {
    let kind: Option<String> = fields.take_optional("rope_type")?;
    let older_kind: Option<String> = fields.take_optional("type")?;
    let theta: Option<f64> = fields.take_optional("rope_theta")?;
    let factor: Option<f64> = fields.take_optional("factor")?;
    let partial: Option<f64> = fields.take_optional("partial_rotary_factor")?;
    if let Some(partial) = partial.filter(|&partial| partial != 1.0) {
        return Err(fields.invalid("partial_rotary_factor", partial, "1"));
    }
    let kind = kind.or(older_kind).unwrap_or_else(|| "default".into());
    let factor = match kind.as_str() {
        "default" => 1.0,
        "linear" => factor.ok_or_else(|| ConfigError::Missing(fields.path_of("factor")))?,
        _ => return Err(fields.invalid("rope_type", kind, "\"default\" or \"linear\"")),
    };
    let theta = theta.unwrap_or(default.theta);
    for (name, value) in [("factor", factor), ("rope_theta", theta)] {
        if !(value.is_finite() && value > 0.0) {
            return Err(fields.invalid(name, value, "a positive number"));
        }
    }
    fields.finish(unknown);
    Ok(RopeConfig { theta, factor })
}
