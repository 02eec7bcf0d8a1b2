//! LoRA adapters against what the `peft` library computes with them, and adapters that do not fit.
//!
//! `fixtures/lora/make_adapters.py` made them; updates are as large as the weights, so that a wrong scale, rank or place moves
//! outputs of scale one by about one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use engine::protocol::{MemoryChoice, Source, WeightType};
use recto_tests::fixture;
use serde_json::{Value, json};

use crate::parity::{F32_TOLERANCE, compare, try_forward};

/// A checkpoint with an adapter beside it, as a user would put them, in a folder that goes away with the value.
struct Adapted {
    folder: tempfile::TempDir,
}

impl Adapted {
    /// The adapter `name` of the fixtures on its own base.
    fn new(name: &str) -> Self {
        let adapter = fixture("lora").join(name);
        let own = adapter.join("model.safetensors").exists();
        let base = if own { adapter.clone() } else { fixture("model").join(name) };
        let folder = tempfile::tempdir().unwrap();
        for file in ["config.json", "model.safetensors"] {
            std::fs::copy(base.join(file), folder.path().join(file)).unwrap();
        }
        for file in ["adapter_config.json", "adapter_model.safetensors", "reference.safetensors"] {
            std::fs::copy(adapter.join(file), folder.path().join(file)).unwrap();
        }
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Changes what the adapter's configuration says.
    fn configure(&self, change: impl FnOnce(&mut Value)) {
        let path = self.path().join("adapter_config.json");
        let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut config);
        std::fs::write(&path, config.to_string()).unwrap();
    }

    /// Changes the adapter's tensors.
    fn retensor(&self, change: impl FnOnce(&mut HashMap<String, Tensor>)) {
        let path = self.weights();
        let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
        change(&mut tensors);
        candle_core::safetensors::save(&tensors, &path).unwrap();
    }

    fn weights(&self) -> PathBuf {
        self.path().join("adapter_model.safetensors")
    }

    /// Why it is refused.
    fn refusal(&self) -> String {
        let report = try_forward(self.path(), WeightType::F32, MemoryChoice::KeysValues).unwrap_err();
        assert!(report.hint.is_some(), "{report:?}");
        report.message
    }
}

#[test]
fn outputs_are_those_of_the_library_that_made_the_adapter() {
    for name in ["image", "text", "gemma3"] {
        let adapted = Adapted::new(name);
        for memory in [MemoryChoice::KeysValues, MemoryChoice::Shared] {
            let ours = try_forward(adapted.path(), WeightType::F32, memory).unwrap();
            let compared = compare(&ours, adapted.path());
            assert!(!compared.is_empty(), "{name}");
            for (output, worst) in compared {
                println!("lora {name} {memory:?} {output}: {:.1e}", worst.absolute);
                assert!(worst.absolute <= F32_TOLERANCE, "{name} {memory:?} {output}: {:.1e}", worst.absolute);
            }
        }
    }
}

#[test]
fn an_adapter_that_is_quantised_with_the_weights_still_changes_them() {
    let adapted = Adapted::new("gemma3");
    let with = try_forward(adapted.path(), WeightType::Int8, MemoryChoice::KeysValues).unwrap();
    let (_, worst) = compare(&with, adapted.path()).remove(0);
    assert!(worst.share < 0.1, "int8 moved the logits by {:.2} of their largest", worst.share);
    std::fs::remove_file(adapted.path().join("adapter_config.json")).unwrap();
    let without = try_forward(adapted.path(), WeightType::Int8, MemoryChoice::KeysValues).unwrap();
    let (_, far) = compare(&without, adapted.path()).remove(0);
    assert!(far.share > 0.3, "without the adapter the logits differ by {:.2} only", far.share);
}

