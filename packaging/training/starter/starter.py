"""The starter (Gemma 3 270M) with LoRA, in plain PyTorch for CPU training.

The base stays frozen in bfloat16, as dequantised from the GGUF file that the application runs, so the adapter also
learns to make up for the quantisation. Several questions on one passage share one pass: their tokens lie flat behind
the passage, and each branch attends to the passage and to itself.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

LAYERS, WIDTH, FFN, HEADS, HEAD, VOCAB, WINDOW = 18, 640, 2048, 4, 256, 262144, 512
BOS, EOS = 2, 1
NOT_STATED = "Not stated."
MODULES = {  # name in PEFT's layout: (name in GGUF, inputs, outputs)
    "self_attn.q_proj": ("attn_q", WIDTH, HEADS * HEAD),
    "self_attn.k_proj": ("attn_k", WIDTH, HEAD),
    "self_attn.v_proj": ("attn_v", WIDTH, HEAD),
    "self_attn.o_proj": ("attn_output", HEADS * HEAD, WIDTH),
    "mlp.gate_proj": ("ffn_gate", WIDTH, FFN),
    "mlp.up_proj": ("ffn_up", WIDTH, FFN),
    "mlp.down_proj": ("ffn_down", FFN, WIDTH),
}
GROUPS = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "o": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}
NORMS = ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm", "attn_q_norm", "attn_k_norm")


# ---- prompt ----


def passage_text(context):
    """A passage as the prompt begins."""
    return "Passage: " + context.strip("\n")


def question_text(question):
    """A question on one line, up to where the answer begins."""
    return "\nQuestion: " + " ".join(question.split()) + "\nAnswer:"


def answer_text(answer):
    """What is to be answered."""
    return " " + (" ".join(answer.split()) or NOT_STATED)


class Prompts:
    """Texts as ids."""

    def __init__(self, tokenizer_json):
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(tokenizer_json)

    def ids(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def passage(self, context):
        return [BOS] + self.ids(passage_text(context))

    def question(self, question):
        return self.ids(question_text(question))

    def answer(self, answer):
        return self.ids(answer_text(answer)) + [EOS]

    def text(self, ids):
        return self.tokenizer.decode(ids).strip()


# ---- packs: a passage with its questions ----


@dataclass
class Pack:
    """Where a pack's rows lie."""

    passage: slice
    branches: slice
    rows: torch.Tensor  # [branches, longest branch], short ones filled up with a row of the pack
    kept: torch.Tensor  # which of them are no filling


@dataclass
class Batch:
    """Packs laid out flat, one behind the other."""

    tokens: torch.Tensor  # [N]
    positions: torch.Tensor  # [N]
    packs: list  # of Pack
    target_rows: torch.Tensor  # rows that predict a token of an answer
    targets: torch.Tensor
    weights: torch.Tensor  # per target
    answers: int


def layout(packs):
    """packs: [(passage ids, [(question ids, answer ids)])]."""
    tokens, positions, spans, rows, targets, weights, answers = [], [], [], [], [], [], 0
    for passage, branches in packs:
        start, length = len(tokens), len(passage)
        tokens += passage
        positions += range(length)
        longest = max(len(q) + len(a) - 1 for q, a in branches)
        at = torch.full((len(branches), longest), start + length, dtype=torch.long)
        kept = torch.zeros(len(branches), longest, dtype=torch.bool)
        for i, (question, answer) in enumerate(branches):
            here, branch = len(tokens), question + answer[:-1]
            tokens += branch
            positions += range(length, length + len(branch))
            at[i, : len(branch)] = torch.arange(here, here + len(branch))
            kept[i, : len(branch)] = True
            rows += range(here + len(question) - 1, here + len(branch))
            targets += answer
            weights += [len(answer) ** -0.5] * len(answer)
            answers += 1
        spans.append(Pack(slice(start, start + length), slice(start + length, len(tokens)), at, kept))
    as_long = lambda values: torch.tensor(values, dtype=torch.long)
    return Batch(
        as_long(tokens), as_long(positions), spans, as_long(rows), as_long(targets), torch.tensor(weights), answers
    )


