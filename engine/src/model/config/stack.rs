//! The shape of one stack of layers, encoder or decoder.

use super::fields::Fields;
use super::rope::RopePair;
use super::{ConfigError, RopeConfig};
pub use crate::kernels::cpu::rows::Activation;

/// Which keys a layer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// Those in the sliding window.
    Local,
    /// All.
    Global,
}

/// The shape of one stack of layers.
#[derive(Clone, Debug, PartialEq)]
pub struct StackConfig {
    /// Width of the residual stream (`c` in shapes).
    pub hidden_size: usize,
    /// Width inside the feed-forward block (`f`).
    pub intermediate_size: usize,
    /// Query heads (`h`).
    pub num_heads: usize,
    /// Key and value heads (`k`); each serves `h / k` query heads.
    pub num_kv_heads: usize,
    /// Width of a head (`d`); `h * d` need not be `c`.
    pub head_dim: usize,
    /// Added to the mean square in RMSNorm.
    pub rms_norm_eps: f64,
    /// Attention scores are divided by its square root.
    pub query_pre_attn_scalar: f64,
    /// Keys that a local layer sees.
    pub sliding_window: usize,
    /// Kind of each layer, first to last.
    pub layers: Vec<LayerKind>,
    /// Rotation in local layers.
    pub local_rope: RopeConfig,
    /// Rotation in global layers.
    pub global_rope: RopeConfig,
    /// Function inside the feed-forward block.
    pub activation: Activation,
    /// Whether the four attention products add a bias.
    pub attention_bias: bool,
}

impl StackConfig {
    /// Factor on attention scores.
    pub fn attention_scale(&self) -> f64 {
        self.query_pre_attn_scalar.powf(-0.5)
    }

    /// Query heads that share a key head.
    pub fn group_size(&self) -> usize {
        self.num_heads / self.num_kv_heads
    }

    /// Rotation of a layer of the given kind.
    pub fn rope(&self, kind: LayerKind) -> RopeConfig {
        match kind {
            LayerKind::Local => self.local_rope,
            LayerKind::Global => self.global_rope,
        }
    }

    /// Reads the fields of a stack; fields of the whole model stay in `fields`.
    pub(super) fn read(fields: &mut Fields, unknown: &mut Vec<String>) -> Result<Self, ConfigError> {
        let num_layers = fields.take_layers("num_hidden_layers")?;
        let stack = Self {
            hidden_size: fields.take_size("hidden_size")?,
            intermediate_size: fields.take_size("intermediate_size")?,
            num_heads: fields.take_size("num_attention_heads")?,
            num_kv_heads: fields.take_size("num_key_value_heads")?,
            head_dim: fields.take_size("head_dim")?,
            rms_norm_eps: fields.take("rms_norm_eps")?,
            query_pre_attn_scalar: fields.take("query_pre_attn_scalar")?,
            sliding_window: fields.take_size("sliding_window")?,
            layers: read_layers(fields, num_layers)?,
            activation: Activation::read(fields, "hidden_activation")?,
            attention_bias: fields.take_optional("attention_bias")?.unwrap_or(false),
            local_rope: RopeConfig { theta: 1.0, factor: 1.0 },
            global_rope: RopeConfig { theta: 1.0, factor: 1.0 },
        };
        let rope = RopePair::read(fields, unknown)?;
        let stack = Self { local_rope: rope.local, global_rope: rope.global, ..stack };
        stack.check(fields)?;
        Ok(stack)
    }

    fn check(&self, fields: &Fields) -> Result<(), ConfigError> {
        if !self.num_heads.is_multiple_of(self.num_kv_heads) {
            return Err(fields.invalid("num_key_value_heads", self.num_kv_heads, "a divisor of num_attention_heads"));
        }
        if !self.head_dim.is_multiple_of(2) {
            return Err(fields.invalid("head_dim", self.head_dim, "an even number"));
        }
        if !(self.query_pre_attn_scalar.is_finite() && self.query_pre_attn_scalar > 0.0) {
            return Err(fields.invalid("query_pre_attn_scalar", self.query_pre_attn_scalar, "a positive number"));
        }
        if !(self.rms_norm_eps.is_finite() && self.rms_norm_eps >= 0.0) {
            return Err(fields.invalid("rms_norm_eps", self.rms_norm_eps, "a small positive number"));
        }
        Ok(())
    }
}

impl Activation {
    /// Reads an activation by its name in the reference.
    pub(super) fn read(fields: &mut Fields, name: &str) -> Result<Self, ConfigError> {
        let value: String = fields.take(name)?;
        match value.as_str() {
            "gelu_pytorch_tanh" | "gelu_new" => Ok(Self::GeluTanh),
            "gelu" => Ok(Self::GeluErf),
            "silu" | "swish" => Ok(Self::Silu),
            "relu" => Ok(Self::Relu),
            _ => Err(fields.invalid(name, value, "gelu_pytorch_tanh, gelu, silu or relu")),
        }
    }
}

/// Reads `layer_types`, or the pattern of older files (every `n`th layer is global).
fn read_layers(fields: &mut Fields, num_layers: usize) -> Result<Vec<LayerKind>, ConfigError> {
    let pattern: Option<usize> = fields.take_optional("sliding_window_pattern")?;
    let Some(names) = fields.take_optional::<Vec<String>>("layer_types")? else {
        let pattern = pattern.unwrap_or(DEFAULT_PATTERN);
        if pattern == 0 {
            return Err(fields.invalid("sliding_window_pattern", pattern, "a positive number"));
        }
        return Ok((1..=num_layers).map(|i| LayerKind::every(pattern, i)).collect());
    };
    if names.len() != num_layers {
        return Err(fields.invalid("layer_types", format!("{} entries", names.len()), format!("{num_layers} entries")));
    }
    names
        .into_iter()
        .map(|name| match name.as_str() {
            "sliding_attention" => Ok(LayerKind::Local),
            "full_attention" => Ok(LayerKind::Global),
            _ => Err(fields.invalid("layer_types", name, "sliding_attention or full_attention")),
        })
        .collect()
}

/// Gemma 3's pattern, the reference's default where a file has neither layers nor a pattern.
const DEFAULT_PATTERN: usize = 6;

impl LayerKind {
    /// Kind of the layer with the given number, counted from 1, where every `pattern`th is global.
    pub fn every(pattern: usize, number: usize) -> Self {
        if number.is_multiple_of(pattern) { Self::Global } else { Self::Local }
    }
}
