"""F1 and exact match of greedy answers on rows {source, context, question, answer}.

    python evaluate.py ROWS.jsonl... --gguf MODEL.gguf --tokenizer tokenizer.json [--adapter DIR] [--rows 40] [--show]

Without an adapter the starter answers as it is, and its answer ends with the line. Rows with an empty answer count
apart: how many were recognised; of the others, how many answers were withheld.
"""

import argparse
import json
import random
import string
import time

import torch

from row_files import rows_of
from starter import NOT_STATED, Prompts, Starter

DROPPED = set(string.punctuation) - set(".%$€")


def words(text):
    """The words of an answer: small letters, no articles, no punctuation but what numbers are made of."""
    text = "".join(c for c in text.lower() if c not in DROPPED)
    return [w for w in (w.strip(".") for w in text.split()) if w and w not in ("a", "an", "the")]


def f1(given, right):
    """How many words an answer shares with the right one, from 0 to 1."""
    given, right = words(given), words(right)
    if not given or not right:
        return float(given == right)
    left, common = list(right), 0
    for w in given:
        if w in left:
            left.remove(w)
            common += 1
    return 2 * common / (len(given) + len(right))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--adapter")
    parser.add_argument("--rows", type=int, default=40, help="with an answer, of a source (0: all)")
    parser.add_argument("--gguf", required=True, help="the starter, as Recto installs it")
    parser.add_argument("--tokenizer", required=True, help="its tokenizer.json")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    rows = [row for path in a.files for row in rows_of(path)]
    by_source = {}
    for row in rows:
        by_source.setdefault(row["source"], []).append(row)
    model, prompts = Starter(a.gguf), Prompts(a.tokenizer)
    model.adapted = bool(a.adapter)
    if a.adapter:
        model.load_peft(a.adapter)
    for source, of in by_source.items():
        answered, absent = [r for r in of if r["answer"]], [r for r in of if not r["answer"]]
        random.Random(0).shuffle(answered)
        chosen = (answered[: a.rows] if a.rows else answered) + absent
        exact = score = withheld = recognised = count = 0
        begin, passages = time.time(), {}
        for row in chosen:
            passages.setdefault(row["context"], []).append(row)
        for context, group in passages.items():
            for row, ids in zip(
                group, model.answer(prompts.passage(context), [prompts.question(r["question"]) for r in group])
            ):
                text = prompts.text(ids).split("\n")[0].strip()
                silent = words(text) == words(NOT_STATED)
                if a.show:
                    print(
                        json.dumps(
                            {"source": source, "question": row["question"], "right": row["answer"], "given": text},
                            ensure_ascii=False,
                        )
                    )
                if row["answer"]:
                    count += 1
                    withheld += silent
                    exact += words(text) == words(row["answer"])
                    score += f1(text, row["answer"])
                else:
                    recognised += silent
        result = {"source": source, "rows": count, "seconds": round(time.time() - begin)}
        if count:
            result |= {
                "f1": round(100 * score / count, 1),
                "exact": round(100 * exact / count, 1),
                "withheld": withheld,
            }
        if absent:
            result |= {"absent": len(absent), "recognised": recognised}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
