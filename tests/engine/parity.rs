//! The model against what the reference implementation computes on the same small random checkpoints.
//!
//! Each folder of `fixtures/model` holds a checkpoint and `reference.safetensors`, made by `make_reference.py` there.
//! Weights are drawn so wide that a wrong mask, rotation, norm or scale moves the outputs far beyond the tolerances.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use engine::protocol::{Command, ComputeOptions, Event, ForwardJob, MemoryChoice, RequestId, WeightType};
use engine::worker::{Engine, EngineOptions};
use recto_tests::fixture;

/// Largest difference in image features, encoder states and logits in f32 (outputs are of scale one).
const F32_TOLERANCE: f64 = 1e-4;

/// Largest difference in attention probabilities in f32.
const ATTENTION_TOLERANCE: f64 = 1e-5;

/// Largest difference with weights in bf16, as a share of the output's largest value.
const BF16_TOLERANCE: f64 = 8e-2;

/// The checkpoints: every folder, so that a new one is checked as soon as it is there.
fn checkpoints() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(fixture("model"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("reference.safetensors").exists())
        .collect();
    folders.sort();
    assert!(folders.len() >= 3, "fixtures are missing");
    folders
}

fn forward(folder: &Path, dtype: WeightType, memory: MemoryChoice) -> HashMap<String, Tensor> {
    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().join("out.safetensors");
    let reference = folder.join("reference.safetensors");
    let greedy = candle_core::safetensors::load(&reference, &Device::Cpu).unwrap()["greedy_ids"].dims1().unwrap();
    let engine = Engine::spawn(EngineOptions::default(), || ()).unwrap();
    let job = ForwardJob {
        input: reference,
        output: output.clone(),
        compute: ComputeOptions {
            model: Some(folder.to_str().unwrap().to_owned()),
            dtype: Some(dtype),
            memory,
            ..ComputeOptions::default()
        },
        greedy_tokens: Some(greedy),
    };
    engine.send(Command::Forward { request: RequestId(1), job });
    loop {
        match engine.recv().unwrap() {
            Event::Done { .. } => break,
            Event::Failed { report, .. } => panic!("{}: {report:?}", folder.display()),
            _ => {}
        }
    }
    candle_core::safetensors::load(output, &Device::Cpu).unwrap()
}

fn largest(tensor: &Tensor) -> f64 {
    tensor.to_dtype(DType::F64).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
}

fn difference(ours: &Tensor, reference: &Tensor, what: &str) -> f64 {
    assert_eq!(ours.dims(), reference.dims(), "{what}");
    largest(&(ours.to_dtype(DType::F64).unwrap() - reference.to_dtype(DType::F64).unwrap()).unwrap())
}

#[test]
fn f32_agrees_with_the_reference_with_either_memory() {
    for folder in checkpoints() {
        let reference = candle_core::safetensors::load(folder.join("reference.safetensors"), &Device::Cpu).unwrap();
        for memory in [MemoryChoice::KeysValues, MemoryChoice::Shared] {
            let ours = forward(&folder, WeightType::F32, memory);
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            for output in ["image_features", "encoder_last_hidden_state", "logits", "cross_attention"] {
                let Some(expected) = reference.get(output) else { continue };
                let tolerance = if output == "cross_attention" { ATTENTION_TOLERANCE } else { F32_TOLERANCE };
                let worst = difference(&ours[output], expected, output);
                println!("{name} {memory:?} {output}: {worst:.1e}");
                assert!(worst <= tolerance, "{name} {memory:?} {output}: {worst:.1e}");
            }
            let ids = |tensors: &HashMap<String, Tensor>| tensors["greedy_ids"].to_vec1::<i64>().unwrap();
            assert_eq!(ids(&ours), ids(&reference), "{name} {memory:?}");
        }
    }
}

#[test]
fn bf16_weights_stay_within_their_rounding() {
    for folder in checkpoints() {
        let reference = candle_core::safetensors::load(folder.join("reference.safetensors"), &Device::Cpu).unwrap();
        for memory in [MemoryChoice::KeysValues, MemoryChoice::Shared] {
            let ours = forward(&folder, WeightType::Bf16, memory);
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            for output in ["image_features", "encoder_last_hidden_state", "logits"] {
                let Some(expected) = reference.get(output) else { continue };
                let worst = difference(&ours[output], expected, output) / largest(expected);
                println!("{name} {memory:?} {output}: {worst:.1e} of scale");
                assert!(worst <= BF16_TOLERANCE, "{name} {memory:?} {output}: {worst:.1e}");
            }
        }
    }
}
