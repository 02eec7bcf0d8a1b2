"""What contenders need and nobody publishes freely: a checkpoint with random weights, and models in the peers' own formats."""
import json
import subprocess
import sys

VOCABULARY = 262_144
CONTROL = ["<pad>", "<eos>", "<bos>", "<unk>"]


def checkpoint(folder):
    """T5Gemma 2 270M-270M with random weights, as `save_pretrained` writes it, and a tokenizer of made-up words."""
    import torch
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast, T5Gemma2Config, T5Gemma2ForConditionalGeneration

    kinds = ["full_attention" if (i + 1) % 6 == 0 else "sliding_attention" for i in range(18)]
    text = dict(
        vocab_size=VOCABULARY, hidden_size=640, intermediate_size=2048, num_hidden_layers=18, num_attention_heads=4,
        num_key_value_heads=1, head_dim=256, sliding_window=512, layer_types=kinds, query_pre_attn_scalar=256,
        rope_parameters=dict(
            full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1e6),
            sliding_attention=dict(rope_type="default", rope_theta=1e4),
        ),
    )
    vision = dict(
        model_type="siglip_vision_model", hidden_size=1152, intermediate_size=4304, num_hidden_layers=27,
        num_attention_heads=16, image_size=896, patch_size=14, vision_use_head=False,
    )
    config = T5Gemma2Config(
        encoder=dict(text_config=text, vision_config=vision, mm_tokens_per_image=256, boi_token_index=255_999),
        decoder=text, eoi_token_index=256_000, image_token_index=256_001,
    )
    torch.manual_seed(1)
    T5Gemma2ForConditionalGeneration(config).to(torch.bfloat16).save_pretrained(folder)
    words = {word: i for i, word in enumerate(CONTROL + [f"w{i}" for i in range(4, VOCABULARY)])}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="<unk>")),
        pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", unk_token="<unk>",
    )
    tokenizer.save_pretrained(folder)


def ctranslate2_model(checkpoint, folder):
    """The converter writes null for the names of control tokens, with which nothing can be translated."""
    # As `-m` the module would run before it has seen its own loader of T5Gemma 2.
    start = "from ctranslate2.converters.transformers import main; main()"
    command = [sys.executable, "-c", start, "--model", checkpoint, "--output_dir", folder]
    subprocess.run([*command, "--quantization", "int8", "--force"], check=True, stdout=sys.stderr)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    names = dict(bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", decoder_start_token="<bos>")
    config.update({name: token for name, token in names.items() if not config.get(name)})
    path.write_text(json.dumps(config, indent=2))


def q8_0(source, target):
    """Requantises a GGUF file to Q8_0 by the quantiser that is part of llama.cpp."""
    import llama_cpp

    target.parent.mkdir(parents=True, exist_ok=True)
    wanted = llama_cpp.llama_model_quantize_default_params()
    wanted.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
    wanted.allow_requantize = True
    half_done = target.with_suffix(".part")
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(half_done).encode(), wanted)
    if code != 0:
        raise RuntimeError(f"llama.cpp cannot requantise {source}: code {code}")
    half_done.rename(target)
