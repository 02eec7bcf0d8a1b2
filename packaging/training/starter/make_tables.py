#!/usr/bin/env python3
"""Asks more about the real tables of the training rows (WikiTableQuestions, FeTaQA): looking up, neighbours, most and
least.

    python make_tables.py TRAIN.jsonl OUT.jsonl [--without DEV.jsonl] [--most N] [--seed S]

The answers are computed from the table as it stands in the passage and are always one of its cells, or "" where a
question was made to find none. Passages of DEV are left out. The source of the rows is "tables".
"""

import argparse
import collections
import json
import random
import re

from row_files import rows_of

PEOPLE = set(
    """player name driver coach candidate winner champion rider athlete actor actress director artist
author manager mayor president king queen minister incumbent representative captain singer nominee
recipient swimmer skater golfer runner-up competitor contestant wrestler fighter jockey pilot
senator governor member leader writer producer host partner""".split()
)
NUMBER = re.compile(r"^[^\d(−-]{0,3}[(−-]?\d[\d,]*(\.\d+)?\s*(%|kg|m|km|cm|ft|million|billion)?\)?$")
SUM = re.compile(r"total|overall|average|mean|source|turnout|registered", re.I)
DASHES = {"", "-", "–", "—", "n/a", "N/A", "?", "----", "none", "None", "TBA"}
BIG = ["most", "highest", "largest", "greatest"]
SMALL = ["least", "lowest", "smallest", "fewest"]


def number(cell):
    """The cell's value, or None."""
    if not NUMBER.match(cell):
        return None
    digits = re.sub(r"[^\d.]", "", cell)
    value = float(digits) if digits.strip(".") else None
    return -value if value is not None and re.match(r"^[^\d]*[(−-]", cell) else value


def is_year(cell):
    """Whether a cell is a year and nothing else."""
    return bool(re.fullmatch(r"(1[5-9]|20)\d\d", cell))


class Table:
    """Head and rows of a passage, with what each column holds."""

    def __init__(self, head, rows):
        self.head, self.rows = head, rows
        self.columns = [[row[j] for row in rows] for j in range(len(head))]
        self.unique = [len(set(c)) == len(c) and not DASHES & set(c) for c in self.columns]
        self.values = [[number(cell) for cell in column] for column in self.columns]
        self.numeric = [sum(v is not None for v in vs) >= 0.9 * len(vs) for vs in self.values]
        self.years = [sum(map(is_year, c)) >= 0.9 * len(c) for c in self.columns]
        self.named = [
            bool(h) and len(h) <= 28 and head.count(h) == 1 and not h.isdigit() and h not in DASHES for h in head
        ]

    @classmethod
    def of(cls, context):
        """The table of a passage; None where its lines are none."""
        lines = [line for line in context.split("\n") if line.strip()]
        if lines and " | " not in lines[0]:
            lines = lines[1:]
        cells = [[cell.strip() for cell in line.split(" | ")] for line in lines]
        if len(cells) < 4 or len(cells[0]) < 2 or any(len(row) != len(cells[0]) for row in cells[:-1]):
            return None
        if len(cells[-1]) != len(cells[0]):
            cells.pop()
        rows = [row for row in cells[1:] if len(set(row)) > 1]  # the others are headings across all columns
        return cls(cells[0], rows) if len(rows) > 2 else None

    def keys(self):
        """Columns that tell rows apart by name; words before years before numbers."""
        worded = lambda j: (
            sum(cell[:1].isalpha() or cell[:1] in "\"“'" for cell in self.columns[j]) >= 0.8 * len(self.rows)
        )
        found = [j for j in range(len(self.head)) if self.unique[j] and self.named[j] and worded(j)]
        return (found[:1] * 3 + found[1:]) or [
            j for j in range(len(self.head)) if self.unique[j] and self.named[j] and self.years[j]
        ]


def word(head):
    """A column's head inside a question."""
    return re.sub(r"\s*\(.*?\)\s*|\[.*?\]", " ", head).strip().lower() or head.lower()


