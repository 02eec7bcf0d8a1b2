//! The model against what the reference implementation computes on the same small random checkpoints.
//!
//! Each folder of `fixtures/model` holds a checkpoint and `reference.safetensors`, made by `make_reference.py` there.
//! Weights are drawn so wide that a wrong mask, rotation, norm or scale moves the outputs far beyond the tolerances.
//! `bf16.json` tells what bf16 costs the reference itself, measured by `compare_bf16.py`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use engine::protocol::{Command, ComputeOptions, ErrorReport, Event, ForwardJob, MemoryChoice, RequestId, WeightType};
use engine::worker::{Engine, EngineOptions};
use recto_tests::fixture;

/// Largest difference in image features, encoder states and logits in f32 (outputs are of scale one).
pub(crate) const F32_TOLERANCE: f64 = 1e-4;

/// Largest difference in attention probabilities in f32.
const ATTENTION_TOLERANCE: f64 = 1e-5;

/// Largest difference with weights in bf16, as a share of the output's largest value.
const BF16_TOLERANCE: f64 = 8e-2;

/// The same, as a multiple of what bf16 costs the reference.
const BF16_TO_REFERENCE: f64 = 1.5;

const MEMORIES: [MemoryChoice; 2] = [MemoryChoice::KeysValues, MemoryChoice::Shared];

const OUTPUTS: [&str; 4] = ["image_features", "encoder_last_hidden_state", "logits", "cross_attention"];

/// The checkpoints: every folder, so that a new one is checked as soon as it is there.
fn checkpoints() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(fixture("model"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("reference.safetensors").exists())
        .collect();
    folders.sort();
    assert!(folders.len() >= 9, "fixtures are missing");
    folders
}

/// What the engine makes of a checkpoint folder's reference inputs, or what it says instead.
pub(crate) fn try_forward(
    folder: &Path,
    dtype: WeightType,
    memory: MemoryChoice,
) -> Result<HashMap<String, Tensor>, ErrorReport> {
    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().join("out.safetensors");
    let input = folder.join("reference.safetensors");
    let greedy = candle_core::safetensors::load(&input, &Device::Cpu).unwrap()["greedy_ids"].dims1().unwrap();
    let engine = Engine::spawn(EngineOptions::default(), || ()).unwrap();
    let compute = ComputeOptions {
        model: Some(folder.to_str().unwrap().to_owned()),
        dtype: Some(dtype),
        memory,
        ..ComputeOptions::default()
    };
    let job = ForwardJob { input, output: output.clone(), compute, greedy_tokens: Some(greedy) };
    engine.send(Command::Forward { request: RequestId(1), job });
    loop {
        match engine.recv().unwrap() {
            Event::Done { .. } => return Ok(candle_core::safetensors::load(output, &Device::Cpu).unwrap()),
            Event::Failed { report, .. } => return Err(report),
            _ => {}
        }
    }
}

/// What the engine makes of a checkpoint folder's reference inputs.
pub(crate) fn forward(folder: &Path, dtype: WeightType, memory: MemoryChoice) -> HashMap<String, Tensor> {
    try_forward(folder, dtype, memory).unwrap_or_else(|report| panic!("{}: {report:?}", folder.display()))
}

/// The largest difference of an output from the reference.
pub(crate) struct Worst {
    pub(crate) absolute: f64,
    /// As a share of the largest value of the reference.
    pub(crate) share: f64,
}

