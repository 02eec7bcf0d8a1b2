//! The same checkpoint under every spelling and split that its tensors are found in.

use std::path::Path;

use candle_core::Tensor;
use engine::protocol::{MemoryChoice, WeightType};
use recto_tests::fixture;
use serde_json::json;

use crate::parity::{F32_TOLERANCE, compare, forward, try_forward};
use crate::tiny_model::{Tensors, tensors};

const NAME: &str = "image-first";

/// A folder with the checkpoint's configuration and reference, and whatever `files` hold.
fn folder(files: &[(&str, Tensors)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "reference.safetensors"] {
        std::fs::copy(fixture("model").join(NAME).join(name), folder.path().join(name)).unwrap();
    }
    for (name, tensors) in files {
        candle_core::safetensors::save(&tensors.clone().into_iter().collect(), folder.path().join(name)).unwrap();
    }
    folder
}

fn renamed(rename: impl Fn(&str) -> String) -> Tensors {
    tensors(NAME).into_iter().map(|(name, tensor)| (rename(&name), tensor)).collect()
}

fn in_memory_name(name: &str) -> String {
    let text = ["layers.", "norm.", "embed_tokens."];
    match name.strip_prefix("model.encoder.") {
        Some(rest) if text.iter().any(|part| rest.starts_with(part)) => format!("model.encoder.text_model.{rest}"),
        _ => name.to_owned(),
    }
}

fn assert_agrees(folder: &Path, what: &str) {
    let ours = forward(folder, WeightType::F32, MemoryChoice::KeysValues);
    for (output, worst) in compare(&ours, folder) {
        assert!(worst.absolute <= F32_TOLERANCE, "{what}: {output}: {:.1e}", worst.absolute);
    }
}

#[test]
fn every_spelling_of_names_is_read() {
    let bare = |name: &str| name.strip_prefix("model.").unwrap_or(name).to_owned();
    let vision = |name: &str| name.replace("vision_tower.", "vision_tower.vision_model.");
    for (what, tensors) in [
        ("text_model", renamed(in_memory_name)),
        ("bare", renamed(bare)),
        ("bare text_model", renamed(|name| bare(&in_memory_name(name)))),
        ("vision_model", renamed(vision)),
        ("bare vision_model", renamed(|name| bare(&vision(name)))),
    ] {
        assert!(tensors.keys().any(|name| !crate::tiny_model::tensors(NAME).contains_key(name)), "{what}");
        assert_agrees(folder(&[("model.safetensors", tensors)]).path(), what);
    }
}

/// Copies of tied tensors that some savers write.
fn with_copies() -> Tensors {
    let mut tensors = tensors(NAME);
    for (copy, of) in [
        ("lm_head.out_proj.weight", "model.encoder.embed_tokens.weight"),
        ("model.decoder.embed_tokens.weight", "model.encoder.embed_tokens.weight"),
        ("model.decoder.embed_tokens.eoi_embedding", "model.encoder.embed_tokens.eoi_embedding"),
        ("model.encoder.text_model.embed_tokens.weight", "model.encoder.embed_tokens.weight"),
        ("encoder.embed_tokens.eoi_embedding", "model.encoder.embed_tokens.eoi_embedding"),
    ] {
        let tensor = tensors[of].copy().unwrap();
        tensors.insert(copy.into(), tensor);
    }
    tensors
}

#[test]
fn copies_of_tied_tensors_are_harmless_while_they_agree() {
    assert_agrees(folder(&[("model.safetensors", with_copies())]).path(), "copies");
    let mut tensors = with_copies();
    let name = "model.encoder.text_model.embed_tokens.weight";
    let other: Tensor = (&tensors[name] + 1.0).unwrap();
    tensors.insert(name.into(), other);
    let report = try_forward(folder(&[("model.safetensors", tensors)]).path(), WeightType::F32, MemoryChoice::Auto);
    let message = format!("{:?}", report.unwrap_err());
    assert!(message.contains("twice") && message.contains("embed_tokens.weight"), "{message}");
}

#[test]
fn shards_are_read_by_their_index() {
    let names =
        ["model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors"];
    let mut shards: Vec<(&str, Tensors)> = names.iter().map(|&name| (name, Tensors::new())).collect();
    let mut map = serde_json::Map::new();
    let mut all: Vec<(String, Tensor)> = tensors(NAME).into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    for (i, (name, tensor)) in all.into_iter().enumerate() {
        let (file, shard) = &mut shards[i % 3];
        map.insert(name.clone(), json!(*file));
        shard.insert(name, tensor);
    }
    let folder = folder(&shards);
    let index = json!({"metadata": {"total_size": 1}, "weight_map": map});
    std::fs::write(folder.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
    assert_agrees(folder.path(), "shards");
    std::fs::remove_file(folder.path().join(names[1])).unwrap();
    let report = try_forward(folder.path(), WeightType::F32, MemoryChoice::Auto);
    let message = format!("{:?}", report.unwrap_err());
    assert!(message.contains(names[1]), "{message}");
}
