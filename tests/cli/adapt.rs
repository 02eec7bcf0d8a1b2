//! `recto models adapt`, and what is added next to a checkpoint.

use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use recto_tests::fixture;
use serde_json::{Value, json};

use crate::{run, stderr};

/// Largest difference of an output from the reference in f32, as in the parity tests.
const F32_TOLERANCE: f64 = 1e-4;

/// Outputs that are compared, where the reference holds them.
const OUTPUTS: [&str; 4] = ["image_features", "encoder_last_hidden_state", "logits", "cross_attention"];

/// A folder with the small checkpoint with eyes, as published.
fn checkpoint(home: &Path) -> PathBuf {
    let folder = home.join("stick");
    std::fs::create_dir(&folder).unwrap();
    for file in ["config.json", "model.safetensors"] {
        std::fs::copy(fixture("model/image").join(file), folder.join(file)).unwrap();
    }
    std::fs::copy(fixture("tokenizer/tokenizer.json"), folder.join("tokenizer.json")).unwrap();
    folder
}

/// Installs it as `small`.
fn install(home: &Path) {
    let folder = checkpoint(home);
    let added = run(home, &["models", "add", folder.to_str().unwrap(), "--name", "small"]);
    assert!(added.status.success(), "{}", stderr(&added));
}

/// A copy of an adapter of the fixtures.
fn adapter(home: &Path, name: &str) -> String {
    let folder = home.join(format!("{name} adapter"));
    std::fs::create_dir(&folder).unwrap();
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
        std::fs::copy(fixture("lora").join(name).join(file), folder.join(file)).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

fn listed(home: &Path) -> Value {
    let output = run(home, &["models", "list", "--json"]);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    list["models"][0].clone()
}

/// The largest difference from the outputs that the library has with its adapter.
fn difference(home: &Path, reference: &str) -> f64 {
    difference_of(home, "small", reference)
}

fn difference_of(home: &Path, model: &str, reference: &str) -> f64 {
    let output = home.join("out.safetensors");
    let input = fixture("lora").join(reference).join("reference.safetensors");
    let arguments = ["forward", "--input", input.to_str().unwrap(), "--output", output.to_str().unwrap()];
    let run = run(home, &[&arguments[..], &["--model", model, "--dtype", "f32"]].concat());
    assert!(run.status.success(), "{}", stderr(&run));
    let load = |path| candle_core::safetensors::load::<&Path>(path, &Device::Cpu).unwrap();
    let (ours, expected) = (load(&output), load(&input));
    let differences = OUTPUTS.iter().filter_map(|name| {
        let in_f64 = |tensor: &Tensor| tensor.to_dtype(DType::F64).unwrap();
        let difference = (in_f64(&ours[*name]) - in_f64(expected.get(*name)?)).unwrap();
        Some(difference.abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap())
    });
    differences.fold(0.0, f64::max)
}

#[test]
fn an_installed_model_is_adapted_and_is_itself_again() {
    let home = tempfile::tempdir().unwrap();
    install(home.path());
    let adapter = adapter(home.path(), "image");
    std::fs::write(Path::new(&adapter).join("recto.toml"), "prompt = \"document_v1\"\n").unwrap();
    assert!(difference(home.path(), "image") > 0.1, "the adapter changes next to nothing");
    let before = listed(home.path());
    let adapted = run(home.path(), &["models", "adapt", "small", &adapter]);
    assert!(adapted.status.success(), "{}", stderr(&adapted));
    let model = listed(home.path());
    assert_eq!((&model["adapter"], &model["prompt"]), (&json!("image adapter"), &json!("document_v1")));
    assert!(model["bytes"].as_u64() > before["bytes"].as_u64());
    assert!(difference(home.path(), "image") <= F32_TOLERANCE);
    let lines = run(home.path(), &["models", "list"]);
    assert!(String::from_utf8_lossy(&lines.stdout).contains("with the adapter image adapter"));
    // Twice is as once, and a file of it that changes is seen.
    assert!(run(home.path(), &["models", "adapt", "small", &adapter]).status.success());
    assert!(run(home.path(), &["models", "verify", "small"]).status.success());
    let folders: Vec<_> = std::fs::read_dir(Path::new(model["path"].as_str().unwrap()))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    let [folder] = &folders[..] else { panic!("{folders:?}") };
    let weights = folder.join("adapter_model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    let verified = run(home.path(), &["models", "verify", "small"]);
    assert!(stderr(&verified).contains("not as installed: small"), "{}", stderr(&verified));
    // Put on again it is whole again, also where a file of it is gone.
    assert!(run(home.path(), &["models", "adapt", "small", &adapter]).status.success());
    assert!(run(home.path(), &["models", "verify", "small"]).status.success());
    std::fs::remove_file(folder.join("adapter_config.json")).unwrap();
    assert_eq!(listed(home.path())["state"], json!("damaged"));
    let again = run(home.path(), &["models", "adapt", "small", &adapter]);
    assert!(again.status.success(), "{}", stderr(&again));
    assert!(difference(home.path(), "image") <= F32_TOLERANCE);
    // Named by its path it is the same model.
    assert!(difference_of(home.path(), model["path"].as_str().unwrap(), "image") <= F32_TOLERANCE);
    assert!(run(home.path(), &["models", "adapt", "small", "--remove"]).status.success());
    assert_eq!(listed(home.path()), before);
    assert!(difference(home.path(), "image") > 0.1);
}

#[test]
fn what_does_not_fit_leaves_the_model_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    install(home.path());
    let (fitting, other) = (adapter(home.path(), "image"), adapter(home.path(), "gemma3"));
    assert!(run(home.path(), &["models", "adapt", "small", &fitting]).status.success());
    let before = listed(home.path());
    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let unquoted = home.path().join("unquoted");
    std::fs::create_dir(&unquoted).unwrap();
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
        std::fs::copy(Path::new(&fitting).join(file), unquoted.join(file)).unwrap();
    }
    std::fs::write(unquoted.join("recto.toml"), "prompt = document_v1\n").unwrap();
    let taught = adapter(home.path(), "text");
    std::fs::write(Path::new(&taught).join("recto.toml"), "prompt = \"passages_v1\"\n").unwrap();
    for (name, folder, expected) in [
        ("small", other.as_str(), "which this model does not have"),
        ("small", empty.to_str().unwrap(), "adapter_config.json"),
        ("small", taught.as_str(), "passages_v1"),
        ("small", unquoted.to_str().unwrap(), "recto.toml"),
        ("absent", fitting.as_str(), "absent"),
    ] {
        let output = run(home.path(), &["models", "adapt", name, folder]);
        assert_eq!(output.status.code(), Some(1), "{folder}");
        let words = stderr(&output);
        let lines: Vec<&str> = words.lines().collect();
        assert!(matches!(lines[..], [why, what] if why.contains(expected) && what.starts_with("hint: ")), "{words}");
        assert_eq!(listed(home.path()), before);
    }
}

