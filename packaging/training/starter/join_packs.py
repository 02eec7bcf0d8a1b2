"""More questions for a pass: joins the given rows' packs with what can be computed on the same passages.

    python join_packs.py GIVEN.packs.jsonl TABLES.packs.jsonl OUT.jsonl [SEED]

A WikiTableQuestions passage gets the generated questions on its table beside its own; a TAT-QA passage gets
questions on the rows of its table by year. Packs without a partner are copied; all keep their source.
"""

import json
import random
import re
import sys

from row_files import rows_of

MOST = 12  # questions of a pack
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
NUMBER = re.compile(r"^[($€£(]*\d[\d,.]*\)?%?\)?$")


def number(cell):
    """The value of a cell; in parentheses it is negative."""
    return float(re.sub(r"[^\d.]", "", cell).strip(".") or 0) * (-1 if "(" in cell else 1)


def statement(passage):
    """Years of the columns and {label: cells} of a table with a column a year; None where it has no such shape."""
    years, rows = None, {}
    for line in passage.split("\n"):
        cells = [c.strip() for c in line.split(" | ")] if " | " in line else []
        if not cells:
            continue
        found = [YEAR.findall(c) for c in cells[1:]]
        if years is None:
            if found and all(len(f) == 1 for f in found) and len({f[0] for f in found}) == len(found) > 1:
                years = [f[0] for f in found]
        elif len(cells) == len(years) + 1 and cells[0] and all(NUMBER.match(c) for c in cells[1:]):
            rows.setdefault(cells[0].rstrip(":"), []).append(cells[1:])
    rows = {label: cells[0] for label, cells in rows.items() if len(cells) == 1}
    return (years, rows) if years and rows else None


def asked_by_year(passage, labels, rng):
    """Questions on the rows of a table by year; `labels` are rows of all tables, to ask for what is not there."""
    found = statement(passage)
    if not found:
        return []
    (years, rows), out = found, {}
    shown = lambda label: label if rng.random() < 0.6 else label[0].lower() + label[1:]
    for label in rng.sample(list(rows), min(5, len(rows))):
        i = rng.randrange(len(years))
        out[
            rng.choice(
                [
                    f"What was the {shown(label)} in {years[i]}?",
                    f"What was {shown(label)} in {years[i]}?",
                    f"What is the {shown(label)} for {years[i]}?",
                    f"How much was the {shown(label)} in {years[i]}?",
                    f"What is the amount of {shown(label)} in {years[i]}?",
                ]
            )
        ] = rows[label][i]
    label = rng.choice(list(rows))
    i, j = rng.sample(range(len(years)), 2)
    out[
        rng.choice(
            [
                f"What are the respective values of {shown(label)} in {years[i]} and {years[j]}?",
                f"What is the {shown(label)} for {years[i]} and {years[j]} respectively?",
                f"What were the {shown(label)} in {years[i]} and {years[j]} respectively?",
            ]
        )
    ] = f"{rows[label][i]}, {rows[label][j]}"
    label = rng.choice(list(rows))
    values = [number(c) for c in rows[label]]
    if len(set(values)) == len(values):
        most = years[values.index(max(values))]
        out[f"In which year was {shown(label)} {'larger' if len(years) == 2 else 'largest'}?"] = most
        out[f"In which year was {shown(label)} {'smaller' if len(years) == 2 else 'smallest'}?"] = years[
            values.index(min(values))
        ]
        middle = sorted(values)[len(values) // 2 - 1 : len(values) // 2 + 1]
        limit = float(f"{sum(middle) / 2:.2g}")
        if min(values) < limit < max(values):
            less = rng.random() < 0.6
            out[f"In which year was {shown(label)} {'less' if less else 'more'} than {limit:,.1f}?"] = ", ".join(
                y for y, v in zip(years, values) if (v < limit) == less
            )
    if rng.random() < 0.4:
        out[
            rng.choice(
                [
                    "Which years does the table provide information for?",
                    f"Which years does the table provide information for {shown(label)}?",
                ]
            )
        ] = ", ".join(years)
    if rng.random() < 0.7:
        absent = rng.choice(labels)
        if absent.lower() not in passage.lower():
            out[f"What was the {shown(absent)} in {rng.choice(years)}?"] = ""
    if rng.random() < 0.5:
        year = str(rng.choice([int(min(years)) - rng.randint(1, 4), int(max(years)) + rng.randint(1, 3)]))
        if year not in passage:
            out[f"What was the {shown(label)} in {year}?"] = ""
    return [{"question": q, "answer": a} for q, a in out.items()]


def main(given, tables, out, seed=1):
    read = lambda path: list(rows_of(path))
    packs, generated = read(given), {p["passage"]: p for p in read(tables)}
    labels = sorted(
        {label for p in packs if p["source"] == "tatqa" for label in (statement(p["passage"]) or ((), {}))[1]}
    )
    with open(out, "w") as file:
        write = lambda pack: file.write(json.dumps(pack, ensure_ascii=False) + "\n")
        for i, pack in enumerate(packs):
            rng, more = random.Random(f"{seed} {i}"), []
            if pack["source"] == "wtq" and pack["passage"] in generated:
                more = generated.pop(pack["passage"])["questions"]
            elif pack["source"] == "tatqa":
                more = asked_by_year(pack["passage"], labels, rng)
            asked = {q["question"] for q in pack["questions"]}
            more = [q for q in more if q["question"] not in asked]
            rng.shuffle(more)
            pack["questions"] += more[: max(0, MOST - len(pack["questions"]))]
            write(pack)
        for pack in generated.values():
            write(pack)


if __name__ == "__main__":
    main(*sys.argv[1:])
