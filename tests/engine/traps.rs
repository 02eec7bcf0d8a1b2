//! Mistakes that other implementations of T5Gemma 2 were found to make, one test each.

use candle_core::{DType, Device, Tensor};
use engine::kernels::cpu::Precision;
use engine::model::memory::MemoryKind;
use engine::model::{Model, ModelError};
use serde_json::json;

use crate::tiny_model::{Seen, Tensors, changed, difference, encode, load, logits, remember, text_ids};

const KINDS: [MemoryKind; 2] = [MemoryKind::KeysValues, MemoryKind::Shared];

/// A later token changes an earlier state, in local layers exactly as far as their windows reach together.
#[test]
fn trap_1_encoder_is_not_causal() {
    // Four local layers of window 4: each sees one token before and two after its own.
    for (name, changed, watched, moves) in [
        ("text", 39, 0, true),
        ("all-local", 8, 0, true),
        ("all-local", 9, 0, false),
        ("all-local", 10, 14, true),
        ("all-local", 10, 15, false),
    ] {
        let model = load(name);
        let mut ids = text_ids(40);
        let before = encode(&model, &ids).narrow(0, watched, 1).unwrap();
        ids[changed] += 1;
        let after = encode(&model, &ids).narrow(0, watched, 1).unwrap();
        let moved = difference(&before, &after);
        assert_eq!(moved > 1e-4, moves, "{name}: token {changed}, state {watched}: {moved:e}");
    }
}

/// A local decoder layer sees all encoder tokens, more than its window and more than the class default of 4,096.
#[test]
fn trap_2_encoder_keys_are_never_windowed() {
    let model = load("all-local");
    let states = encode(&model, &text_ids(4500));
    for kind in KINDS {
        let memory = remember(&model, &states, kind);
        let mut seen = Seen::default();
        model.start(&memory).append(&text_ids(20), Some(&mut seen)).unwrap();
        assert_eq!(seen.layers.len(), 4);
        for (i, layer) in seen.layers.iter().enumerate() {
            assert_eq!(layer.cross.len(), 20, "{kind:?} layer {i}");
            for (position, row) in layer.cross.iter().enumerate() {
                assert_eq!(row.len(), 4500, "{kind:?} layer {i}");
                assert!(row.iter().all(|&share| share > 0.0), "{kind:?} layer {i} position {position}");
            }
        }
    }
}

/// A model whose layers add nothing and whose last norm is nearly linear: states are embeddings, visibly scaled.
fn embeddings_alone(precision: Precision) -> (Model, Tensors) {
    let mut kept = Tensors::new();
    let model = changed("biased-groups", precision, |config, tensors| {
        config["encoder"]["text_config"]["rms_norm_eps"] = json!(1.0);
        for (name, tensor) in tensors.iter_mut() {
            if name.contains(".post_self_attn_layernorm.") || name.contains(".post_feedforward_layernorm.") {
                *tensor = tensor.affine(0.0, -1.0).unwrap();
            }
        }
        kept = tensors.clone();
    });
    (model, kept)
}

/// `x / sqrt(mean(x²) + 1) * (1 + w)` of the encoder's last norm.
fn normed(x: &Tensor, tensors: &Tensors) -> Tensor {
    let root = (x.sqr().unwrap().mean_keepdim(1).unwrap() + 1.0).unwrap().sqrt().unwrap();
    let weight = (&tensors["model.encoder.norm.weight"] + 1.0).unwrap();
    x.broadcast_div(&root).unwrap().broadcast_mul(&weight).unwrap()
}

/// The square root of the hidden size, 40, is exact under f32 and rounded under bf16.
#[test]
fn trap_4_embedding_scale_is_rounded_under_bf16_alone() {
    for (precision, scale) in [(Precision::F32, 6.324_555_3), (Precision::Bf16, 6.3125)] {
        let (model, tensors) = embeddings_alone(precision);
        let ids = text_ids(9);
        let dtype = if precision == Precision::Bf16 { DType::BF16 } else { DType::F32 };
        let table = tensors["model.encoder.embed_tokens.weight"].to_dtype(dtype).unwrap().to_dtype(DType::F32).unwrap();
        let rows = table.index_select(&Tensor::new(ids.as_slice(), &Device::Cpu).unwrap(), 0).unwrap();
        let expected = normed(&(rows * scale).unwrap(), &tensors);
        let off = difference(&encode(&model, &ids), &expected);
        assert!(off < 1e-6, "{precision:?}: {off:e}");
    }
}

