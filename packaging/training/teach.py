#!/usr/bin/env python3
"""Teaches a T5Gemma 2 checkpoint to answer questions on documents, as Recto asks them: trains a LoRA adapter for it.

    python teach.py CHECKPOINT OUT ROWS.jsonl... [--steps 2000] [--rank 16] [--lr 2e-4] [--passages 8]

CHECKPOINT is a folder as published: config.json, model.safetensors (or its parts), tokenizer.json. A row is
{"source", "context", "question", "answer"}, a JSON object on a line; an empty answer means that the context does not hold it.
OUT gets the adapter as the peft library saves it, with the recto.toml that `recto models adapt NAME OUT` reads, log.jsonl, and
checkpoint.pt: after a stop or a kill the same command goes on from there.

The same seed, files and number of threads give the same adapter on a CPU. README.md beside this file says more.
"""

import argparse
import json
import os
import random
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from rows import Passage, Problem, Prompts, page_number, passages_of, read_rows

# Of the text layers alone, by their whole path: a bare `q_proj` would mean the vision tower's layers as well.
MODULES = (
    r"model\.(encoder\.text_model|decoder)\.layers\.\d+\."
    r"(self_attn\.(q_proj|k_proj|v_proj|o_proj)|mlp\.(gate_proj|up_proj|down_proj))"
)
PROMPT = "document_v1"
BETAS = (0.9, 0.98)
MOST_NORM = 1.0
TOLD_EVERY = 10  # steps


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    whole, real = _number(int), _number(float)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("rows", nargs="+", help=".jsonl or .jsonl.gz")
    parser.add_argument("--steps", type=whole, default=2000, help="of the whole training [%(default)s]")
    parser.add_argument("--passages", type=whole, default=8, help="passages of a step [%(default)s]")
    parser.add_argument("--at-once", type=whole, default=8, help="of these, computed together [%(default)s]")
    parser.add_argument("--questions", type=whole, default=12, help="of a passage in a step, at most [%(default)s]")
    parser.add_argument("--longest", type=whole, default=2048, help="tokens of a passage, at most [%(default)s]")
    parser.add_argument("--rank", type=whole, default=16, help="[%(default)s]")
    parser.add_argument("--alpha", type=whole, help="updates are scaled by alpha / rank [twice the rank]")
    parser.add_argument("--lr", type=real, default=2e-4, help="highest learning rate [%(default)s]")
    parser.add_argument("--warm-up", type=whole, default=20, help="steps until it is reached [%(default)s]")
    parser.add_argument("--save-every", type=whole, default=100, help="steps [%(default)s]")
    parser.add_argument("--seed", type=int, default=0, help="[%(default)s]")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, ... [cuda where there is one]")
    parser.add_argument("--dtype", choices=["bf16", "f32"], help="of the frozen weights [bf16 on cuda, f32 on cpu]")
    parser.add_argument("--threads", type=whole, help="of the CPU [all cores]")
    parser.add_argument("--recompute", action="store_true", help="less memory, a third more time")
    found = parser.parse_args()
    found.alpha = found.alpha or 2 * found.rank
    return found


def _number(kind):
    def read(text):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    return read


# ---- the checkpoint ----


@dataclass
class Folder:
    """A checkpoint's files, looked through before anything heavy is loaded."""

    path: Path
    bos: int
    eos: int
    pad: int

    @classmethod
    def of(cls, path):
        if not path.is_dir():
            raise Problem(f"there is no such folder: {path}")
        for name in ("config.json", "tokenizer.json"):
            if not (path / name).is_file():
                raise Problem(f"{name} is missing in {path}")
        try:
            config = json.loads((path / "config.json").read_text(encoding="utf-8"))
            kind, decoder = config.get("model_type"), config.get("decoder", {})
        except (OSError, ValueError, AttributeError) as error:
            raise Problem(f"config.json cannot be read: {error}: {path}") from error
        if kind != "t5gemma2":
            raise Problem(f"this is a checkpoint of {kind!r}, not of 't5gemma2': {path}")
        return cls(path, *(decoder.get(f"{name}_token_id", id) for name, id in (("bos", 2), ("eos", 1), ("pad", 0))))


