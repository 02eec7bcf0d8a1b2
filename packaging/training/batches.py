"""Passages with their questions as tensors: a window for the encoder, and all its questions as one row for the decoder.

The questions of a passage lie one behind the other in the decoder's row. Each counts its positions from 0 and sees itself
alone, so that it is computed as if it stood there by itself, while the encoder reads the passage once for all of them.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

LOGIT_ROWS = 256  # rows whose logits over the whole vocabulary are held at a time
FILLING = -1  # what filling has for a question's number


@dataclass
class Batch:
    """b passages of at most n tokens, their questions of at most m tokens together, t tokens to be answered."""

    encoder_ids: torch.Tensor  # [b, n]
    encoder_kept: torch.Tensor  # [b, n], 0 where a window is filled up
    decoder_ids: torch.Tensor  # [b, m]
    positions: torch.Tensor  # [b, m], from 0 in each question
    question_of: torch.Tensor  # [b, m], a number for each question of the row
    rows: torch.Tensor  # [t], places in [b * m] that predict a token of an answer
    targets: torch.Tensor  # [t]
    answers: int

    def to(self, device):
        moved = {name: value.to(device) for name, value in vars(self).items() if isinstance(value, torch.Tensor)}
        return Batch(**moved, answers=self.answers)

    def masks(self, window):
        """What each decoder position sees of its row, by kind of layer: [b, 1, m, m]."""
        question, position = self.question_of, self.positions
        distance = position[:, :, None] - position[:, None, :]
        # Filling sees the filling before it: a row that sees nothing would have no softmax.
        seen = (question[:, :, None] == question[:, None, :]) & (distance >= 0)
        return {"full_attention": seen[:, None], "sliding_attention": (seen & (distance < window))[:, None]}


def batch_of(passages, pad):
    """passages: [(window ids, [(question ids, answer ids)])]."""
    longest = max(len(window) for window, _ in passages)
    widest = max(sum(len(q) + len(a) - 1 for q, a in asked) for _, asked in passages)
    windows, decoder, positions, question_of, rows, targets, answers = [], [], [], [], [], [], 0
    for at, (window, asked) in enumerate(passages):
        windows.append(window + [pad] * (longest - len(window)))
        ids, places, numbers = [], [], []
        for number, (question, answer) in enumerate(asked):
            start = at * widest + len(ids)
            said = question + answer[:-1]
            rows += range(start + len(question) - 1, start + len(said))
            ids, targets = ids + said, targets + answer
            places += range(len(said))
            numbers += [number] * len(said)
        filling = widest - len(ids)
        decoder.append(ids + [pad] * filling)
        positions.append(places + list(range(filling)))
        question_of.append(numbers + [FILLING] * filling)
        answers += len(asked)
    kept = [[1] * len(window) + [0] * (longest - len(window)) for window, _ in passages]
    lists = windows, kept, decoder, positions, question_of, rows, targets
    return Batch(*(torch.tensor(values, dtype=torch.long) for values in lists), answers)


def losses(model, batch):
    """Cross entropy of each token to be answered, and whether it is the model's first choice: two tensors [t]."""
    decoder = model.config.decoder
    out = model.model(
        input_ids=batch.encoder_ids,
        attention_mask=batch.encoder_kept,
        decoder_input_ids=batch.decoder_ids,
        decoder_position_ids=batch.positions,
        decoder_attention_mask=batch.masks(decoder.sliding_window),
        use_cache=False,
    )
    hidden = out.last_hidden_state.flatten(0, 1)[batch.rows]

    def of_part(hidden, targets):
        logits = model.lm_head(hidden).float()
        cap = decoder.final_logit_softcapping
        logits = torch.tanh(logits / cap) * cap if cap else logits
        return cross_entropy(logits, targets, reduction="none"), logits.detach().argmax(-1) == targets

    parts = zip(hidden.split(LOGIT_ROWS), batch.targets.split(LOGIT_ROWS))
    # The logits are made again on the way back: there are up to 262,144 of them for each token.
    found = [checkpoint(of_part, *part, use_reentrant=False) for part in parts]
    return torch.cat([loss for loss, _ in found]), torch.cat([right for _, right in found])
