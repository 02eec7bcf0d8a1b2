"""How a contender is asked: a piece of work a line on standard input, a line of JSON for each, as `recto bench --serve`.

The first line says that the model is loaded. Work is `encode N`, `figure`, `decode ENCODED N`, `prompt N` or `generate N`;
an answer holds `secs`, and `tokens` and `tokens_per_sec` where there are tokens, or `error`.
"""
import json
import random
import sys
import time


def serve(about, works):
    """Answers lines; `works` has a function for each word, which returns (secs, tokens or None)."""
    answer(about)
    for line in sys.stdin:
        word, *numbers = line.split()
        try:
            secs, tokens = works[word](*map(int, numbers))
            answer({"work": line.strip(), "secs": secs, "tokens": tokens, "tokens_per_sec": tokens and tokens / secs})
        except Exception as error:  # whatever a peer throws is the answer to this line, and the next may still work
            answer({"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]})


def answer(value):
    print(json.dumps(value), flush=True)


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def token_ids(count):
    """Random ids without control tokens, after the one that starts a text."""
    chance = random.Random(11)
    return [2] + [chance.randrange(1000, 200_000) for _ in range(count - 1)]
