#!/usr/bin/env python3
"""Perplexity of the starter on one page of a PDF: Recto's forward pass against transformers on the same GGUF file.

    pip install torch transformers accelerate gguf safetensors pypdfium2
    python starter_perplexity.py RECTO MODEL.gguf REPORT.pdf PAGE

Both get the same token ids (transformers' tokenizer of the file, `<bos>` first); both compute in f32.
"""
import math
import pathlib
import subprocess
import sys
import tempfile

import pypdfium2
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer


def page_text(report, number):
    page = pypdfium2.PdfDocument(report)[number - 1]
    return page.get_textpage().get_text_bounded()


def nats_per_token(logits, ids):
    return torch.nn.functional.cross_entropy(logits[:-1].double(), ids[1:]).item()


def main(recto, model, report, page):
    model = pathlib.Path(model)
    tokenizer = AutoTokenizer.from_pretrained(model.parent, gguf_file=model.name)
    ids = torch.tensor(tokenizer(page_text(report, int(page)), add_special_tokens=False)["input_ids"][:1000])
    ids = torch.cat([torch.tensor([2]), ids[ids != 2]])
    with tempfile.TemporaryDirectory() as folder:
        given, written = f"{folder}/in.safetensors", f"{folder}/out.safetensors"
        save_file({"decoder_ids": ids}, given)
        subprocess.run([recto, "forward", "--model", model, "--input", given, "--output", written], check=True)
        ours = load_file(written)["logits"]
    peer = AutoModelForCausalLM.from_pretrained(model.parent, gguf_file=model.name, dtype=torch.float32).eval()
    with torch.no_grad():
        theirs = peer(ids[None]).logits[0].float()
    a, b = nats_per_token(ours, ids), nats_per_token(theirs, ids)
    print(f"tokens {len(ids)}")
    print(f"recto        {a:.4f} nats/token, perplexity {math.exp(a):.3f}")
    print(f"transformers {b:.4f} nats/token, perplexity {math.exp(b):.3f}")
    print(f"ratio of perplexities {math.exp(a - b):.5f}, same top token {100 * (ours.argmax(-1) == theirs.argmax(-1)).float().mean():.2f} %")
    print(f"largest logit difference {(ours - theirs).abs().max():.2e} of {theirs.abs().max():.1f}")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