def asked_for(head, rng):
    """How a question begins that asks for a cell of this column."""
    name = word(head)
    if name.split()[-1] in PEOPLE:
        return "who"
    return f"{rng.choice(['which', 'which', 'what'])} {name}"


def questions(table, rng):
    """Endless questions of all kinds; pairs (question, answer)."""
    rows, head = table.rows, table.head
    keys = table.keys()
    if not keys:
        return
    named = [j for j in range(len(head)) if table.named[j]]
    counted = [
        j
        for j in named
        if table.numeric[j] and not table.years[j] and word(head[j]) not in ("no.", "no", "#", "rank", "rk")
    ]
    grouped = [j for j in named if not table.unique[j] and not table.numeric[j]]

    def looked_up():
        k = rng.choice(keys)
        j, row = rng.choice([j for j in named if j != k]), rng.choice(rows)
        key, answer, what = row[k], row[j], word(head[j])
        if table.years[j] or what in ("date", "year"):
            return rng.choice(
                [
                    f"what {what} is given for {key}?",
                    f"in what {what} was {key}?",
                    f"when was {key}?",
                    f"what is the {what} of {key}?",
                ]
            ), answer
        if what.split()[-1] in PEOPLE:
            return rng.choice(
                [
                    f"who is the {what} of {key}?",
                    f"who was the {what} for {key}?",
                    f"who is listed as {what} for {key}?",
                ]
            ), answer
        return rng.choice(
            [
                f"what was the {what} for {key}?",
                f"what is the {what} of {key}?",
                f"what {what} did {key} have?",
                f"{key} had what {what}?",
                f"what is {key}'s {what}?",
                f"what {what} is listed for {key}?",
            ]
        ), answer

    def found_by():
        k = rng.choice(keys)
        j = rng.choice([j for j in named if j != k])
        single = [row for row in rows if table.columns[j].count(row[j]) == 1]
        if not single:
            return None
        row = rng.choice(single)
        who, what, value = asked_for(head[k], rng), word(head[j]), row[j]
        return rng.choice(
            [
                f"{who} has a {what} of {value}?",
                f"{who} had {value} as {what}?",
                f"{who} is listed with {what} {value}?",
                f"{who} is the only one with {value} as {what}?",
                f"{who} had the {what} {value}?",
            ]
        ), row[k]

    def followed():
        k = rng.choice(keys)
        at = rng.randrange(len(rows) - 1)
        who, first, second = asked_for(head[k], rng), rows[at][k], rows[at + 1][k]
        name = word(head[k])
        if rng.random() < 0.5:
            return rng.choice(
                [
                    f"{who} comes after {first}?",
                    f"{who} is listed after {first}?",
                    f"what is the next {name} after {first}?",
                    f"{who} is below {first}?",
                    f"{who} came next after {first}?",
                    f"{who} is directly after {first} in the table?",
                ]
            ), second
        return rng.choice(
            [
                f"{who} comes before {second}?",
                f"{who} is listed before {second}?",
                f"what is the previous {name} before {second}?",
                f"{who} is above {second}?",
                f"{who} was previous to {second}?",
                f"{who} is listed just before {second}?",
            ]
        ), first

    def at_the_end():
        k = rng.choice(named)
        name, who = word(head[k]), asked_for(head[k], rng)
        if rng.random() < 0.5:
            return rng.choice(
                [
                    f"what is the first {name} listed?",
                    f"{who} is listed first?",
                    f"what is the first {name} on this chart?",
                    f"{who} is at the top of the table?",
                    f"what {name} is on the first row?",
                ]
            ), rows[0][k]
        return rng.choice(
            [
                f"what is the last {name} listed?",
                f"{who} is listed last?",
                f"what is the last {name} on the list?",
                f"{who} is at the bottom of the table?",
            ]
        ), rows[-1][k]

    def extreme():
        if not counted:
            return None
        k, j = rng.choice(keys), rng.choice(counted)
        values = [
            (v, at) for at, v in enumerate(table.values[j]) if v is not None and not SUM.search(" ".join(rows[at][:3]))
        ]
        if len(values) < 3 or k == j:
            return None
        values.sort()
        who, what = asked_for(head[k], rng), word(head[j])
        kind = rng.random()
        if kind < 0.45:
            if values[-1][0] == values[-2][0]:
                return None
            return rng.choice(
                [
                    f"{who} has the {rng.choice(BIG)} {what}?",
                    f"{who} had the {rng.choice(BIG)} {what}?",
                    f"{who} had the {rng.choice(BIG)} amount of {what}?",
                ]
            ), rows[values[-1][1]][k]
        if kind < 0.8:
            if values[0][0] == values[1][0]:
                return None
            return rng.choice(
                [
                    f"{who} has the {rng.choice(SMALL)} {what}?",
                    f"{who} had the {rng.choice(SMALL)} {what}?",
                    f"{who} had the {rng.choice(SMALL)} amount of {what}?",
                ]
            ), rows[values[0][1]][k]
        place = values[-1] if rng.random() < 0.5 else values[0]
        adjective = rng.choice(["highest", "largest"] if place is values[-1] else ["lowest", "smallest"])
        return f"what is the {adjective} {what} {rng.choice(['listed', 'in the table', 'on the chart'])}?", rows[
            place[1]
        ][j]

    def compared():
        if not counted:
            return None
        k, j = rng.choice(keys), rng.choice(counted)
        a, b = rng.sample(range(len(rows)), 2)
        va, vb = table.values[j][a], table.values[j][b]
        if va is None or vb is None or va == vb or k == j:
            return None
        more = rng.random() < 0.6
        winner = a if (va > vb) == more else b
        what, degree = (
            word(head[j]),
            rng.choice(["more", "a higher", "a larger"] if more else ["less", "a lower", "fewer"]),
        )
        x, y = rows[a][k], rows[b][k]
        name = word(head[k])
        return rng.choice(
            [
                f"which {name} had {degree} {what}, {x} or {y}?",
                f"did {x} or {y} have {degree} {what}?",
                f"{asked_for(head[k], rng)} has {degree} {what}, {x} or {y}?",
            ]
        ), rows[winner][k]

    def shared():
        if not grouped:
            return None
        k, j = rng.choice(keys), rng.choice(grouped)
        counts = collections.Counter(table.columns[j])
        pairs = [v for v, n in counts.items() if n == 2 and v not in DASHES]
        if not pairs or k == j:
            return None
        value = rng.choice(pairs)
        first, second = [row for row in rows if row[j] == value]
        if rng.random() < 0.5:
            first, second = second, first
        who, what, name = asked_for(head[k], rng), word(head[j]), word(head[k])
        return rng.choice(
            [
                f"besides {first[k]}, which other {name} had {value} as {what}?",
                f"which other {name} has the same {what} as {first[k]}?",
                f"other than {first[k]}, {who} has {what} {value}?",
                f"{first[k]} and which other {name} had the {what} {value}?",
            ]
        ), second[k]

    def first_of_kind():
        if not grouped:
            return None
        k, j = rng.choice(keys), rng.choice(grouped)
        counts = collections.Counter(table.columns[j])
        often = [v for v, n in counts.items() if n >= 2 and v not in DASHES]
        if not often or k == j:
            return None
        value = rng.choice(often)
        matching = [row for row in rows if row[j] == value]
        who, what = asked_for(head[k], rng), word(head[j])
        which = rng.choice(["first", "last"])
        return rng.choice(
            [
                f"{who} is the {which} with {value} as {what}?",
                f"{who} is the {which} listed with the {what} {value}?",
                f"what is the {which} {word(head[k])} with {what} {value}?",
            ]
        ), matching[0 if which == "first" else -1][k]

    def commonest():
        if not grouped:
            return None
        j = rng.choice(grouped)
        counts = collections.Counter(table.columns[j]).most_common(2)
        if counts[0][0] in DASHES or (len(counts) > 1 and counts[0][1] == counts[1][1]):
            return None
        who, name = asked_for(head[j], rng), word(head[j])
        return rng.choice(
            [
                f"{who} is listed the most?",
                f"which {name} appears most often?",
                f"{who} appears the most times?",
                f"what is the most common {name}?",
                f"name the {name} that occurs the most.",
            ]
        ), counts[0][0]

    def beyond():
        if not counted:
            return None
        k, j = rng.choice(keys), rng.choice(counted)
        values = sorted({v for v in table.values[j] if v is not None})
        if len(values) < 3 or k == j:
            return None
        low, high = (values[-2], values[-1]) if rng.random() < 0.6 else (values[0], values[1])
        mark = (low + high) / 2
        mark = int(mark) if mark >= 3 and int(mark) >= low and int(mark) < high else mark
        above = low == values[-2] and high == values[-1]
        if any(SUM.search(row[k]) for row in rows):
            return None
        hits = [row for row, v in zip(rows, table.values[j]) if v is not None and (v > mark if above else v < mark)]
        if len(hits) != 1 or (not above and mark == low):
            return None
        shown = f"{mark:,}" if isinstance(mark, int) and mark > 9999 else f"{mark:g}"
        return f"{asked_for(head[k], rng)} had {'more than' if above else 'less than'} {shown} {word(head[j])}?", hits[
            0
        ][k]

    kinds = [looked_up, found_by, followed, at_the_end, extreme, compared, shared, first_of_kind, commonest, beyond]
    weights = [3.0, 3.0, 2.2, 1.2, 3.0, 1.2, 1.4, 1.2, 0.8, 0.6]
    while True:
        yield rng.choices(kinds, weights)[0]()


