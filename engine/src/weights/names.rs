//! Translating the tensor names found in practice to those of the published checkpoints.
//!
//! Known variants: the published layout; that of newer library versions (`encoder.text_model.`, the vision tower without
//! `vision_model.`); saves of the bare model (no leading `model.`); copies of tied tensors. A Gemma 3 text checkpoint has no
//! encoder, so its layers are directly under `model.`, and two norms have other names.

/// Canonical name of a stored tensor, as used with [`super::Weights`]: text names as published, the vision tower without
/// `vision_model.`.
pub(crate) fn canonical(stored: &str) -> String {
    let name = if stored.starts_with("encoder.") || stored.starts_with("decoder.") {
        format!("model.{stored}")
    } else {
        stored.to_owned()
    };
    if let Some(gemma) = of_gemma(&name) {
        return gemma;
    }
    for (prefix, published) in [
        ("model.encoder.text_model.", "model.encoder."),
        ("model.encoder.vision_tower.vision_model.", "model.encoder.vision_tower."),
    ] {
        if let Some(rest) = name.strip_prefix(prefix) {
            return format!("{published}{rest}");
        }
    }
    name
}

/// The name in T5Gemma 2's decoder of a tensor of a Gemma 3 text checkpoint; `None` for names of T5Gemma 2.
fn of_gemma(name: &str) -> Option<String> {
    if name == "lm_head.weight" {
        return Some("lm_head.out_proj.weight".to_owned());
    }
    let rest = name.strip_prefix("model.")?;
    if !["layers.", "embed_tokens.", "norm."].iter().any(|start| rest.starts_with(start)) {
        return None;
    }
    let rest = rest.replace(".input_layernorm.", ".pre_self_attn_layernorm.");
    Some(format!("model.decoder.{}", rest.replace(".post_attention_layernorm.", ".post_self_attn_layernorm.")))
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn every_spelling_seen_on_disk_becomes_the_published_one() {
        for (stored, expected) in [
            ("model.encoder.layers.0.mlp.up_proj.weight", "model.encoder.layers.0.mlp.up_proj.weight"),
            ("model.encoder.text_model.layers.0.mlp.up_proj.weight", "model.encoder.layers.0.mlp.up_proj.weight"),
            ("encoder.text_model.norm.weight", "model.encoder.norm.weight"),
            ("encoder.embed_tokens.eoi_embedding", "model.encoder.embed_tokens.eoi_embedding"),
            ("decoder.norm.weight", "model.decoder.norm.weight"),
            (
                "model.encoder.vision_tower.vision_model.post_layernorm.bias",
                "model.encoder.vision_tower.post_layernorm.bias",
            ),
            ("encoder.vision_tower.post_layernorm.bias", "model.encoder.vision_tower.post_layernorm.bias"),
            ("lm_head.out_proj.weight", "lm_head.out_proj.weight"),
            ("lm_head.weight", "lm_head.out_proj.weight"),
            ("model.embed_tokens.weight", "model.decoder.embed_tokens.weight"),
            ("model.norm.weight", "model.decoder.norm.weight"),
            ("model.layers.3.input_layernorm.weight", "model.decoder.layers.3.pre_self_attn_layernorm.weight"),
            (
                "model.layers.3.post_attention_layernorm.weight",
                "model.decoder.layers.3.post_self_attn_layernorm.weight",
            ),
            (
                "model.layers.3.post_feedforward_layernorm.weight",
                "model.decoder.layers.3.post_feedforward_layernorm.weight",
            ),
        ] {
            assert_eq!(canonical(stored), expected, "{stored}");
        }
    }
}