# ---- model ----


class LoraLinear(torch.autograd.Function):
    """x W' + (x A') B' for several projections of one input; W frozen, B block-diagonal with the scale in it."""

    @staticmethod
    def forward(ctx, x, w, a, b):
        h = x @ a.T
        y = torch.addmm(x @ w.T, h, b.T)
        ctx.save_for_backward(x, w, a, b, h)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, w, a, b, h = ctx.saved_tensors
        dh = dy @ b
        dx = torch.addmm(dy @ w, dh, a) if ctx.needs_input_grad[0] else None
        return dx, None, dh.T @ x, dy.T @ h


def rms(x, weight):
    """RMS norm in f32, not yet brought back."""
    x = x.float()
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * weight


def rotate(x, cos, sin):
    """Rotary embedding: halves turned against each other."""
    half = HEAD // 2
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


# What lies between matrix products, for torch.compile to fuse.


def normed(x, weight):
    """RMS norm."""
    return rms(x, weight).bfloat16()


def turned(qkv, q_norm, k_norm, cos, sin):
    """Queries, keys and values of a layer: split, normed, turned."""
    q, k, v = qkv.split((HEADS * HEAD, HEAD, HEAD), -1)
    q = rotate(rms(q.unflatten(-1, (HEADS, HEAD)), q_norm), cos[:, None], sin[:, None])
    return q.bfloat16(), rotate(rms(k, k_norm), cos, sin).bfloat16(), v.contiguous()


def added(x, y, weight, next_weight):
    """The residual stream with y's norm added, and its own norm for what comes next."""
    x = (x.float() + rms(y, weight)).bfloat16()
    return x, normed(x, next_weight)


def gated(gate_up):
    """The activation of the feed-forward part."""
    gate, up = gate_up.split(FFN, -1)
    return (F.gelu(gate.float(), approximate="tanh") * up.float()).bfloat16()


def merged(a, a_log, b, b_log):
    """Attention over two sets of keys from that over each, with the logarithms of the softmax's sums."""
    log = torch.logaddexp(a_log, b_log)
    out = a.float() * (a_log - log).exp()[..., None] + b.float() * (b_log - log).exp()[..., None]
    return out.bfloat16(), log


def score_gradients(scores, log, d_weights, delta, mask):
    """Weights of an attention and the gradient of its scores before scaling: [L, 4, S] each, from these and the rows' sums."""
    weights = (scores.float() * SCALE + mask[:, None] - log[..., None]).exp()
    return weights.bfloat16(), (weights * (d_weights.float() - delta[..., None]) * SCALE).bfloat16()


flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
flash_back = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
SCALE = HEAD**-0.5


def by_head(q, k, v):
    """[B, L, 4, 256] and [B, S, 256] as the kernel takes them: [B, 4, L, 256]."""
    return q.transpose(1, 2), *(t[:, None].expand(-1, HEADS, -1, -1) for t in (k, v))


def attention_back(d_out, q, k, v, out, log, mask):
    """Gradients of queries [L, 4, 256], keys and values [S, 256] of an attention, `log` [L, 4], `mask` [L or 1, S].

    Heads share their keys, so each step is one product of matrices: half the time of the kernel's own backward pass.
    """
    rows = lambda t: t.reshape(-1, t.shape[-1])
    by_query = lambda t: t.view(*q.shape[:2], -1)
    delta = (d_out.float() * out.float()).sum(-1)
    weights, d_scores = score_gradients(by_query(rows(q) @ k.T), log, by_query(rows(d_out) @ v.T), delta, mask)
    return (rows(d_scores) @ k).view_as(q), rows(d_scores).T @ rows(q), rows(weights).T @ rows(d_out)


