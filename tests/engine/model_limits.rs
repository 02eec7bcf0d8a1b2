//! What length, order and size may and may not do to the model.

use candle_core::{Device, Tensor};
use engine::kernels::cpu::Precision;
use engine::model::Model;
use engine::model::generation::Logits;
use engine::model::memory::{Memory, MemoryKind};
use engine::model::vision::preprocess;
use recto_tests::fixture;
use serde_json::json;

use crate::tiny_model::{changed, difference, encode, load, logits, remember, text_ids};

/// `max_position_embeddings` is what a model was trained with, not a limit.
#[test]
fn max_position_embeddings_bounds_nothing() {
    let of = |positions: usize| {
        let model = changed("text", Precision::F32, |config, _| {
            config["encoder"]["text_config"]["max_position_embeddings"] = json!(positions);
            config["decoder"]["max_position_embeddings"] = json!(positions);
        });
        let states = encode(&model, &text_ids(1500));
        let memory = remember(&model, &states, MemoryKind::KeysValues);
        let logits = logits(&model, &memory, &text_ids(1100), 1100);
        (states, logits)
    };
    let (few, many) = (of(16), of(131_072));
    assert_eq!(difference(&few.0, &many.0), 0.0);
    assert_eq!(difference(&few.1, &many.1), 0.0);
    assert!(few.1.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().all(|score| score.is_finite()));
}

fn greedy(model: &Model, memory: &Memory, count: usize) -> Vec<u32> {
    let mut decoding = model.start(memory);
    let mut last = 2;
    let mut written = Vec::new();
    for _ in 0..count {
        let states = decoding.append(&[last], None).unwrap();
        last = Logits::new(decoding.last_logits(&states).unwrap()).arg_max().unwrap();
        written.push(last);
    }
    written
}

/// Windows encoded apart and put together in any order are the same memory: encoder keys carry no position.
#[test]
fn windows_encoded_apart_have_no_order() {
    let model = load("text");
    let ids = text_ids(170);
    let (one, two) = (encode(&model, &ids[..50]), encode(&model, &ids[50..]));
    for kind in [MemoryKind::KeysValues, MemoryKind::Shared] {
        let memory = |parts: &[Tensor]| remember(&model, &Model::concatenate(parts).unwrap(), kind);
        let (forwards, backwards) = (memory(&[one.clone(), two.clone()]), memory(&[two.clone(), one.clone()]));
        assert_eq!(forwards.len(), 170);
        let of = |memory: &Memory| logits(&model, memory, &ids[..30], 30);
        let off = difference(&of(&forwards), &of(&backwards));
        assert!(off < 1e-4, "{kind:?}: {off:e}");
        assert_eq!(greedy(&model, &forwards, 40), greedy(&model, &backwards, 40), "{kind:?}");
        let alone = remember(&model, &one, kind);
        assert!(difference(&of(&forwards), &of(&alone)) > 1e-2, "{kind:?}: the second window counts for nothing");
    }
}

/// Tokens of the long encoding: scores of all pairs would be 1.6 GB for every head.
#[cfg(target_os = "linux")]
const MANY: usize = 20_000;

/// No buffer of tokens × tokens: the peak of a forward pass in a process of its own.
#[cfg(target_os = "linux")]
#[test]
fn memory_of_an_encoding_grows_with_its_length() {
    let scratch = tempfile::tempdir().unwrap();
    let given = scratch.path().join("in.safetensors");
    let ids: Vec<i64> = text_ids(MANY).into_iter().map(i64::from).collect();
    let tensors = std::collections::HashMap::from([
        ("encoder_ids", Tensor::new(ids, &Device::Cpu).unwrap()),
        ("decoder_ids", Tensor::new(&[2i64], &Device::Cpu).unwrap()),
    ]);
    candle_core::safetensors::save(&tensors, &given).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_recto-under-test"))
        .args(["forward", "--memory", "shared", "--model"])
        .arg(fixture("model").join("image-first"))
        .arg("--input")
        .arg(&given)
        .arg("--output")
        .arg(scratch.path().join("out.safetensors"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let status = loop {
        let status = std::fs::read_to_string(&status_file).unwrap_or_default();
        if let Some(line) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
            peak_kib = line.trim().trim_end_matches(" kB").parse().unwrap();
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert!(status.success());
    println!("peak of {MANY} tokens: {} MiB", peak_kib / 1024);
    assert!((20 * 1024..600 * 1024).contains(&peak_kib), "{} MiB", peak_kib / 1024);
}

/// Pixels are those of Pillow's antialiased bilinear filter to one step of its 255, as far as two roundings may differ.
#[test]
fn pictures_are_resized_as_pillow_does() {
    let open = |name: &str| image::open(fixture("model").join("pictures").join(name)).unwrap().to_rgb8();
    let source = open("source.png");
    for side in [28, 64, 112] {
        let expected = open(&format!("resized_{side}.png"));
        let pixels = preprocess(source.as_raw(), source.width(), source.height(), side).unwrap();
        assert_eq!(pixels.values.len(), 3 * side * side);
        let mut off_by_one = 0;
        for (x, y, pixel) in expected.enumerate_pixels() {
            for (channel, &byte) in pixel.0.iter().enumerate() {
                let value = pixels.values[(channel * side + y as usize) * side + x as usize];
                let off = ((value + 1.0) * 127.5 - f32::from(byte)).abs();
                assert!(off < 1.01, "{side}: {off} at {x}, {y}, channel {channel}");
                off_by_one += usize::from(off > 0.5);
            }
        }
        println!("side {side}: {off_by_one} of {} values differ by one", 3 * side * side);
        assert!(off_by_one * 4 < 3 * side * side, "{side}: {off_by_one}");
    }
}

#[test]
fn inverse_norms_that_were_kept_serve_as_well_as_new_ones() {
    for name in ["image", "biased-groups"] {
        let model = load(name);
        let states = encode(&model, &text_ids(61));
        let norms = model.inverse_norms(&states).unwrap();
        let kept = model.remember(&states, Some(&norms), MemoryKind::Shared, &mut |_| Ok(())).unwrap();
        let fresh = remember(&model, &states, MemoryKind::Shared);
        assert_eq!(difference(&logits(&model, &kept, &[2, 9, 40], 1), &logits(&model, &fresh, &[2, 9, 40], 1)), 0.0);
        // A norm that is wrong must show.
        let wrong = (norms * 1.5).unwrap();
        let moved = model.remember(&states, Some(&wrong), MemoryKind::Shared, &mut |_| Ok(())).unwrap();
        assert!(difference(&logits(&model, &moved, &[2, 9, 40], 1), &logits(&model, &fresh, &[2, 9, 40], 1)) > 1e-3);
    }
}