#[test]
fn what_does_not_fit_is_named() {
    type Change = fn(&Adapted);
    const A: &str = "base_model.model.model.layers.2.self_attn.q_proj.lora_A.weight";
    const B: &str = "base_model.model.model.layers.2.self_attn.q_proj.lora_B.weight";
    let cases: &[(&str, Change, &[&str])] = &[
        ("another rank", |it| it.configure(|c| c["r"] = json!(5)), &["lora_A", "[3, 96]", "[5, 96]"]),
        ("rank zero", |it| it.configure(|c| c["r"] = json!(0)), &["r as a rank"]),
        ("a rank that is no number", |it| it.configure(|c| c["r"] = json!("many")), &["r as a rank"]),
        ("no half", |it| it.retensor(|t| drop(t.remove(A))), &["lacks", A]),
        ("no other half", |it| it.retensor(|t| drop(t.remove(B))), &["lacks", B]),
        ("no module", |it| it.retensor(|t| t.retain(|n, _| n != A && n != B)), &["lacks", A]),
        ("nothing", |it| it.retensor(HashMap::clear), &["lacks"]),
        (
            "another width",
            |it| it.retensor(|t| drop(t.insert(A.into(), fill(&[3, 65], 0.0)))),
            &[A, "[3, 65]", "[3, 64]"],
        ),
        (
            "another height",
            |it| it.retensor(|t| drop(t.insert(B.into(), fill(&[9, 3], 0.0)))),
            &[B, "[9, 3]", "[128, 3]"],
        ),
        ("not a number", |it| it.retensor(|t| drop(t.insert(A.into(), fill(&[3, 64], f32::NAN)))), &[A, "not finite"]),
        ("another base", |it| it.retensor(rename_layer), &["model.layers.7", "does not have"]),
        ("another kind", |it| it.configure(|c| c["peft_type"] = json!("IA3")), &["IA3"]),
        ("DoRA", |it| it.configure(|c| c["use_dora"] = json!(true)), &["use_dora is true"]),
        ("PiSSA", |it| it.configure(|c| c["init_lora_weights"] = json!("pissa")), &["pissa"]),
        ("biases", |it| it.configure(|c| c["bias"] = json!("all")), &["bias is \"all\""]),
        ("whole modules", |it| it.configure(|c| c["modules_to_save"] = json!(["lm_head"])), &["modules_to_save"]),
        (
            "a foreign tensor",
            |it| it.retensor(|t| drop(t.insert("model.norm.weight".into(), fill(&[64], 0.0)))),
            &["model.norm.weight"],
        ),
        ("cut short", cut_short, &["damaged"]),
        ("no weights", |it| std::fs::remove_file(it.weights()).unwrap(), &["adapter_model.safetensors"]),
        (
            "a configuration without end",
            |it| std::fs::write(it.path().join("adapter_config.json"), vec![b' '; (1 << 20) + 1]).unwrap(),
            &["adapter_config.json", "too long"],
        ),
        (
            "a folder for weights",
            |it| std::fs::remove_file(it.weights()).and_then(|()| std::fs::create_dir(it.weights())).unwrap(),
            &["adapter_model.safetensors", "a folder, not a file"],
        ),
        ("an endless weight", |it| it.configure(|c| c["lora_alpha"] = json!(1e300)), &["lora_alpha", "moderate"]),
        (
            "one matrix by two names",
            |it| it.retensor(|t| drop([A, B].map(|n| t.insert(n.replace("model.model.", "model."), t[n].clone())))),
            &["layers.2.self_attn.q_proj", "the same matrix"],
        ),
        ("no JSON", |it| std::fs::write(it.path().join("adapter_config.json"), "{").unwrap(), &["adapter_config.json"]),
        ("a hostile pattern", |it| it.configure(|c| c["target_modules"] = json!("(((")), &["target_modules"]),
    ];
    for (name, change, expected) in cases {
        let adapted = Adapted::new("gemma3");
        change(&adapted);
        let refusal = adapted.refusal();
        for words in *expected {
            assert!(refusal.contains(words), "{name}: {refusal}");
        }
    }
}

#[test]
fn an_adapter_for_another_network_is_refused() {
    let adapted = Adapted::new("gemma3");
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
        std::fs::copy(fixture("lora").join("image").join(file), adapted.path().join(file)).unwrap();
    }
    let refusal = adapted.refusal();
    assert!(refusal.contains("decoder.layers.0") && refusal.contains("does not have"), "{refusal}");
}

#[test]
fn an_adapter_of_a_decoder_alone_is_not_for_a_model_with_an_encoder_of_the_same_sizes() {
    let adapted = Adapted::new("image");
    adapted.retensor(|tensors| {
        tensors.retain(|name, _| name.contains("decoder."));
        *tensors = tensors.drain().map(|(name, tensor)| (name.replace("decoder.", ""), tensor)).collect();
    });
    let refusal = adapted.refusal();
    assert!(refusal.contains("model.layers.0") && refusal.contains("does not have"), "{refusal}");
}

#[test]
fn encodings_are_kept_for_one_adapter_alone() {
    let home = tempfile::tempdir().unwrap();
    let model = crate::reading_model::write_model(&home.path().join("model"), |_| ());
    let source = crate::reading_model::write_report(&home.path().join("report.txt"), &crate::reading_model::pages(3));
    let origins = || {
        let engine = crate::reading_model::engine(home.path());
        crate::reading_model::origins(&crate::reading_model::read(&engine, &model, &source).0)
    };
    let (windows, kept) = origins();
    assert_eq!(kept, 0);
    assert_eq!(origins(), (0, windows), "the same model reads nothing twice");
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
        std::fs::copy(fixture("lora/image").join(file), model.join(file)).unwrap();
    }
    assert_eq!(origins(), (windows, 0), "with an adapter it is another model");
    assert_eq!(origins(), (0, windows));
    std::fs::remove_file(model.join("adapter_config.json")).unwrap();
    assert_eq!(origins(), (0, windows), "without it, it is the first again");
}

#[test]
fn pictures_are_looked_at_anew_for_an_adapter_on_the_vision_tower_alone() {
    let home = tempfile::tempdir().unwrap();
    let model = crate::reading_model::write_model(&home.path().join("model"), |_| ());
    let source = Source { path: fixture("model/pictures/source.png"), password: None };
    let looked = || {
        let engine = crate::reading_model::engine(home.path());
        crate::reading_model::looked(&crate::reading_model::read(&engine, &model, &source).1)
    };
    assert!(looked());
    let adapter = fixture("lora/image");
    std::fs::copy(adapter.join("adapter_config.json"), model.join("adapter_config.json")).unwrap();
    let mut tensors = candle_core::safetensors::load(adapter.join("adapter_model.safetensors"), &Device::Cpu).unwrap();
    let write = |tensors: &_| candle_core::safetensors::save(tensors, model.join("adapter_model.safetensors")).unwrap();
    write(&tensors);
    assert!(looked(), "this tower sees something else");
    assert!(!looked());
    tensors.retain(|name, _| !name.contains("vision_tower"));
    write(&tensors);
    assert!(!looked(), "this tower is the first again");
}

fn fill(shape: &[usize], value: f32) -> Tensor {
    Tensor::full(value, shape, &Device::Cpu).unwrap()
}

fn rename_layer(tensors: &mut HashMap<String, Tensor>) {
    *tensors = tensors.drain().map(|(name, tensor)| (name.replace("layers.3.", "layers.7."), tensor)).collect();
}

fn cut_short(adapted: &Adapted) {
    let bytes = std::fs::read(adapted.weights()).unwrap();
    std::fs::write(adapted.weights(), &bytes[..bytes.len() - 100]).unwrap();
}