def unseen(table, other, rng):
    """A question about a row that the table does not have."""
    keys, others = table.keys(), other.keys()
    if not keys or not others:
        return None
    k = rng.choice(keys)
    j = rng.choice([j for j in range(len(table.head)) if table.named[j] and j != k] or [k])
    stranger = rng.choice(other.rows)[rng.choice(others)]
    if any(stranger.lower() in cell.lower() for row in table.rows for cell in row):
        return None
    return rng.choice(
        [
            f"what was the {word(table.head[j])} for {stranger}?",
            f"what is the {word(table.head[j])} of {stranger}?",
            f"which {word(table.head[k])} comes after {stranger}?",
        ]
    ), ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train")
    parser.add_argument("out")
    parser.add_argument("--without")
    parser.add_argument("--most", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    kept_out = {row["context"] for row in rows_of(given.without)} if given.without else set()
    contexts = dict.fromkeys(
        row["context"] for row in rows_of(given.train) if row["source"] in ("wtq", "feta")
    )
    tables = [(context, Table.of(context)) for context in contexts if context not in kept_out]
    tables = [
        (context, table) for context, table in tables if table is not None and table.keys() and sum(table.named) > 1
    ]
    made = 0
    with open(given.out, "w") as out:
        for context, table in tables:
            asked = {}
            source = questions(table, rng)
            for _ in range(4 * given.most):
                found = next(source, None)
                if len(asked) == given.most:
                    break
                if found and found[1] not in DASHES and len(found[1]) <= 60 and len(found[0]) <= 160:
                    asked.setdefault(found[0] if rng.random() < 0.85 else found[0].rstrip("?"), found[1])
            if rng.random() < 0.5:
                found = unseen(table, rng.choice(tables)[1], rng)
                if found:
                    asked.setdefault(*found)
            listed = list(asked.items())
            rng.shuffle(listed)
            for question, answer in listed:
                out.write(
                    json.dumps(
                        {"source": "tables", "context": context, "question": question, "answer": answer},
                        ensure_ascii=False,
                    )
                    + "\n"
                )
            made += len(asked)
    print(len(tables), "tables", made, "questions")


if __name__ == "__main__":
    main()
