"""Writes packs of invented report pages: tables as text extraction gives them, prose around them, and questions.

    python make_reports.py OUT.jsonl COUNT [SEED]

Everything is invented; the same seed gives the same pages. About one question in five has no answer on the pages: a
year that is not shown, an item that is not named, another measure or place.
"""

import json
import random
import sys

from report_facts import prose_fact
from report_lists import listing
from report_notes import notes
from report_page import Page
from report_statements import statement
from report_words import COMPANIES, KINDS, MONEY_ROWS


def prose(rng):
    """A page of running text only."""
    page = Page(rng)
    company, year = f"{rng.choice(COMPANIES)} {rng.choice(KINDS)}", rng.randint(2004, 2024)
    facts = [prose_fact(page, rng, company, year, MONEY_ROWS) for _ in range(rng.randint(3, 6))]
    page.blocks = [" ".join(facts[:3]), " ".join(facts[3:])]
    page.blocks = [b for b in page.blocks if b]
    return page, "\n\n"


def pack(rng):
    """Pages with their questions, a part of them without an answer: mostly one to three, at times as many as a prompt holds."""
    kinds = rng.choices(
        [notes, statement, listing, prose], [0.42, 0.3, 0.15, 0.13], k=rng.choice([1, 1, 1, 1, 2, 2, 3, 3, 5, 7])
    )
    marks = len(kinds) > 1 or rng.random() < 0.45
    texts, asked, absent = [], [], []
    number_ = rng.randint(1, 240)
    for kind in kinds:
        page, joint = kind(rng)
        text = joint.join(page.blocks)
        texts.append(f"[page {number_}]\n{text}" if marks else text)
        number_ += rng.randint(1, 9)
        asked += page.questions
        absent += page.absent
    whole = "\n\n".join(texts)
    # a question that two places answer differently is no question
    answers = {}
    for q, answer in asked:
        answers.setdefault(q, set()).add(answer)
    asked = [{"question": q, "answer": next(iter(a))} for q, a in answers.items() if len(a) == 1]
    absent = [{"question": q, "answer": ""} for q in dict.fromkeys(absent) if q not in answers]
    rng.shuffle(asked)
    rng.shuffle(absent)
    asked = asked[:10]
    questions = asked + absent[: max(1, round(len(asked) * rng.uniform(0.12, 0.34)))]
    rng.shuffle(questions)
    return {"source": "pages", "passage": whole, "questions": questions}


def main(out, count, seed=1):
    with open(out, "w") as file:
        for i in range(int(count)):
            p = pack(random.Random(f"{seed} {i}"))
            if p["questions"]:
                file.write(json.dumps(p, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
