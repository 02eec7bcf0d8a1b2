//! The candle backend, which accelerators run, against the native one: the same model twice.

use candle_core::Tensor;
use engine::model::memory::MemoryKind;
use engine::model::vision::Pixels;
use engine::model::{Backend, Model};

use crate::tiny_model::{Seen, difference, encode, load_for, logits, remember, text_ids};

/// Both add up in f32, in another order.
const TOLERANCE: f32 = 2e-5;

fn both(name: &str) -> [Model; 2] {
    [Backend::Native, Backend::Candle].map(|backend| load_for(name, backend))
}

#[test]
fn both_backends_give_the_same_states_and_logits() {
    // Longer than several windows, key blocks and tiles, and a whole multiple of none.
    let (read, written) = (text_ids(333), text_ids(75));
    for name in ["text", "biased-groups", "uneven-stacks", "softcap-all-global", "all-local"] {
        let [ours, tensors] = both(name);
        let states = encode(&ours, &read);
        assert!(difference(&states, &encode(&tensors, &read)) < TOLERANCE, "{name}: states");
        let norms = ours.inverse_norms(&states).unwrap();
        assert!(difference(&norms, &tensors.inverse_norms(&states).unwrap()) < TOLERANCE, "{name}: inverse norms");
        for kind in [MemoryKind::KeysValues, MemoryKind::Shared] {
            let memories = [remember(&ours, &states, kind), remember(&tensors, &states, kind)];
            // At once, in pieces that many rows and few rows take, and one by one.
            let expected = logits(&tensors, &memories[1], &written, 75);
            for step in [75, 49, 7, 1] {
                let off = difference(&logits(&ours, &memories[0], &written, step), &expected);
                assert!(off < TOLERANCE, "{name} {kind:?} in steps of {step}: {off:e}");
            }
        }
    }
}

#[test]
fn a_prompt_whose_states_nobody_wants_leaves_the_same_text_behind() {
    let written = text_ids(75);
    for name in ["text", "uneven-stacks", "all-local"] {
        for model in both(name) {
            let memory = remember(&model, &encode(&model, &text_ids(333)), MemoryKind::Shared);
            let expected = logits(&model, &memory, &written, 75).narrow(0, 74, 1).unwrap();
            for parts in [vec![74], vec![50, 24], vec![7, 60, 7]] {
                let mut decoding = model.start(&memory);
                let mut rest = &written[..74];
                for part in parts {
                    decoding.prefill(&rest[..part]).unwrap();
                    rest = &rest[part..];
                }
                assert_eq!(decoding.position(), 74);
                let states = decoding.append(&written[74..], None).unwrap();
                let off = difference(&decoding.logits(&states).unwrap(), &expected);
                assert!(off < TOLERANCE, "{name}: {off:e}");
            }
        }
    }
}

#[test]
fn both_backends_show_the_same_attention() {
    for kind in [MemoryKind::KeysValues, MemoryKind::Shared] {
        let seen = both("biased-groups").map(|model| {
            let memory = remember(&model, &encode(&model, &text_ids(150)), kind);
            let mut seen = Seen::default();
            model.start(&memory).append(&text_ids(5), Some(&mut seen)).unwrap();
            seen
        });
        let [ours, tensors] = &seen;
        assert_eq!(ours.layers.len(), tensors.layers.len());
        for (layer, (ours, tensors)) in ours.layers.iter().zip(&tensors.layers).enumerate() {
            let rows = ours.cross.iter().zip(&tensors.cross);
            let own = ours.own.iter().zip(&tensors.own).map(|((_, ours), (_, tensors))| (ours, tensors));
            for (ours, tensors) in rows.chain(own) {
                assert_eq!(ours.len(), tensors.len(), "layer {layer}");
                let off = ours.iter().zip(tensors).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(off < TOLERANCE, "{kind:?} layer {layer}: {off:e}");
            }
        }
    }
}

#[test]
fn both_backends_see_the_same_picture() {
    let features: Vec<Tensor> = both("image")
        .iter()
        .map(|model| {
            let side = model.config().encoder.as_ref().unwrap().vision.as_ref().unwrap().image_size;
            let values = (0..3 * side * side).map(|i| ((i * 7919) % 513) as f32 / 256.0 - 1.0).collect();
            model.image_features(&Pixels { side, values }, &mut |_| Ok(())).unwrap()
        })
        .collect();
    assert!(difference(&features[0], &features[1]) < TOLERANCE);
}