/// Differences of all outputs that the folder's reference holds, ids excepted.
pub(crate) fn compare(ours: &HashMap<String, Tensor>, folder: &Path) -> Vec<(&'static str, Worst)> {
    let reference = candle_core::safetensors::load(folder.join("reference.safetensors"), &Device::Cpu).unwrap();
    let largest = |tensor: &Tensor| tensor.abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
    let mut compared = Vec::new();
    for output in OUTPUTS {
        let Some(expected) = reference.get(output) else { continue };
        assert_eq!(ours[output].dims(), expected.dims(), "{output}");
        let (ours, expected) = (ours[output].to_dtype(DType::F64).unwrap(), expected.to_dtype(DType::F64).unwrap());
        let absolute = largest(&(ours - &expected).unwrap());
        compared.push((output, Worst { absolute, share: absolute / largest(&expected) }));
    }
    compared
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

fn greedy_ids(tensors: &HashMap<String, Tensor>) -> Vec<i64> {
    tensors["greedy_ids"].to_vec1().unwrap()
}

#[test]
fn f32_agrees_with_the_reference_with_either_memory() {
    for folder in checkpoints() {
        let reference = candle_core::safetensors::load(folder.join("reference.safetensors"), &Device::Cpu).unwrap();
        for memory in MEMORIES {
            let ours = forward(&folder, WeightType::F32, memory);
            let name = name_of(&folder);
            for (output, worst) in compare(&ours, &folder) {
                let tolerance = if output == "cross_attention" { ATTENTION_TOLERANCE } else { F32_TOLERANCE };
                println!("f32 {name} {memory:?} {output}: {:.1e}", worst.absolute);
                assert!(worst.absolute <= tolerance, "{name} {memory:?} {output}: {:.1e}", worst.absolute);
            }
            assert_eq!(greedy_ids(&ours), greedy_ids(&reference), "{name} {memory:?}");
        }
    }
}

/// Products of bytes: the share that states may be off, in the mean over all numbers.
const INT8_TOLERANCE: f64 = 0.12;

/// The same for logits, which pass both stacks: these fixtures' are off by up to 0.12 where the CPU multiplies four bytes at
/// once and activations are bytes too, by up to 0.09 with 16-bit activations.
const INT8_LOGITS_TOLERANCE: f64 = 0.2;

/// Random weights forgive less than trained ones, so this bounds gross faults; how little int8 costs a real model is
/// measured by `tests/peers/quantization.py`.
#[test]
fn int8_products_stay_near_the_reference() {
    for folder in checkpoints() {
        let reference = candle_core::safetensors::load(folder.join("reference.safetensors"), &Device::Cpu).unwrap();
        for memory in MEMORIES {
            let ours = forward(&folder, WeightType::Int8, memory);
            let name = name_of(&folder);
            for output in ["image_features", "encoder_last_hidden_state", "logits"] {
                let Some(expected) = reference.get(output) else { continue };
                let square_sum = |tensor: &Tensor| {
                    let wide = tensor.to_dtype(DType::F64).unwrap();
                    wide.sqr().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap()
                };
                let off = (square_sum(&(&ours[output] - expected).unwrap()) / square_sum(expected)).sqrt();
                println!("int8 {name} {memory:?} {output}: {off:.1e} of its length");
                let most = if output == "logits" { INT8_LOGITS_TOLERANCE } else { INT8_TOLERANCE };
                assert!(off > 0.0 && off <= most, "{name} {memory:?} {output}: {off:.1e}");
            }
        }
    }
}

#[test]
fn bf16_weights_cost_no_more_than_they_cost_the_reference() {
    let text = std::fs::read_to_string(fixture("model").join("bf16.json")).unwrap();
    let costs: BTreeMap<String, BTreeMap<String, f64>> = serde_json::from_str(&text).unwrap();
    for folder in checkpoints() {
        for memory in MEMORIES {
            let ours = forward(&folder, WeightType::Bf16, memory);
            let name = name_of(&folder);
            for (output, worst) in compare(&ours, &folder) {
                // Probabilities are shares already, and the reference's bf16 ones are not on record.
                if output == "cross_attention" {
                    continue;
                }
                let most = (costs[&name][output] * BF16_TO_REFERENCE).min(BF16_TOLERANCE);
                println!("bf16 {name} {memory:?} {output}: {:.1e} of scale, at most {most:.1e}", worst.share);
                assert!(worst.share <= most, "{name} {memory:?} {output}: {:.1e} over {most:.1e}", worst.share);
            }
        }
    }
}
