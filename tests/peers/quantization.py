#!/usr/bin/env python3
"""What narrow weights cost the starter: its next-token distributions on pages of a PDF, against those in f32.

    pip install torch safetensors transformers accelerate gguf pypdfium2
    python quantization.py RECTO MODEL.gguf REPORT.pdf [--pages 7,8,16,17,40] [--dtypes int8,bf16] [--json]

Every page is a text of its own, `<bos>` first. Printed for each type: tokens, the mean, 99th percentile and largest
Kullback-Leibler divergence from the f32 distribution in nats, and how often the likeliest token is the same. What RECTO_CPU
says holds for both sides, so each instruction set's own arithmetic can be measured where a processor has it.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import pypdfium2
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

LONGEST = 1024


def texts(model, report, pages):
    """The ids of each page."""
    tokenizer = AutoTokenizer.from_pretrained(model.parent, gguf_file=model.name)
    document = pypdfium2.PdfDocument(report)
    for page in pages:
        text = document[page - 1].get_textpage().get_text_bounded()
        ids = [i for i in tokenizer(text, add_special_tokens=False)["input_ids"] if i != tokenizer.bos_token_id]
        yield torch.tensor([tokenizer.bos_token_id, *ids[:LONGEST]])


def distributions(recto, model, ids, dtype):
    """Logarithms of the probabilities after each token, `[t, vocabulary]`."""
    with tempfile.TemporaryDirectory() as folder:
        given, written = f"{folder}/in.safetensors", f"{folder}/out.safetensors"
        save_file({"decoder_ids": ids}, given)
        command = [recto, "forward", "--model", model, "--dtype", dtype, "--input", given, "--output", written]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return load_file(written)["logits"].log_softmax(-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recto")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("report")
    parser.add_argument("--pages", default="7,8,16,17,40")
    parser.add_argument("--dtypes", default="int8,bf16")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pages = [int(page) for page in options.pages.split(",")]
    dtypes = options.dtypes.split(",")
    divergences, agreements = {d: [] for d in dtypes}, {d: [] for d in dtypes}
    for ids in texts(options.model, options.report, pages):
        exact = distributions(options.recto, options.model, ids, "f32")
        for dtype in dtypes:
            narrow = distributions(options.recto, options.model, ids, dtype)
            divergences[dtype].append((exact.exp() * (exact - narrow)).sum(-1))
            agreements[dtype].append(exact.argmax(-1) == narrow.argmax(-1))
    rows = []
    for dtype in dtypes:
        divergence, agreement = torch.cat(divergences[dtype]), torch.cat(agreements[dtype])
        rows.append({
            "dtype": dtype,
            "tokens": len(divergence),
            "mean_divergence": divergence.mean().item(),
            "p99_divergence": divergence.quantile(0.99).item(),
            "largest_divergence": divergence.max().item(),
            "same_top": agreement.float().mean().item(),
        })
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(
            f"{row['dtype']}: {row['tokens']} tokens, divergence {row['mean_divergence']:.5f} nats"
            f" (99 % within {row['p99_divergence']:.4f}, at most {row['largest_divergence']:.3f}),"
            f" same likeliest token {100 * row['same_top']:.2f} %"
        )


if __name__ == "__main__":
    main()
