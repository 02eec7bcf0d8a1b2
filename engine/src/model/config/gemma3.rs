//! `config.json` of a Gemma 3 text checkpoint: T5Gemma 2's decoder with an empty memory.

use super::fields::Fields;
use super::stack::StackConfig;
use super::t5gemma2::Ids;
use super::{ConfigError, ModelConfig, TokenIds};

pub(super) fn read(mut root: Fields) -> Result<ModelConfig, ConfigError> {
    let mut unknown = Vec::new();
    let decoder = StackConfig::read(&mut root, &mut unknown)?;
    let bos: u32 = root.take("bos_token_id")?;
    let eos: Ids = root.take("eos_token_id")?;
    let pad: Option<u32> = root.take_optional("pad_token_id")?;
    let config = ModelConfig {
        encoder: None,
        decoder,
        vocab_size: root.take_size("vocab_size")?,
        tied_head: root.take_optional("tie_word_embeddings")?.unwrap_or(true),
        final_logit_softcapping: root.take_optional("final_logit_softcapping")?,
        tokens: TokenIds { bos, eos: eos.into_vec(), pad: pad.unwrap_or(0) },
        unknown_fields: Vec::new(),
    };
    let _: Option<bool> = root.take_optional("is_encoder_decoder")?;
    root.finish(&mut unknown);
    Ok(ModelConfig { unknown_fields: unknown, ..config })
}