def load(folder, options):
    """The frozen model with an adapter that changes nothing yet: as peft wraps it, and bare."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import T5Gemma2ForConditionalGeneration
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # What peft and transformers say to each other about coming versions; these are pinned.
    warnings.simplefilter("ignore", FutureWarning)
    dtype = {"bf16": torch.bfloat16, "f32": torch.float32}[options.dtype]
    try:
        base, about = T5Gemma2ForConditionalGeneration.from_pretrained(
            folder.path, dtype=dtype, attn_implementation="sdpa", local_files_only=True, output_loading_info=True
        )
    except Exception as error:  # the libraries raise many kinds, and each means the same here
        raise Problem(f"the checkpoint cannot be loaded: {str(error).splitlines()[0]}: {folder.path}") from error
    missing = sorted(about["missing_keys"])
    if missing:
        raise Problem(f"the checkpoint lacks {len(missing)} tensors, {missing[0]} for one: {folder.path}")
    # Documents are read as text here, so the eyes would only take room.
    base.model.encoder.vision_tower = torch.nn.Identity()
    config = LoraConfig(r=options.rank, lora_alpha=options.alpha, lora_dropout=0.0, bias="none", target_modules=MODULES)
    torch.manual_seed(options.seed)
    wrapped = get_peft_model(base, config)
    if options.recompute:
        base.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return wrapped.to(options.device).train(), base


# ---- the data ----


class Lessons:
    """What each step teaches: follows from the rows, the seed and the step's number alone."""

    def __init__(self, options, prompts):
        rows = [row for path in options.rows for row in read_rows(path)]
        self.options, self.prompts = options, prompts
        found = passages_of(rows)
        self.passages = [p for p in found if len(prompts.window(p.context)) <= options.longest]
        self.too_long = len(found) - len(self.passages)
        if not self.passages:
            raise Problem(f"every passage has more than {options.longest} tokens; raise --longest")
        self._order = None, []

    def _passage(self, number) -> Passage:
        """Passages without end: all of them in one order, then all in another."""
        epoch, at = divmod(number, len(self.passages))
        if self._order[0] != epoch:
            order = list(range(len(self.passages)))
            random.Random(f"{self.options.seed} {epoch}").shuffle(order)
            self._order = epoch, order
        return self.passages[self._order[1][at]]

    def of_step(self, step):
        """[(window ids, [(question ids, answer ids)])] of a step."""
        first = step * self.options.passages
        return [self._lesson(number) for number in range(first, first + self.options.passages)]

    def _lesson(self, number):
        chance, passage = random.Random(f"{self.options.seed} lesson {number}"), self._passage(number)
        count = min(len(passage.questions), self.options.questions)
        asked = chance.sample(passage.questions, count)
        window = self.prompts.window(passage.context, page_number(chance))
        return window, [(self.prompts.question(q), self.prompts.answer(a)) for q, a in asked]


# ---- training ----


