//! `config.json` of a T5Gemma 2 checkpoint.

use super::fields::Fields;
use super::stack::StackConfig;
use super::vision::VisionConfig;
use super::{ConfigError, EncoderConfig, ImageTokens, ModelConfig, TokenIds};

pub(super) fn read(mut root: Fields) -> Result<ModelConfig, ConfigError> {
    let mut unknown = Vec::new();
    let mut decoder_fields = root.take_object("decoder")?;
    let mut encoder_fields = root.take_object("encoder")?;

    let decoder = StackConfig::read(&mut decoder_fields, &mut unknown)?;
    let final_logit_softcapping = decoder_fields.take_optional("final_logit_softcapping")?;
    if let Some(cap) = final_logit_softcapping.filter(|&cap: &f64| !(cap.is_finite() && cap > 0.0)) {
        return Err(decoder_fields.invalid("final_logit_softcapping", cap, "a positive number"));
    }
    let vocab_size = decoder_fields.take_size("vocab_size")?;
    let tokens = read_tokens(&mut root, &mut decoder_fields)?;
    let tied = [root.take_optional("tie_word_embeddings")?, decoder_fields.take_optional("tie_word_embeddings")?];

    let (encoder, encoder_vocab_size) = read_encoder(&mut root, &mut encoder_fields, &mut unknown)?;
    if encoder.text.hidden_size != decoder.hidden_size {
        return Err(decoder_fields.invalid(
            "hidden_size",
            decoder.hidden_size,
            format!("the encoder's {}", encoder.text.hidden_size),
        ));
    }
    let outer_vocab_size: Option<usize> = root.take_optional("vocab_size")?;
    for size in [Some(encoder_vocab_size), outer_vocab_size].into_iter().flatten() {
        if size != vocab_size {
            return Err(decoder_fields.invalid("vocab_size", vocab_size, format!("the encoder's {size}")));
        }
    }
    for (fields, name) in [(&mut root, "is_encoder_decoder"), (&mut decoder_fields, "is_encoder_decoder")] {
        let _: Option<bool> = fields.take_optional(name)?;
    }
    let _: Option<String> = decoder_fields.take_optional("model_type")?;
    decoder_fields.finish(&mut unknown);
    encoder_fields.finish(&mut unknown);
    root.finish(&mut unknown);
    Ok(ModelConfig {
        encoder: Some(encoder),
        decoder,
        vocab_size,
        // The outer field decides; it may be missing, and the published checkpoints are tied.
        tied_head: tied.into_iter().flatten().next().unwrap_or(true),
        final_logit_softcapping,
        tokens,
        unknown_fields: unknown,
    })
}

fn read_encoder(
    root: &mut Fields,
    fields: &mut Fields,
    unknown: &mut Vec<String>,
) -> Result<(EncoderConfig, usize), ConfigError> {
    let mut text_fields = fields.take_object("text_config")?;
    let text = StackConfig::read(&mut text_fields, unknown)?;
    let vocab_size = text_fields.take_size("vocab_size")?;
    // The encoder has no head: fields about logits and generation belong to the decoder.
    for name in
        ["model_type", "bos_token_id", "eos_token_id", "pad_token_id", "final_logit_softcapping", "tie_word_embeddings"]
    {
        let _: Option<serde_json::Value> = text_fields.take_optional(name)?;
    }
    let _: Option<bool> = text_fields.take_optional("is_encoder_decoder")?;
    text_fields.finish(unknown);

    let per_image = fields.take_size("mm_tokens_per_image")?;
    // The reference overwrites the encoder's own image id with the one at the top.
    let inner: Option<u32> = fields.take_optional("image_token_index")?;
    let outer: Option<u32> = root.take_optional("image_token_index")?;
    let soft = outer.or(inner).ok_or_else(|| ConfigError::Missing("image_token_index".into()))?;
    let end: u32 = fields.take("eoi_token_index")?;
    let outer_end: Option<u32> = root.take_optional("eoi_token_index")?;
    if let Some(outer_end) = outer_end.filter(|&outer_end| outer_end != end) {
        return Err(root.invalid("eoi_token_index", outer_end, format!("the encoder's {end}")));
    }
    let image = ImageTokens { per_image, start: fields.take("boi_token_index")?, end, soft };
    for (name, id) in [("image_token_index", soft), ("eoi_token_index", end), ("boi_token_index", image.start)] {
        if id as usize >= vocab_size {
            return Err(fields.invalid(name, id, format!("an id below the vocabulary's size {vocab_size}")));
        }
    }
    let vision = match fields.take_optional_object("vision_config")? {
        Some(vision) => Some(VisionConfig::read(vision, per_image, unknown)?),
        None => None,
    };
    for name in ["model_type", "tie_word_embeddings", "is_encoder_decoder"] {
        let _: Option<serde_json::Value> = fields.take_optional(name)?;
    }
    Ok((EncoderConfig { text, vision, image }, vocab_size))
}

fn read_tokens(root: &mut Fields, decoder: &mut Fields) -> Result<TokenIds, ConfigError> {
    let mut id = |name: &str| -> Result<Option<Ids>, ConfigError> {
        let outer: Option<Ids> = root.take_optional(name)?;
        let inner: Option<Ids> = decoder.take_optional(name)?;
        Ok(outer.or(inner))
    };
    let bos = id("bos_token_id")?;
    let eos = id("eos_token_id")?;
    let pad = id("pad_token_id")?;
    let one = |ids: Option<Ids>, name: &str| {
        ids.and_then(|ids| ids.into_vec().first().copied()).ok_or_else(|| ConfigError::Missing(name.into()))
    };
    Ok(TokenIds {
        bos: one(bos, "bos_token_id")?,
        eos: eos.map(Ids::into_vec).ok_or_else(|| ConfigError::Missing("eos_token_id".into()))?,
        pad: one(pad, "pad_token_id")?,
    })
}

/// One id or several: published files have both forms.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub(super) enum Ids {
    One(u32),
    Several(Vec<u32>),
}

impl Ids {
    pub(super) fn into_vec(self) -> Vec<u32> {
        match self {
            Self::One(id) => vec![id],
            Self::Several(ids) => ids,
        }
    }
}
