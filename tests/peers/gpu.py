#!/usr/bin/env python3
"""Recto on a graphics card: the reference's numbers on all fixtures, and tokens a second against transformers.

    pip install torch transformers safetensors
    python gpu.py RECTO                      # both parts, on CUDA
    python gpu.py RECTO --device metal       # on a Mac: the numbers alone
    python gpu.py RECTO --only parity|speed

RECTO is a program built with `--features cuda` or `--features metal`. Parity: `recto forward` over every checkpoint in
tests/fixtures/model against its reference.safetensors, in f32 and in bf16, with both kinds of memory. Speed: `recto bench`
and transformers (bf16, SDPA) in turn on the same card, 270M shape, random weights: encoding 4K, 16K and 128K tokens,
and writing over as many. A peer that runs out of memory is told as such. The end of the program is 1 where parity fails.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "model"
OUTPUTS = ["image_features", "encoder_last_hidden_state", "logits", "cross_attention"]
# Largest difference as a share of the output's largest value. f32 products on a card are summed in another order; in
# bf16 it is what the CPU's tests allow.
TOLERANCES = {"f32": 1e-3, "bf16": 8e-2}
LENGTHS = [4096, 16_384, 131_072]
WRITTEN = 16


def forward(recto, folder, device, dtype, memory, output):
    command = [recto, "forward", "--model", folder, "--input", folder / "reference.safetensors", "--output", output]
    command += ["--device", device, "--dtype", dtype, "--memory", memory]
    done = subprocess.run(command, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-2:]


def parity(recto, device):
    """Prints the largest difference of each output; returns whether all are within tolerance."""
    all_good = True
    for folder in sorted(path.parent for path in FIXTURES.glob("*/reference.safetensors")):
        reference = load_file(folder / "reference.safetensors")
        for dtype, tolerance in TOLERANCES.items():
            for memory in ["kv", "shared"]:
                with tempfile.TemporaryDirectory() as scratch:
                    output = pathlib.Path(scratch) / "out.safetensors"
                    failure = forward(recto, folder, device, dtype, memory, output)
                    ours = {} if failure else load_file(output)
                told, good = [], failure is None
                for name in OUTPUTS:
                    if name not in reference or failure:
                        continue
                    if name not in ours or ours[name].shape != reference[name].shape:
                        told, good = [*told, f"{name} is missing"], False
                        continue
                    largest = reference[name].abs().max().clamp_min(1e-9)
                    share = ((ours[name].float() - reference[name]).abs().max() / largest).item()
                    # A share of NaN is no difference that is small enough.
                    good = good and share <= tolerance
                    told.append(f"{name} {share:.1e}")
                print("ok  " if good else "BAD ", folder.name, dtype, memory, *(failure or told), flush=True)
                all_good = all_good and good
    return all_good


def recto_speed(recto, device):
    lengths = ",".join(map(str, LENGTHS))
    command = [recto, "bench", "--shape", "270m-270m", "--device", device, "--dtype", "bf16", "--rounds", "3", "--json"]
    command += ["--encode", lengths, "--decode", lengths, "--figures", "1", "--memory", "kv"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def transformers_model():
    from transformers import T5Gemma2Config, T5Gemma2ForConditionalGeneration

    kinds = ["full_attention" if (i + 1) % 6 == 0 else "sliding_attention" for i in range(18)]
    text = dict(
        vocab_size=262_144, hidden_size=640, intermediate_size=2048, num_hidden_layers=18, num_attention_heads=4,
        num_key_value_heads=1, head_dim=256, sliding_window=512, layer_types=kinds, query_pre_attn_scalar=256,
        max_position_embeddings=131_072,
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
    config._attn_implementation = "sdpa"
    with torch.device("cuda"):
        torch.set_default_dtype(torch.bfloat16)
        return T5Gemma2ForConditionalGeneration(config).eval()


def seconds(work):
    """The middle of three, after one that is not counted."""
    work()
    taken = []
    for _ in range(3):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        taken.append(time.perf_counter() - start)
    return sorted(taken)[1]


def peer_speed(model):
    """Tokens a second by kind of work and length; None where memory ran out."""
    from transformers.modeling_outputs import BaseModelOutput

    def encode(length):
        ids = torch.randint(10, 200_000, (1, length), device="cuda")
        return length / seconds(lambda: model.model.encoder(input_ids=ids, attention_mask=torch.ones_like(ids)))

    def decode(length):
        states = BaseModelOutput(last_hidden_state=torch.randn(1, length, 640, device="cuda", dtype=torch.bfloat16))
        mask = torch.ones(1, length, dtype=torch.long, device="cuda")

        def write():
            cache, last, start = None, torch.tensor([[2]], device="cuda"), None
            for i in range(WRITTEN + 1):
                out = model(
                    encoder_outputs=states, attention_mask=mask, decoder_input_ids=last, past_key_values=cache,
                    use_cache=True,
                )
                cache, last = out.past_key_values, out.logits[:, -1:].argmax(-1)
                if i == 0:
                    # The first step makes the keys and values of all that was encoded.
                    torch.cuda.synchronize()
                    start = time.perf_counter()
            torch.cuda.synchronize()
            return time.perf_counter() - start

        write()
        return WRITTEN / sorted(write() for _ in range(3))[1]

    results = {}
    for name, work in [("encode", encode), ("decode", decode)]:
        for length in LENGTHS:
            try:
                results[name, length] = work(length)
            except torch.OutOfMemoryError:
                results[name, length] = None
                torch.cuda.empty_cache()
    return results


def speed(recto, device):
    ours = recto_speed(recto, device)
    print(torch.cuda.get_device_name(), "torch", torch.__version__)
    with torch.no_grad():
        theirs = peer_speed(transformers_model())
    for result in ours["results"]:
        work = str(result["work"])
        rate = result.get("tokens_per_sec", {}).get("median")
        numbers = [int(part) for part in work.split() if part.isdigit()]
        peer = theirs.get((work.split()[0], numbers[0])) if numbers else None
        ratio = f"{rate / peer:6.2f} times" if rate and peer else ""
        told = f"{rate:12.1f} tokens/s" if rate else f"{result['secs']['median']:12.3f} s"
        print(f"{work:20} recto {told}   transformers {f'{peer:12.1f}' if peer else 'out of memory or none':>12} {ratio}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recto", type=pathlib.Path)
    parser.add_argument("--device", choices=["cuda", "metal"], default="cuda")
    parser.add_argument("--only", choices=["parity", "speed"])
    arguments = parser.parse_args()
    good = arguments.only == "speed" or parity(arguments.recto.resolve(), arguments.device)
    if arguments.only != "parity" and arguments.device == "cuda":
        speed(arguments.recto.resolve(), arguments.device)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
