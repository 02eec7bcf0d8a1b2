"""transformers with SDPA attention on a T5Gemma 2 checkpoint. usage: serve_transformers.py CHECKPOINT f32|bf16 THREADS"""
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import T5Gemma2ForConditionalGeneration
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from serving import serve, timed, token_ids

checkpoint, dtype, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
torch.set_grad_enabled(False)
torch.manual_seed(0)
dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
model = T5Gemma2ForConditionalGeneration.from_pretrained(checkpoint, dtype=dtype, attn_implementation="sdpa").eval()


def encode(tokens):
    ids = torch.tensor([token_ids(tokens)])
    return timed(lambda: model.model.encoder(input_ids=ids, attention_mask=torch.ones_like(ids))), tokens


def figure():
    vision = model.config.encoder.vision_config
    pixels = torch.randn(1, 3, vision.image_size, vision.image_size).to(dtype)
    return timed(lambda: model.model.encoder.get_image_features(pixels)), None


def decode(encoded, tokens):
    """Keys and values of the encoder's states are made in the first step, which is not timed."""
    states = BaseModelOutput(last_hidden_state=torch.randn(1, encoded, model.config.decoder.hidden_size).to(dtype))
    mask = torch.ones(1, encoded, dtype=torch.long)
    cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
    last = torch.tensor([[2]])

    def step():
        nonlocal last
        logits = model(
            encoder_outputs=states, attention_mask=mask, decoder_input_ids=last, past_key_values=cache, use_cache=True
        ).logits
        last = logits[:, -1:].argmax(-1)

    step()
    return timed(lambda: [step() for _ in range(tokens)]), tokens


about = {"peer": "transformers", "capability": torch.backends.cpu.get_cpu_capability(), "torch": torch.__version__}
serve(about, {"encode": encode, "figure": figure, "decode": decode})
