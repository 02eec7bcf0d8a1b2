#!/usr/bin/env python3
"""Checks that questions laid out together are computed as if each stood alone, as transformers computes them by itself.

    python check.py CHECKPOINT ROWS.jsonl

One question is longer than the sliding window of the tests' checkpoint. Ends with 1 where something differs.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import torch
from batches import batch_of, losses
from rows import Prompts, passages_of, read_rows
from teach import Folder, load
from torch.nn.functional import cross_entropy

MOST_DIFFERENCE = 1e-4
LONG = "Which of them, " + "and I mean this one or that one, " * 12 + "is it?"


def alone(base, window, question, answer):
    """Losses of one question, by transformers' own way from ids to logits."""
    out = base(
        input_ids=torch.tensor([window]), decoder_input_ids=torch.tensor([question + answer[:-1]]), use_cache=False
    )
    return cross_entropy(out.logits[0, len(question) - 1 :], torch.tensor(answer), reduction="none")


def main():
    folder = Folder.of(Path(sys.argv[1]))
    wrapped, base = load(folder, SimpleNamespace(dtype="f32", rank=4, alpha=8, seed=0, recompute=False, device="cpu"))
    # A fresh adapter changes nothing.
    torch.manual_seed(1)
    for parameter in (parameter for parameter in wrapped.parameters() if parameter.requires_grad):
        torch.nn.init.normal_(parameter, std=0.3)
    prompts = Prompts(folder.path / "tokenizer.json", folder.bos, folder.eos)
    passages = [
        (
            prompts.window(p.context),
            [(prompts.question(q), prompts.answer(a)) for q, a in (*p.questions, (LONG, "none"))],
        )
        for p in passages_of(read_rows(sys.argv[2]))
    ]
    with torch.no_grad():
        together, _ = losses(base, batch_of(passages, folder.pad))
        one_by_one = torch.cat([alone(base, window, *asked) for window, of in passages for asked in of])
    difference = (together - one_by_one).abs().max().item()
    print(f"{len(together)} tokens to be answered, laid out together and alone: {difference:.1e} apart at most")
    sys.exit(difference > MOST_DIFFERENCE)


if __name__ == "__main__":
    main()
