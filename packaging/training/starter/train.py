"""Trains LoRA for the starter on packs (a passage with its questions); goes on where the last run stopped.

    python train.py RUN_DIR PACKS.jsonl... --gguf MODEL.gguf --tokenizer tokenizer.json [--mix source=share,...]

A pack is {"source", "passage", "questions": [{"question", "answer"}]}; an empty answer means that the passage does
not hold it. RUN_DIR gets checkpoint.pt (adapter, optimiser, random state, place in the data), log.jsonl, and the
adapter in PEFT's layout. While a file PAUSE exists in RUN_DIR or beside it, training waits, its checkpoint written;
once there is a file FINISH, the learning rate decays over the next fifth as many steps, and the run ends. Packs may
change between runs.

Each step's packs are shared out among processes of one thread each, which meet once a step to add their gradients:
on cores that other programs use as well, threads that meet after every operation cost three times as much.
"""

import argparse
import ctypes
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
import torch
import torch.distributed as dist

import starter
from row_files import rows_of
from starter import NOT_STATED, Prompts, Starter, answer_text, layout

SAMPLED = 4096  # tokens of the vocabulary's rest that a step's softmax is estimated with


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("packs", nargs="+")
    parser.add_argument(
        "--mix", default="", help="source=share of the packs,...; sources not named are left out; default: by questions"
    )
    parser.add_argument("--gguf", required=True, help="the starter, as Recto installs it")
    parser.add_argument("--tokenizer", required=True, help="its tokenizer.json")
    parser.add_argument("--begin", help="an adapter in PEFT's layout to begin with, where RUN_DIR has no checkpoint")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=int, default=32)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=1600, help="tokens of a step, all processes together")
    parser.add_argument("--longest", type=int, default=800, help="tokens of a passage; longer ones are left out")
    parser.add_argument("--branches", type=int, default=12, help="questions of a pack in one step")
    parser.add_argument("--minutes", type=float, default=8, help="between checkpoints")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--plain", action="store_true", help="one question a pass, to compare speeds")
    parser.add_argument("--steps", type=int, default=0, help="stop after so many steps (0: never)")
    return parser.parse_args()


class Packs:
    """Packs by source, in an order that depends on source and epoch alone."""

    def __init__(self, paths, mix):
        self.of, self.orders, self.places = {}, {}, {}
        for path in paths:
            for pack in rows_of(path):
                self.of.setdefault(pack["source"], []).append(pack)
        shares = {s: float(v) for s, v in (part.split("=") for part in mix.split(",") if part)}
        shares = shares or {s: sum(len(p["questions"]) for p in ps) for s, ps in self.of.items()}
        self.sources = [s for s in sorted(self.of) if shares.get(s, 0) > 0]
        self.shares = [shares[s] for s in self.sources]

    def next(self, rng):
        """The next pack; `rng` chooses its source."""
        source = rng.choices(self.sources, self.shares)[0]
        packs = self.of[source]
        epoch, at = self.places.get(source, (0, 0))
        if at >= len(packs):
            epoch, at = epoch + 1, 0
        self.places[source] = (epoch, at + 1)
        if self.orders.get(source, (None,))[0] != (epoch, len(packs)):
            order = list(range(len(packs)))
            random.Random(f"{source} {epoch}").shuffle(order)
            self.orders[source] = ((epoch, len(packs)), order)
        return packs[self.orders[source][1][at]]


