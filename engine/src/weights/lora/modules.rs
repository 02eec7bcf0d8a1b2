//! Names of modules and tensors, in adapters and in the published checkpoints.
//!
//! `base_model.model.model.decoder.layers.3.self_attn.q_proj.lora_A.weight` is half of what is added to
//! `model.decoder.layers.3.self_attn.q_proj.weight`. An adapter of a Gemma 3 has `model.layers.3…`, which is the decoder here.

use crate::weights::names::canonical;

/// Prefix that `peft` adds to every module's path.
const WRAPPER: &str = "base_model.model.";

/// Which factor of an update a tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// `[r, in]`.
    A = 0,
    /// `[out, r]`.
    B = 1,
}

/// Module and factor of a tensor's name; `None` where it is not part of a linear layer's update.
pub(super) fn parse(tensor: &str) -> Option<(String, Half)> {
    let path = tensor.strip_prefix(WRAPPER)?;
    for (ending, half) in [("lora_A", Half::A), ("lora_B", Half::B)] {
        // Saved while an adapter had a name, tensors carry it: `lora_A.default.weight`.
        for name in [format!(".{ending}.weight"), format!(".{ending}.default.weight")] {
            if let Some(module) = path.strip_suffix(name.as_str()) {
                return Some((module.to_owned(), half));
            }
        }
    }
    None
}

/// The name of a factor in a file.
pub(super) fn tensor(module: &str, half: Half) -> String {
    format!("{WRAPPER}{module}.lora_{half:?}.weight")
}

/// Whether a module's path names its stack, as in a model with encoder and decoder.
pub(super) fn is_of_two_stacks(module: &str) -> bool {
    module.split('.').any(|part| matches!(part, "encoder" | "decoder"))
}

/// Published names that a module's matrix may have.
pub(super) fn spellings(module: &str) -> impl Iterator<Item = String> + use<> {
    let bare = module.strip_prefix("model.").unwrap_or(module);
    // An adapter that was trained on the bare model has no leading `model.`.
    [format!("{module}.weight"), format!("model.{bare}.weight")].into_iter().map(|name| canonical(&name))
}

/// The part of the model that a tensor belongs to: all before the layer's number.
pub(super) fn stack(name: &str) -> &str {
    name.find("layers.").map_or("", |at| &name[..at])
}

/// The module of a linear layer of a stack by its matrix' published name.
pub(super) fn linear_module(name: &str) -> Option<String> {
    let module = name.strip_suffix(".weight")?;
    let is_linear = [
        ".q_proj",
        ".k_proj",
        ".v_proj",
        ".o_proj",
        ".out_proj",
        ".gate_proj",
        ".up_proj",
        ".down_proj",
        ".fc1",
        ".fc2",
    ]
    .iter()
    .any(|ending| module.ends_with(ending));
    (is_linear && !stack(name).is_empty()).then(|| module.to_owned())
}

/// The number of the layer that a module lies in.
pub(super) fn layer(module: &str) -> Option<usize> {
    module.split("layers.").nth(1)?.split('.').next()?.parse().ok()
}

/// How an adapter spells the module `other`, when it spells the matrix `known` as `spelled`; `None` in another stack.
pub(super) fn respell(known: &str, spelled: &str, other: &str) -> Option<String> {
    if stack(known) != stack(other) {
        return None;
    }
    Some(format!("{}{}", stack(spelled), other.strip_prefix(stack(other))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_halves_of_updates_or_foreign() {
        for (name, expected) in [
            (
                "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight",
                Some(("model.layers.0.mlp.up_proj", Half::A)),
            ),
            ("base_model.model.a.b.lora_B.default.weight", Some(("a.b", Half::B))),
            ("base_model.model.model.embed_tokens.lora_embedding_A", None),
            ("base_model.model.a.b.lora_magnitude_vector", None),
            ("model.a.b.lora_A.weight", None),
        ] {
            assert_eq!(parse(name), expected.map(|(module, half)| (module.to_owned(), half)), "{name}");
        }
    }

    #[test]
    fn modules_are_found_under_their_published_names() {
        for (module, expected) in [
            ("model.layers.3.self_attn.q_proj", "model.decoder.layers.3.self_attn.q_proj.weight"),
            ("layers.3.self_attn.q_proj", "model.decoder.layers.3.self_attn.q_proj.weight"),
            ("model.decoder.layers.3.mlp.up_proj", "model.decoder.layers.3.mlp.up_proj.weight"),
            ("decoder.layers.3.mlp.up_proj", "model.decoder.layers.3.mlp.up_proj.weight"),
            ("model.encoder.text_model.layers.3.mlp.up_proj", "model.encoder.layers.3.mlp.up_proj.weight"),
        ] {
            assert!(spellings(module).any(|name| name == expected), "{module}");
        }
    }

    #[test]
    fn a_missing_module_is_spelled_as_its_neighbours_are() {
        let known = "model.decoder.layers.0.mlp.up_proj.weight";
        let other = "model.decoder.layers.11.self_attn.q_proj";
        let spelled = respell(known, "model.layers.0.mlp.up_proj", other);
        assert_eq!(spelled.as_deref(), Some("model.layers.11.self_attn.q_proj"));
        assert_eq!(respell("model.encoder.layers.0.mlp.up_proj.weight", "x.layers.0", other), None);
        assert_eq!(layer(other), Some(11));
    }
}
