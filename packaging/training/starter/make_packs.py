#!/usr/bin/env python3
"""Puts rows of the same passage together, as train.py reads them: {source, passage, questions: [{question, answer}]}.

    python make_packs.py OUT.jsonl ROWS.jsonl[.gz]... [--without DEV.jsonl] [--longest N] [--sources a,b]

Rows whose passage is in DEV are left out, and so are answers of more than --longest words (TAT-QA's excepted: what
it is measured on holds whole sentences).
"""

import argparse
import collections
import json

from row_files import rows_of


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("rows", nargs="+")
    parser.add_argument("--without")
    parser.add_argument("--longest", type=int, default=12)
    parser.add_argument("--sources", default="")
    given = parser.parse_args()
    kept_out = {row["context"] for row in rows_of(given.without)} if given.without else set()
    sources = set(filter(None, given.sources.split(",")))
    packs, left_out = {}, collections.Counter()
    for path in given.rows:
        for row in rows_of(path):
            source, context = row["source"], row["context"]
            if sources and source not in sources:
                continue
            if context in kept_out:
                left_out[source, "in DEV"] += 1
                continue
            if len(row["answer"].split()) > (60 if source == "tatqa" else given.longest):
                left_out[source, "long"] += 1
                continue
            packs.setdefault((source, context), {})[row["question"]] = row["answer"]
    with open(given.out, "w") as out:
        for (source, context), asked in packs.items():
            questions = [{"question": question, "answer": answer} for question, answer in asked.items()]
            out.write(
                json.dumps({"source": source, "passage": context, "questions": questions}, ensure_ascii=False) + "\n"
            )
    print(dict(collections.Counter(source for source, _ in packs)), dict(left_out))


if __name__ == "__main__":
    main()