/// The end of an image is a vector of its own, and it is not scaled.
#[test]
fn trap_5_end_of_image_is_its_own_unscaled_vector() {
    let (model, tensors) = embeddings_alone(Precision::F32);
    let vector = tensors["model.encoder.embed_tokens.eoi_embedding"].unsqueeze(0).unwrap();
    let states = encode(&model, &[2, 301, 9]);
    let off = difference(&states.narrow(0, 1, 1).unwrap(), &normed(&vector, &tensors));
    assert!(off < 1e-6, "{off:e}");
}

/// The image token is the one named at the top of the configuration; ids and images that do not fit are errors.
#[test]
fn trap_6_image_id_is_read_from_the_top() {
    let model = changed("image-first", Precision::F32, |config, _| config["image_token_index"] = json!(305));
    let image = Tensor::zeros((4, 32), DType::F32, &Device::Cpu).unwrap();
    let with = |soft: u32, count: usize, images: &[Tensor]| {
        let mut ids = vec![2, 300];
        ids.resize(2 + count, soft);
        ids.push(301);
        model.encode(&ids, images, &mut |_| Ok(()))
    };
    assert_eq!(with(305, 4, std::slice::from_ref(&image)).unwrap().dims(), [7, 32]);
    assert_eq!(with(310, 4, &[]).unwrap().dims(), [7, 32]);
    for (soft, count, images, found) in [(310, 4, 1, 0), (305, 3, 1, 3), (305, 5, 1, 5), (305, 4, 0, 4), (305, 4, 2, 4)]
    {
        let error = with(soft, count, &vec![image.clone(); images]).unwrap_err();
        let fits = matches!(error, ModelError::ImageTokens { placeholders, .. } if placeholders == found);
        assert!(fits, "{error}");
    }
    let memory = remember(&model, &encode(&model, &[2, 5]), MemoryKind::KeysValues);
    for id in [320, 262_144, u32::MAX] {
        let error = model.encode(&[2, id], &[], &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, ModelError::TokenId { vocab_size: 320, .. }), "{error}");
        let error = model.start(&memory).append(&[2, id], None).unwrap_err();
        assert!(matches!(error, ModelError::TokenId { vocab_size: 320, .. }), "{error}");
    }
}

/// Past many windows the decoder's local layers have dropped their own old keys, and none of the encoder's.
#[test]
fn trap_9_encoder_memory_stays_whole_while_the_own_cache_forgets() {
    let model = load("text");
    let states = encode(&model, &text_ids(61));
    let ids = text_ids(600);
    for kind in KINDS {
        let memory = remember(&model, &states, kind);
        let at_first = logits(&model, &memory, &ids[..5], 5);
        let mut decoding = model.start(&memory);
        let mut seen = Seen::default();
        for (position, &id) in ids.iter().enumerate() {
            seen = Seen::default();
            decoding.append(&[id], Some(&mut seen)).unwrap();
            for layer in &seen.layers {
                assert_eq!(layer.cross[0].len(), 61, "{kind:?} at {position}");
                assert!(layer.cross[0].iter().all(|&share| share > 0.0), "{kind:?} at {position}");
            }
        }
        // The window of a local layer, all own tokens of the global one; what else is still held gets nothing.
        let shown: Vec<usize> =
            seen.layers.iter().map(|layer| layer.own[0].1.iter().filter(|&&share| share > 0.0).count()).collect();
        assert_eq!(shown, [8, 8, 8, 8, 8, 600, 8], "{kind:?}");
        assert_eq!(difference(&logits(&model, &memory, &ids[..5], 5), &at_first), 0.0, "{kind:?}");
    }
}

/// Only the decoder's own tokens are counted by its window, and how many are given at a time changes nothing.
#[test]
fn trap_10_own_cache_appends_and_its_window_counts_own_tokens() {
    let model = load("text");
    let memory = remember(&model, &encode(&model, &text_ids(61)), MemoryKind::KeysValues);
    let ids = text_ids(600);
    let at_once = logits(&model, &memory, &ids, ids.len());
    for step in [1, 7, 37, 300] {
        let off = difference(&logits(&model, &memory, &ids, step), &at_once);
        assert!(off < 1e-4, "{step} at a time: {off:e}");
    }
    for count in [3, 8, 9, 20] {
        let mut seen = Seen::default();
        model.start(&memory).append(&ids[..count], Some(&mut seen)).unwrap();
        for (i, layer) in seen.layers.iter().enumerate() {
            let first = if i == 5 { 0 } else { count.saturating_sub(8) };
            let expected: Vec<usize> = (first..count).collect();
            assert_eq!(layer.last_own_positions(), expected, "layer {i} after {count}");
        }
    }
}