class Softmax:
    """Cross entropy over the tokens that answers use and a sample of the others, which stands for all of them."""

    def __init__(self, embedding, packs, prompts):
        answers = sorted({q["answer"] for ps in packs.of.values() for p in ps for q in p["questions"]} | {NOT_STATED})
        texts = sorted({answer_text(a) for a in answers})
        used = {i for e in prompts.tokenizer.encode_batch(texts, add_special_tokens=False) for i in e.ids}
        used |= set(range(4)) | set(range(107, 140)) | set(prompts.ids("\n \n\n Question Answer Passage"))
        self.embedding = embedding
        self.used = torch.tensor(sorted(used))
        self.rows = embedding[self.used]
        self.index = torch.full((len(embedding),), -1, dtype=torch.long)
        self.index[self.used] = torch.arange(len(used))

    def loss(self, hidden, batch):
        """Sum of the weighted losses, sum of the losses, how many tokens are right."""
        place = self.index[batch.targets]
        with torch.no_grad():
            near = batch.tokens.unique()
            near = near[self.index[near] < 0]
            taken = self.index >= 0
            taken[near] = True
            others = torch.randint(len(self.embedding), (SAMPLED,))
            others = others[~taken[others]]
            rows = torch.cat((self.rows, self.embedding[near], self.embedding[others]))
            offset = torch.zeros(len(rows))
            offset[len(rows) - len(others) :] = ((~taken).sum() / len(others)).log()
        logits = (hidden @ rows.T).float() + offset
        losses = torch.nn.functional.cross_entropy(logits, place, reduction="none")
        right = logits.detach().argmax(-1) == place
        return (losses * batch.weights).sum(), losses.detach().sum(), right.sum()


def next_packs(packs, prompts, rng, a):
    """Packs of about `a.tokens` tokens together, shared out evenly: a list for each process."""
    units, size = [], 0
    while size < a.tokens or len(units) < a.processes:
        pack = packs.next(rng)
        passage = prompts.passage(pack["passage"])
        if len(passage) > a.longest:
            continue
        questions = pack["questions"]
        if len(questions) > a.branches:
            questions = rng.sample(questions, a.branches)
        branches = [(prompts.question(q["question"]), prompts.answer(q["answer"])) for q in questions]
        for part in [[b] for b in branches] if a.plain else [branches]:
            tokens = len(passage) + sum(len(q) + len(t) for q, t in part)
            units.append((tokens, passage, part))
            size += tokens
    shares = [[0, []] for _ in range(a.processes)]
    for tokens, passage, part in sorted(units, key=lambda unit: -unit[0]):
        least = min(shares, key=lambda share: share[0])
        least[0] += tokens
        least[1].append((passage, part))
    return [share for _, share in shares]


def join_processes(a):
    """Starts the other processes and joins them; gives this one's rank."""
    if "STARTER_RANK" not in os.environ:
        os.environ["STARTER_MEET"] = os.path.join(tempfile.mkdtemp(), "meet")
        for rank in range(1, a.processes):
            subprocess.Popen([sys.executable, *sys.argv], env={**os.environ, "STARTER_RANK": str(rank)})
    rank = int(os.environ.get("STARTER_RANK", 0))
    if rank:
        ctypes.CDLL(None).prctl(1, 15)  # PR_SET_PDEATHSIG, SIGTERM: end with the process that started this one
    dist.init_process_group(
        "gloo",
        init_method="file://" + os.environ["STARTER_MEET"],
        rank=rank,
        world_size=a.processes,
        timeout=datetime.timedelta(days=3),
    )
    return rank


