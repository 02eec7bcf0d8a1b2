#!/usr/bin/env python3
"""More to measure on: questions without an answer in a passage like their own, and passages among others.

    python make_development.py DEV.jsonl OUT.jsonl [--rows N] [--seed S]

Source "S-elsewhere" asks a question of S about the passage most like its own, which does not hold the answer;
"S-among" puts the passage behind two others, each with its page's marker, the right one last three times out of
four. Only for measuring, never to train on.
"""

import argparse
import json
import random
import re

from row_files import rows_of


def words(text):
    """The longer words of a text."""
    return {word for word in re.findall(r"\w{4,}", text.lower())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("development")
    parser.add_argument("out")
    parser.add_argument("--rows", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    rows = [row for row in rows_of(given.development) if row["answer"]]
    with open(given.out, "w") as out:
        write = lambda **row: out.write(json.dumps(row, ensure_ascii=False) + "\n")
        for source in ("xquad", "tatqa", "wtq"):
            own = [row for row in rows if row["source"] == source]
            contexts = list(dict.fromkeys(row["context"] for row in own))
            for row in rng.sample(own, min(given.rows, len(own))):
                asked = words(row["question"])
                others = [c for c in contexts if c != row["context"] and row["answer"].lower() not in c.lower()]
                nearest = max(others, key=lambda c: len(asked & words(c)))
                write(source=source + "-elsewhere", context=nearest, question=row["question"], answer="")
                among = rng.sample([c for c in others if len(c) < 1200], 2)
                among.insert(2 if rng.random() < 0.75 else rng.randrange(2), row["context"])
                pages = sorted(rng.sample(range(1, 200), 3), key=lambda _: rng.random())
                context = "\n\n".join(f"[page {page}]\n{text}" for page, text in zip(pages, among))
                write(source=source + "-among", context=context, question=row["question"], answer=row["answer"])


if __name__ == "__main__":
    main()
