//! The shape of the SigLIP vision tower.

use super::ConfigError;
use super::fields::Fields;
use super::stack::Activation;

/// The shape of the vision tower and of its output for the projector.
#[derive(Clone, Debug, PartialEq)]
pub struct VisionConfig {
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width inside the feed-forward block.
    pub intermediate_size: usize,
    /// Layers.
    pub num_layers: usize,
    /// Attention heads.
    pub num_heads: usize,
    /// Height and width of the image, in pixels.
    pub image_size: usize,
    /// Height and width of a patch, in pixels.
    pub patch_size: usize,
    /// Colour channels.
    pub num_channels: usize,
    /// Added to the variance in LayerNorm, and to the mean square in the projector's norm.
    pub layer_norm_eps: f64,
    /// Function inside the feed-forward block.
    pub activation: Activation,
}

impl VisionConfig {
    /// Patches along one side.
    pub fn grid(&self) -> usize {
        self.image_size / self.patch_size
    }

    /// Width of a head.
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.num_heads
    }

    /// Side of the squares of patches that are averaged into one token, for `tokens` tokens per image.
    pub fn pool_size(&self, tokens: usize) -> usize {
        self.grid() / tokens.isqrt().max(1)
    }

    pub(super) fn read(mut fields: Fields, tokens: usize, unknown: &mut Vec<String>) -> Result<Self, ConfigError> {
        let kind: Option<String> = fields.take_optional("model_type")?;
        if let Some(kind) = kind.filter(|kind| kind != "siglip_vision_model") {
            return Err(fields.invalid("model_type", kind, "siglip_vision_model"));
        }
        // A pooling head may exist; it is not used here.
        let _: Option<bool> = fields.take_optional("vision_use_head")?;
        let _: Option<bool> = fields.take_optional("is_encoder_decoder")?;
        let vision = Self {
            hidden_size: fields.take_size("hidden_size")?,
            intermediate_size: fields.take_size("intermediate_size")?,
            num_layers: fields.take_layers("num_hidden_layers")?,
            num_heads: fields.take_size("num_attention_heads")?,
            image_size: fields.take_size("image_size")?,
            patch_size: fields.take_size("patch_size")?,
            num_channels: fields.take_size("num_channels")?,
            layer_norm_eps: fields.take("layer_norm_eps")?,
            activation: Activation::read(&mut fields, "hidden_act")?,
        };
        if !vision.hidden_size.is_multiple_of(vision.num_heads) {
            return Err(fields.invalid("num_attention_heads", vision.num_heads, "a divisor of hidden_size"));
        }
        if vision.num_channels != 3 {
            return Err(fields.invalid("num_channels", vision.num_channels, "3"));
        }
        let side = tokens.isqrt();
        let pool = vision.pool_size(tokens);
        if side * side != tokens || pool == 0 || vision.grid() / pool.max(1) != side {
            return Err(fields.invalid(
                "image_size",
                vision.image_size,
                format!("an image that {tokens} tokens divide into squares of patches"),
            ));
        }
        fields.finish(unknown);
        Ok(vision)
    }
}