class PackAttention(torch.autograd.Function):
    """Attention of packs: q [N, 4, 256], k and v [N, 256], rows as `layout` lays them out; gives [N, 1024].

    A branch's attention to the passage and that to itself are computed apart and merged; the kernel's backward pass
    needs only the merged output and logarithm, so each part's gradient follows from it.
    """

    @staticmethod
    def forward(ctx, q, k, v, packs, masks, passages):
        out = torch.zeros_like(q) if not passages else torch.empty_like(q)
        kept = []
        for pack, (causal, window) in zip(packs, masks):
            p, b = pack.passage, pack.branches
            pk, pv, logs = k[p][None], v[p][None], None
            if passages:
                y, logs = flash(*by_head(q[p][None], pk, pv), 0.0, causal is None, attn_mask=causal, scale=SCALE)
                out[p] = y[0].transpose(0, 1)
            far, far_log = flash(*by_head(q[b][None], pk, pv), 0.0, False, attn_mask=window, scale=SCALE)
            near, near_log = flash(*by_head(q[pack.rows], k[pack.rows], v[pack.rows]), 0.0, True, scale=SCALE)
            y, log = merged(
                far[0].transpose(0, 1),
                far_log[0].transpose(0, 1),
                near.transpose(1, 2)[pack.kept],
                near_log.transpose(1, 2)[pack.kept],
            )
            out[b] = y
            kept.append((logs, log))
        ctx.save_for_backward(q, k, v, out)
        ctx.of = packs, masks, passages, kept
        return out.flatten(1)

    @staticmethod
    def backward(ctx, d_out):
        q, k, v, out = ctx.saved_tensors
        packs, masks, passages, kept = ctx.of
        d_out = d_out.unflatten(-1, (HEADS, HEAD)).contiguous()
        dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for pack, (causal, window), (logs, log) in zip(packs, masks, kept):
            p, b = pack.passage, pack.branches
            pk, pv = k[p], v[p]
            nothing = torch.zeros(1, len(pk))
            far = attention_back(d_out[b], q[b], pk, pv, out[b], log, nothing if window is None else window[0, 0])
            pad = lambda t: t[pack.rows].transpose(1, 2)
            d_near = (d_out[pack.rows] * pack.kept[..., None, None]).transpose(1, 2)
            near_log = log[pack.rows - b.start].transpose(1, 2).contiguous()
            near = flash_back(
                d_near, *by_head(q[pack.rows], k[pack.rows], v[pack.rows]), pad(out), near_log, 0.0, True, scale=SCALE
            )
            dq[b] = far[0] + near[0].transpose(1, 2)[pack.kept]
            dk[b], dv[b] = (g.sum(1)[pack.kept] for g in near[1:])
            grads = far[1:]
            if passages:
                later = torch.full((len(pk), len(pk)), float("-inf")).triu(1) if causal is None else causal[0, 0]
                own = attention_back(d_out[p], q[p], pk, pv, out[p], logs[0].T, later)
                dq[p] = own[0]
                grads = [g + o for g, o in zip(grads, own[1:])]
            dk[p], dv[p] = grads
        return dq, dk, dv, None, None, None


def compile_fused():
    """Fuses what lies between the matrix products; worth it for training only."""
    for name in ("normed", "turned", "added", "gated", "score_gradients"):
        globals()[name] = torch.compile(globals()[name], dynamic=True)


