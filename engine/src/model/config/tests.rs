//! Every field of a configuration counts: used, checked, ignored by name, or reported.

use super::*;

fn published() -> serde_json::Value {
    let stack = serde_json::json!({
        "vocab_size": 300, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "hidden_activation": "gelu_pytorch_tanh",
        "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "query_pre_attn_scalar": 32, "sliding_window": 6,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
        "rope_parameters": {
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0}
        },
        "attn_logit_softcapping": null, "final_logit_softcapping": null,
        "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0
    });
    serde_json::json!({
        "model_type": "t5gemma2",
        "decoder": stack,
        "encoder": {
            "text_config": stack,
            "vision_config": {
                "model_type": "siglip_vision_model", "hidden_size": 48, "intermediate_size": 80,
                "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 56, "patch_size": 7,
                "num_channels": 3, "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6
            },
            "mm_tokens_per_image": 4, "boi_token_index": 280, "eoi_token_index": 281, "image_token_index": 999
        },
        "image_token_index": 282, "eoi_token_index": 281
    })
}

fn read(change: impl FnOnce(&mut serde_json::Value)) -> Result<ModelConfig, ConfigError> {
    let mut value = published();
    change(&mut value);
    ModelConfig::from_json(&value.to_string())
}

#[test]
fn the_published_layout_is_read_whole() {
    let config = read(|_| ()).unwrap();
    let encoder = config.encoder.as_ref().unwrap();
    assert_eq!(encoder.image, ImageTokens { per_image: 4, start: 280, end: 281, soft: 282 });
    assert_eq!(config.decoder.layers, [LayerKind::Local, LayerKind::Local, LayerKind::Global]);
    assert_eq!(config.decoder.global_rope, RopeConfig { theta: 1e6, factor: 8.0 });
    assert_eq!(config.decoder.local_rope, RopeConfig { theta: 1e4, factor: 1.0 });
    assert!(config.tied_head, "an absent tie_word_embeddings means tied");
    assert_eq!(config.unknown_fields, [""; 0]);
}

#[test]
fn older_spellings_are_read() {
    let config = read(|value| {
        let decoder = value["decoder"].as_object_mut().unwrap();
        decoder.remove("rope_parameters");
        decoder.remove("layer_types");
        decoder.insert("sliding_window_pattern".into(), 2.into());
        decoder.insert("rope_theta".into(), 5e5.into());
        decoder.insert("rope_local_base_freq".into(), 2e4.into());
        decoder.insert("rope_scaling".into(), serde_json::json!({"type": "linear", "factor": 4.0}));
    })
    .unwrap();
    assert_eq!(config.decoder.layers, [LayerKind::Local, LayerKind::Global, LayerKind::Local]);
    assert_eq!(config.decoder.global_rope, RopeConfig { theta: 5e5, factor: 4.0 });
    assert_eq!(config.decoder.local_rope, RopeConfig { theta: 2e4, factor: 1.0 });
}

#[test]
fn what_does_not_fit_is_named() {
    type Change = fn(&mut serde_json::Value);
    let cases: [(Change, &str); 10] = [
        (|v| v["model_type"] = "llama".into(), "llama"),
        (|v| drop(v["decoder"].as_object_mut().unwrap().remove("sliding_window")), "decoder.sliding_window"),
        (|v| v["decoder"]["num_key_value_heads"] = 3.into(), "decoder.num_key_value_heads"),
        (|v| v["decoder"]["hidden_size"] = 32.into(), "decoder.hidden_size"),
        (|v| v["decoder"]["layer_types"] = serde_json::json!(["full_attention"]), "decoder.layer_types"),
        (|v| v["decoder"]["head_dim"] = 0.into(), "decoder.head_dim"),
        (|v| v["encoder"]["text_config"]["vocab_size"] = 200.into(), "encoder"),
        (
            |v| v["decoder"]["rope_parameters"]["full_attention"]["rope_type"] = "yarn".into(),
            "decoder.rope_parameters.full_attention.rope_type",
        ),
        (|v| v["encoder"]["mm_tokens_per_image"] = 5.into(), "encoder.vision_config.image_size"),
        (|v| v["decoder"]["hidden_activation"] = "mish".into(), "decoder.hidden_activation"),
    ];
    for (change, named) in cases {
        let error = read(change).unwrap_err();
        assert!(error.to_string().contains(named), "{error} should name {named}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn fields_nobody_knows_are_reported() {
    let config = read(|v| v["decoder"]["attention_sinks"] = 4.into()).unwrap();
    assert_eq!(config.unknown_fields, ["decoder.attention_sinks"]);
}

#[test]
fn text_that_is_not_json_is_said_to_be_so() {
    assert!(matches!(ModelConfig::from_json("{"), Err(ConfigError::NotJson(_))));
    assert!(matches!(ModelConfig::from_json("[]"), Err(ConfigError::Invalid { .. })));
}
