#!/usr/bin/env python3
"""Fills the paragraphs of prose/*.txt with invented names and figures, and asks about them.

    python make_prose.py OUT.jsonl prose/*.txt [--rounds N] [--seed S]

A sentence that is left out of a paragraph takes the answers to its questions with it: these rows have the answer "".
The source of the rows is "prose".
"""

import argparse
import json
import random
import re

from invented import REGIONS, TOWNS, Names

RIVERS = "Arle Tamber Ost Veyra Loudon Brisk Selwe Norra Kamen Dorn Ilse Quarra Meade Trave Osk".split()
COUNTRIES = [name for name in REGIONS if " " not in name and name not in ("Africa", "Oceania")] + [
    "Portugal",
    "Peru",
    "Greece",
    "Sweden",
    "Ghana",
    "Iran",
    "Hungary",
]


def read(path):
    """Paragraphs: (slots, [(sentence, [(wordings, answer)])])."""
    paragraphs = []
    for line in open(path):
        kind, _, rest = line.strip().partition(": ")
        if kind == "V":
            paragraphs.append((re.findall(r"(\w+)=(\[[^\]]*\]|\S+)", rest), []))
        elif kind == "S":
            paragraphs[-1][1].append((rest, []))
        elif kind == "Q":
            asked, _, answer = rest.partition(" => ")
            paragraphs[-1][1][-1][1].append((asked.split(" | "), answer))
    return paragraphs


def filled_slots(slots, rng):
    """A value for each slot; later slots may lean on earlier ones."""
    names, values = Names(rng), {}
    for name, kind in slots:
        later = re.fullmatch(r"(\w)\+(\d+)-(\d+)", kind)
        if kind.startswith("["):
            values[name] = rng.choice(kind[1:-1].split("/"))
        elif later:
            values[name] = values[later[1]] + rng.randint(int(later[2]), int(later[3]))
        elif re.fullmatch(r"\d+-\d+", kind):
            low, high = map(int, kind.split("-"))
            values[name] = rng.randint(low, high)
        elif kind == "person":
            values[name] = names.person()
        elif kind == "company":
            values[name] = names.company()
        else:
            values[name] = names.one({"town": TOWNS, "country": COUNTRIES, "river": RIVERS}[kind])
    return values


def paragraph(slots, sentences, rng):
    """Text, questions with answers, questions without."""
    values = filled_slots(slots, rng)
    left_out = set()
    if rng.random() < 0.35:
        left_out = set(rng.sample(range(1, len(sentences)), rng.choice([1, 1, 2]) if len(sentences) > 4 else 1))
    text, asked, missing = [], [], []
    for at, (sentence, questions) in enumerate(sentences):
        rows = [(rng.choice(wordings).format(**values), answer.format(**values)) for wordings, answer in questions]
        if at in left_out:
            missing += rows
        else:
            text.append(sentence.format(**values))
            text[-1] = text[-1][0].upper() + text[-1][1:]
            asked += rows
    told = " ".join(text)
    for question, answer in asked:
        assert answer.lower() in told.lower(), (question, answer, told)
    # A figure may stand in two sentences; what the text still holds is not missing.
    missing = [(question, "") for question, answer in missing if answer.lower() not in told.lower()]
    cased = []
    for question, answer in asked:
        start = told.lower().index(answer.lower())
        cased.append((question, answer if answer in told else told[start : start + len(answer)]))
    return told, cased, missing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("paragraphs", nargs="+")
    parser.add_argument("--rounds", type=int, default=60, help="passages that begin with each paragraph")
    parser.add_argument("--most", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    paragraphs = [paragraph for path in given.paragraphs for paragraph in read(path)]
    with open(given.out, "w") as out:
        for _ in range(given.rounds):
            for at in rng.sample(range(len(paragraphs)), len(paragraphs)):
                taken = [at]
                for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
                    taken.append(rng.choice([i for i in range(len(paragraphs)) if i not in taken]))
                rng.shuffle(taken)
                parts = [paragraph(*paragraphs[i], rng) for i in taken]
                gap = rng.choice(["\n\n", "\n"])
                context = gap.join(text for text, *_ in parts)
                if rng.random() < 0.25:
                    context = f"[page {rng.randint(1, 300)}]\n{context}"
                asked = [row for _, rows, _ in parts for row in rows]
                missing = [row for *_, rows in parts for row in rows if sum(row[0] == other[0] for other in asked) == 0]
                rows = rng.sample(asked, min(len(asked), given.most)) + rng.sample(
                    missing, min(len(missing), rng.choice([1, 2, 3]))
                )
                rng.shuffle(rows)
                for question, answer in dict(rows).items():
                    out.write(
                        json.dumps(
                            {"source": "prose", "context": context, "question": question, "answer": answer},
                            ensure_ascii=False,
                        )
                        + "\n"
                    )


if __name__ == "__main__":
    main()