class Training:
    """The adapter, its optimiser, and how far they are."""

    def __init__(self, folder, options):
        import torch

        self.torch, self.folder, self.options = torch, folder, options
        self.wrapped, self.base = load(folder, options)
        self.parameters = {name: p for name, p in self.wrapped.named_parameters() if p.requires_grad}
        self.optimiser = torch.optim.AdamW(self.parameters.values(), lr=options.lr, betas=BETAS, weight_decay=0.0)
        self.step = 0

    @property
    def _state(self):
        return self.options.out / "checkpoint.pt"

    def go_on(self):
        """Takes up the last checkpoint, where there is one."""
        if not self._state.exists():
            return
        try:
            state = self.torch.load(self._state, map_location="cpu", weights_only=True)
            made_with = state["made_with"]
        except Exception as error:  # whatever is wrong with the file, the way out is the same
            raise Problem(
                f"the state of the last run cannot be read; remove it to begin anew: {self._state}"
            ) from error
        if made_with != self._made_with():
            raise Problem(f"another run has left its state ({made_with}); remove it or name another OUT: {self._state}")
        with self.torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(state["parameters"][name])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]

    def _made_with(self):
        """What must not change between a run and its continuation."""
        named = {name: getattr(self.options, name) for name in ("rank", "alpha", "seed", "passages")}
        return {"checkpoint": self.folder.path.resolve().name, **named}

    def learn(self, passages):
        """One step; gives the sum of the losses, right tokens, all tokens, answers."""
        from batches import batch_of, losses

        rate = self._rate()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        tokens = sum(len(answer) for _, asked in passages for _, answer in asked)
        sums, at_once = [0.0, 0, tokens, 0], self.options.at_once
        # Passages of about the same length lie together, so that little is filled up.
        passages = sorted(passages, key=lambda passage: len(passage[0]))
        for start in range(0, len(passages), at_once):
            batch = batch_of(passages[start : start + at_once], self.folder.pad).to(self.options.device)
            loss, right = losses(self.base, batch)
            (loss.sum() / tokens).backward()
            sums = [sums[0] + loss.detach().sum().item(), sums[1] + right.sum().item(), tokens, sums[3] + batch.answers]
        self.torch.nn.utils.clip_grad_norm_(self.parameters.values(), MOST_NORM)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return sums

    def _rate(self):
        """Rises over the warm-up, then falls to a tenth at the last step."""
        rising = min(1.0, (self.step + 1) / self.options.warm_up)
        return self.options.lr * rising * (1 - 0.9 * min(1.0, self.step / self.options.steps))

    def save(self):
        """Writes the adapter, then the state that goes with it; each file is whole or not there."""
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        out = self.options.out
        tensors = get_peft_model_state_dict(self.wrapped, save_embedding_layers=False)
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        _replace(out / "adapter_model.safetensors", lambda path: save_file(tensors, path, metadata={"format": "pt"}))
        _replace(out / "adapter_config.json", lambda path: path.write_text(self._config(), encoding="utf-8"))
        _replace(out / "recto.toml", lambda path: path.write_text(f'prompt = "{PROMPT}"\n', encoding="utf-8"))
        state = {
            "made_with": self._made_with(),
            "parameters": {name: parameter.detach().cpu() for name, parameter in self.parameters.items()},
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        _replace(self._state, lambda path: self.torch.save(state, path))

    def _config(self):
        """adapter_config.json; the folder that the checkpoint lay in is nobody's business."""
        config = self.wrapped.peft_config["default"].to_dict()
        config |= {"base_model_name_or_path": self.folder.path.resolve().name, "inference_mode": True}
        plain = {name: sorted(value) if isinstance(value, set) else value for name, value in config.items()}
        return json.dumps(plain, indent=1, sort_keys=True) + "\n"


def _replace(path, write):
    new = path.with_name(path.name + ".new")
    write(new)
    os.replace(new, path)


def train(training, lessons, options):
    begun, sums = time.time(), [0.0, 0, 0, 0]
    with open(options.out / "log.jsonl", "a", encoding="utf-8") as log:
        while training.step < options.steps:
            of_step = training.learn(lessons.of_step(training.step))
            sums = [a + b for a, b in zip(sums, of_step)]
            if training.step % TOLD_EVERY == 0 or training.step == options.steps:
                loss, right, tokens, answers = sums
                line = {"step": training.step, "loss": round(loss / tokens, 4), "right": round(right / tokens, 4)}
                line |= {"answers": answers, "secs": round(time.time() - begun, 1)}
                log.write(json.dumps(line) + "\n")
                log.flush()
                print(
                    f"step {training.step} of {options.steps}: loss {line['loss']}, right {line['right']:.1%}",
                    flush=True,
                )
                begun, sums = time.time(), [0.0, 0, 0, 0]
            if training.step % options.save_every == 0 and training.step < options.steps:
                training.save()
    training.save()


def choose_device(options):
    """Settles where and in what numbers is computed, and tries it."""
    import torch

    options.device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    options.dtype = options.dtype or ("f32" if options.device == "cpu" else "bf16")
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        torch.zeros(1, device=options.device)
    except (RuntimeError, AssertionError) as error:
        raise Problem(f"{options.device} cannot be used: {str(error).splitlines()[0]}") from error


def main():
    options = arguments()
    folder = Folder.of(options.checkpoint)
    prompts = Prompts(folder.path / "tokenizer.json", folder.bos, folder.eos)
    lessons = Lessons(options, prompts)
    choose_device(options)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"the folder cannot be made: {error.strerror}: {options.out}") from error
    questions = [question for passage in lessons.passages for question in passage.questions]
    absent = sum(not answer.strip() for _, answer in questions)
    print(
        f"{len(questions)} questions, {absent} of them without an answer, on {len(lessons.passages)} passages; "
        f"{lessons.too_long} passages left out as too long; {options.device}, {options.dtype}",
        flush=True,
    )
    training = Training(folder, options)
    training.go_on()
    if training.step:
        print(f"going on from step {training.step}", flush=True)
    train(training, lessons, options)
    print(f"done; now: recto models adapt NAME {options.out}")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(f"teach.py: {problem}")
    except ModuleNotFoundError as error:
        needed = Path(__file__).with_name("requirements.txt")
        sys.exit(f"teach.py: the package {error.name!r} is missing: python3 -m pip install -r {needed}")
    except KeyboardInterrupt:
        sys.exit("teach.py: stopped; the same command goes on from the last checkpoint")