def main():
    a = arguments()
    os.makedirs(a.run, exist_ok=True)
    of_run = lambda name: os.path.join(a.run, name)
    told = lambda name: any(
        os.path.exists(os.path.join(folder, name)) for folder in (a.run, os.path.dirname(os.path.abspath(a.run)))
    )
    torch.set_num_threads(1)
    rank = join_processes(a)
    starter.compile_fused()
    model, prompts, packs, rng = (
        Starter(a.gguf, a.rank, a.alpha),
        Prompts(a.tokenizer),
        Packs(a.packs, a.mix),
        random.Random(0),
    )
    parameters = list(model.lora.values())
    optimiser = torch.optim.AdamW(parameters, lr=a.lr, betas=(0.9, 0.98), weight_decay=0.0)
    step = answers = 0
    if os.path.exists(of_run("checkpoint.pt")):
        state = torch.load(of_run("checkpoint.pt"), weights_only=False)
        model.load_state_dict(state["lora"])
        optimiser.load_state_dict(state["optimiser"])
        rng.setstate(state["random"])
        step, answers, packs.places = state["step"], state["answers"], state["places"]
        del state
    elif a.begin:
        model.load_peft(a.begin)
    softmax = Softmax(model.embedding, packs, prompts)

    def write(**values):
        if rank == 0:
            with open(of_run("log.jsonl"), "a") as log:
                log.write(json.dumps({"at": time.strftime("%H:%M:%S", time.gmtime()), **values}) + "\n")

    def checkpoint():
        state = {
            "lora": model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "random": rng.getstate(),
            "step": step,
            "answers": answers,
            "places": packs.places,
        }
        torch.save(state, of_run("checkpoint.new"))
        os.replace(of_run("checkpoint.new"), of_run("checkpoint.pt"))
        model.save_peft(of_run("adapter.new"))
        os.makedirs(of_run("adapter"), exist_ok=True)
        for name in ("adapter_config.json", "adapter_model.safetensors", "recto.toml"):
            os.replace(os.path.join(of_run("adapter.new"), name), os.path.join(of_run("adapter"), name))
        os.rmdir(of_run("adapter.new"))

    write(
        begin=step,
        sources={s: [len(packs.of[s]), w] for s, w in zip(packs.sources, packs.shares)},
        vocabulary=len(softmax.used),
        arguments=vars(a),
    )
    saved, first, finish_from, finish_steps = time.time(), step, None, 0
    since, cpu, sums = time.time(), time.process_time(), torch.zeros(6)
    while not a.steps or step - first < a.steps:
        if told("PAUSE"):
            if rank == 0 and step > first:
                checkpoint()
            while told("PAUSE"):
                time.sleep(2)
        rate = a.lr * min(1.0, (step + 1) / a.warm_up)
        if finish_from is not None:
            rate *= 1 - (step - finish_from) / finish_steps
        for group in optimiser.param_groups:
            group["lr"] = rate
        torch.manual_seed(step * a.processes + rank)
        batch = layout(next_packs(packs, prompts, rng, a)[rank])
        loss, plain, right = softmax.loss(model.hidden(batch), batch)
        loss.backward()
        finish = rank == 0 and told("FINISH")
        stats = torch.tensor(
            [batch.weights.sum(), plain, right, len(batch.targets), batch.answers, len(batch.tokens), finish]
        )
        together = torch.cat([p.grad.flatten() for p in parameters] + [stats])
        dist.all_reduce(together)
        *grads, stats = together.split([p.numel() for p in parameters] + [len(stats)])
        for p, grad in zip(parameters, grads):
            p.grad = grad.view_as(p) / stats[0]
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        step, answers = step + 1, answers + int(stats[4])
        sums += stats[:6]
        if stats[6] and finish_from is None:
            finish_from, finish_steps = step, max(10, step // 5)
            write(finish=step, steps=finish_steps)
        if step % 10 == 0:
            wall, used, sums = time.time() - since, time.process_time() - cpu, sums.tolist()
            write(
                step=step,
                answers=answers,
                loss=round(sums[1] / sums[3], 4),
                right=round(sums[2] / sums[3], 4),
                norm=round(norm.item(), 3),
                rate=rate,
                answers_per_s=round(sums[4] / wall, 2),
                tokens_per_s=round(sums[5] / wall),
                cpu_s=round(used, 1),
                wall_s=round(wall, 1),
            )
            since, cpu, sums = time.time(), time.process_time(), torch.zeros(6)
        done = finish_from is not None and step >= finish_from + finish_steps
        if rank == 0 and (done or time.time() - saved > a.minutes * 60):
            checkpoint()
            saved = time.time()
        if done:
            write(end=step)
            break


if __name__ == "__main__":
    main()