def base_weights(gguf_path):
    """Embedding, final norm, each layer's norms and stacked matrices; kept with temporary files for the next start."""
    with open(gguf_path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    kept = os.path.join(tempfile.gettempdir(), f"starter-base-{digest[:16]}.pt")
    if os.path.exists(kept):
        return torch.load(kept, mmap=True)
    import gguf

    raw = {t.name: t for t in gguf.GGUFReader(gguf_path).tensors}
    read = lambda name: torch.from_numpy(
        np.array(gguf.quants.dequantize(raw[name].data, raw[name].tensor_type), dtype=np.float32)
    )
    norms, weights = [], []
    for i in range(LAYERS):
        norms.append({n: read(f"blk.{i}.{n}.weight") for n in NORMS})
        weights.append(
            {g: torch.cat([read(f"blk.{i}.{MODULES[m][0]}.weight") for m in ms]).bfloat16() for g, ms in GROUPS.items()}
        )
    base = read("token_embd.weight").bfloat16(), read("output_norm.weight"), norms, weights
    own = f"{kept}.{os.getpid()}"  # each process of a run may be the first
    torch.save(base, own)
    os.replace(own, kept)
    return base


def is_global(layer):
    """Whether a layer sees everything before it."""
    return layer % 6 == 5


class Starter(torch.nn.Module):
    """The frozen model with the factors of its adapter."""

    def __init__(self, gguf_path, rank=16, alpha=32, seed=0):
        super().__init__()
        self.rank, self.scale, self.alpha = rank, alpha / rank, alpha
        self.embedding, self.final_norm, self.norms, self.weights = base_weights(os.path.expanduser(gguf_path))
        generator = torch.Generator().manual_seed(seed)
        self.lora = torch.nn.ParameterDict()
        for i in range(LAYERS):
            for name, (_, inputs, outputs) in MODULES.items():
                a = torch.empty(rank, inputs).uniform_(-1, 1, generator=generator) * (3 / inputs) ** 0.5 / 3**0.5
                self.lora[f"{i}:{name}:A".replace(".", "/")] = torch.nn.Parameter(a)
                self.lora[f"{i}:{name}:B".replace(".", "/")] = torch.nn.Parameter(torch.zeros(outputs, rank))
        self.adapted = True
        half = torch.arange(0, HEAD, 2).float() / HEAD
        self.frequencies = {False: 10_000.0**-half, True: 1_000_000.0**-half}

    def factors(self, layer, name):
        """A and B of a module."""
        return (self.lora[f"{layer}:{name}:{x}".replace(".", "/")] for x in "AB")

    def prepared(self):
        """The factors as the passes use them: in bfloat16, stacked by input."""
        out = []
        for i in range(LAYERS):
            of = {}
            for group, names in GROUPS.items():
                pairs = [tuple(self.factors(i, n)) for n in names]
                a = torch.cat([a for a, _ in pairs]).bfloat16()
                b = (torch.block_diag(*[b for _, b in pairs]) * self.scale).bfloat16()
                of[group] = (a, b)
            out.append(of)
        return out

    def linear(self, x, layer, group, lora):
        """A group of projections of the same input."""
        w = self.weights[layer][group]
        return LoraLinear.apply(x, w, *lora[layer][group]) if self.adapted else x @ w.T

    def embed(self, tokens):
        """Embeddings, scaled."""
        return self.embedding[tokens] * torch.tensor(WIDTH**0.5).bfloat16()

    def turns(self, positions):
        """Cosines and sines of the rotary embedding, for local and global layers."""
        angles = {g: positions[:, None].float() * f for g, f in self.frequencies.items()}
        return {g: (angle.cos(), angle.sin()) for g, angle in angles.items()}

    def queries(self, x, layer, turns, lora):
        """What attention of a layer is given."""
        n = self.norms[layer]
        return turned(self.linear(x, layer, "qkv", lora), n["attn_q_norm"], n["attn_k_norm"], *turns[is_global(layer)])

    def rest(self, x, attended, layer, lora):
        """What follows attention in a layer, and the norm that the next begins with."""
        n = self.norms[layer]
        x, y = added(x, self.linear(attended, layer, "o", lora), n["post_attention_norm"], n["ffn_norm"])
        y = self.linear(gated(self.linear(y, layer, "gate_up", lora)), layer, "down", lora)
        last = layer == LAYERS - 1
        return added(x, y, n["post_ffw_norm"], self.final_norm if last else self.norms[layer + 1]["attn_norm"])

    def hidden(self, batch):
        """Final hidden states of the rows that predict an answer's token."""
        lora = self.prepared() if self.adapted else None
        x, turns = self.embed(batch.tokens), self.turns(batch.positions)
        masks = {g: [pack_masks(pack, batch.positions, g) for pack in batch.packs] for g in (False, True)}
        y = normed(x, self.norms[0]["attn_norm"])
        for layer in range(LAYERS):
            last = layer == LAYERS - 1
            attended = PackAttention.apply(
                *self.queries(y, layer, turns, lora), batch.packs, masks[is_global(layer)], not last
            )
            if last:
                x, attended = x[batch.target_rows], attended[batch.target_rows]
            x, y = self.rest(x, attended, layer, lora)
        return y

    # -- answering --

    @torch.no_grad()
    def answer(self, passage, questions, limit=24):
        """Greedy answers (token ids) to questions (ids) on one passage (ids)."""
        lora = self.prepared() if self.adapted else None

        def run(tokens, start, cache, keep):
            x, turns = self.embed(torch.tensor(tokens)), self.turns(torch.arange(start, start + len(tokens)))
            y, after = normed(x, self.norms[0]["attn_norm"]), []
            for layer in range(LAYERS):
                q, k, v = self.queries(y, layer, turns, lora)
                if cache:
                    k, v = torch.cat((cache[layer][0], k)), torch.cat((cache[layer][1], v))
                after.append((k, v))
                distance = torch.arange(start, start + len(tokens))[:, None] - torch.arange(len(k))[None]
                seen = (distance >= 0) & ((distance < WINDOW) | is_global(layer))
                attended = F.scaled_dot_product_attention(
                    *by_head(q[None], k[None], v[None]), attn_mask=seen, scale=SCALE
                )
                x, y = self.rest(x, attended[0].transpose(0, 1).flatten(1), layer, lora)
            return int((y[-1:] @ self.embedding.T).argmax()) if keep else None, after

        _, cache = run(passage, 0, None, False)
        out = []
        for question in questions:
            token, own = run(question, len(passage), cache, True)
            got, at = [], len(passage) + len(question)
            while token != EOS and len(got) < limit:
                got.append(token)
                token, own = run([token], at, own, True)
                at += 1
            out.append(got)
        return out

    # -- files --

    def peft_state(self, dtype=torch.bfloat16):
        """The factors under PEFT's names."""
        return {
            f"base_model.model.model.layers.{i}.{name}.lora_{x}.weight": p.detach().to(dtype).contiguous().clone()
            for i in range(LAYERS)
            for name in MODULES
            for x, p in zip("AB", self.factors(i, name))
        }

    def load_peft(self, folder):
        """Takes the factors of an adapter in PEFT's layout."""
        from safetensors.torch import load_file

        config = json.load(open(os.path.join(folder, "adapter_config.json")))
        assert config["r"] == self.rank, "the adapter's rank differs"
        self.alpha, self.scale = config["lora_alpha"], config["lora_alpha"] / config["r"]
        state = load_file(os.path.join(folder, "adapter_model.safetensors"))
        with torch.no_grad():
            for i in range(LAYERS):
                for name in MODULES:
                    for x, p in zip("AB", self.factors(i, name)):
                        p.copy_(state[f"base_model.model.model.layers.{i}.{name}.lora_{x}.weight"].float())

    def save_peft(self, folder):
        """Writes adapter_config.json, adapter_model.safetensors and, for Recto, which prompt was taught."""
        from safetensors.torch import save_file

        os.makedirs(folder, exist_ok=True)
        config = {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": "google/gemma-3-270m",
            "r": self.rank,
            "lora_alpha": self.alpha,
            "lora_dropout": 0.0,
            "bias": "none",
            "fan_in_fan_out": False,
            "inference_mode": True,
            "target_modules": sorted(m.split(".")[1] for m in MODULES),
        }
        with open(os.path.join(folder, "adapter_config.json"), "w") as file:
            json.dump(config, file, indent=1)
        with open(os.path.join(folder, "recto.toml"), "w") as file:
            file.write('prompt = "passages_v1"\n')
        save_file(self.peft_state(), os.path.join(folder, "adapter_model.safetensors"), metadata={"format": "pt"})


def pack_masks(pack, positions, everywhere):
    """What a passage sees of itself and its branches of it, as masks to add; None where no window cuts anything off."""
    here, there = positions[pack.passage], positions[pack.branches]
    if everywhere or there.max() < WINDOW:
        return None, None
    masks = []
    for of in (here, there):
        distance = of[:, None] - here[None]
        masks.append(
            torch.zeros(distance.shape)
            .masked_fill((distance < 0) | (distance >= WINDOW), float("-inf"))[None, None]
            .bfloat16()
        )
    return masks
