//! Names of tensors in the wild, brought to those of the published checkpoints.
//!
//! Seen on disk: the published layout; the one that newer library versions write (`encoder.text_model.`, the vision
//! tower without `vision_model.`); saves of the bare model (no leading `model.`); copies of tied tensors.

/// Name of a stored tensor in the layout that [`super::Weights`] is asked in: text names as published, the vision
/// tower without `vision_model.`.
pub(super) fn canonical(stored: &str) -> String {
    let name = if stored.starts_with("encoder.") || stored.starts_with("decoder.") {
        format!("model.{stored}")
    } else {
        stored.to_owned()
    };
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
        ] {
            assert_eq!(canonical(stored), expected, "{stored}");
        }
    }
}