#[test]
fn what_lies_beside_a_checkpoint_is_added_with_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = checkpoint(home.path());
    std::fs::write(folder.join("recto.toml"), "prompt = \"unheard_v1\"\n").unwrap();
    let add = || run(home.path(), &["models", "add", folder.to_str().unwrap(), "--name", "small"]);
    let unknown = add();
    assert!(stderr(&unknown).contains("unheard_v1"), "{}", stderr(&unknown));
    std::fs::write(folder.join("recto.toml"), "prompt = \"document_v1\"\n").unwrap();
    let beside = folder.join("adapter");
    std::fs::rename(adapter(home.path(), "gemma3"), &beside).unwrap();
    let other = add();
    assert!(stderr(&other).contains("which this model does not have"), "{}", stderr(&other));
    assert_eq!(listed(home.path()), Value::Null, "nothing is installed");
    std::fs::remove_dir_all(&beside).unwrap();
    std::fs::rename(adapter(home.path(), "image"), &beside).unwrap();
    let added = add();
    assert!(added.status.success(), "{}", stderr(&added));
    let model = listed(home.path());
    assert_eq!((&model["adapter"], &model["prompt"]), (&json!("adapter"), &json!("document_v1")));
    assert!(difference(home.path(), "image") <= F32_TOLERANCE);
    assert!(run(home.path(), &["models", "adapt", "small", "--remove"]).status.success());
    let model = listed(home.path());
    assert_eq!((&model["adapter"], &model["prompt"]), (&Value::Null, &json!("document_v1")), "its own prompt stays");
}
