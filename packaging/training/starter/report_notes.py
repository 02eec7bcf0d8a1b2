"""Pages of short notes: single sentences and small tables of any measures."""

from dataclasses import dataclass

from report_page import Page, date, name, upper, value
from report_words import NOTE_MEASURES, PLACES, REASONS, ROLES


@dataclass
class Notes:
    """What a page's notes share: measures to speak of, those that none speaks of, and who holds which office."""

    page: Page
    measures: list
    spare: list
    people: dict


def target(notes, rng, m, p, year, v, w):
    """What was aimed at, and what came of it."""
    page, spare = notes.page, notes.spare
    page.blocks.append(f"Management set a target of {v} for {m} in {p}; the result for {year} was {w}.")
    page.ask([f"What target was set for {m} in {p}?", f"What was the target for {m} in {p}?"], v)
    page.ask(
        [
            f"What was the result for {m} in {p} in {year}?",
            f"What did {m} in {p} come to in {year}?",
            f"What was {m} in {p} in {year}?",
        ],
        w,
    )
    page.miss(
        f"What target was set for {m} in {rng.choice([x for x in PLACES if x != p])}?",
        f"What target was set for {rng.choice(spare)} in {p}?",
    )


def agreement(notes, rng, m, p, year, v, w):
    """A contract with its day."""
    page, spare = notes.page, notes.spare
    day = date(rng, year)
    page.blocks.append(f"The agreement covering {m} in {p} was signed on {day} and is worth {v}.")
    page.ask(
        [
            f"When was the agreement covering {m} in {p} signed?",
            f"On what date was the {m} agreement in {p} signed?",
        ],
        day,
    )
    page.ask(
        [
            f"What is the agreement on {m} in {p} worth?",
            f"How much is the agreement covering {m} in {p} worth?",
        ],
        v,
    )
    page.miss(
        f"When was the agreement covering {rng.choice(spare)} in {p} signed?",
        f"Who signed the agreement covering {m} in {p}?",
    )


def share(notes, rng, m, p, year, v, w):
    """A part of a whole."""
    page, spare = notes.page, notes.spare
    n = rng.randint(1, 60)
    page.blocks.append(f"As shown in Figure {n}, {p} accounted for {v} of total {m} in {year}.")
    page.ask(
        [
            f"How much of total {m} did {p} account for?",
            f"What part of total {m} did {p} account for in {year}?",
        ],
        v,
    )
    page.ask([f"Which figure shows what {p} accounted for?"], f"Figure {n}") if rng.random() < 0.2 else None
    page.miss(f"How much of total {rng.choice(spare)} did {p} account for?")


def reason(notes, rng, m, p, year, v, w):
    """Why something changed."""
    page, spare = notes.page, notes.spare
    why = rng.choice(REASONS)
    page.blocks.append(
        rng.choice(
            [
                f"The change in {m} across {p} was mainly due to {why}.",
                f"The decrease in {m} in {p} resulted from {why}.",
            ]
        )
    )
    page.ask(
        [
            f"Why did {m} change across {p}?",
            f"What was the main reason for the change in {m} in {p}?",
            f"What caused the change in {m} in {p}?",
        ],
        why,
    )
    page.miss(f"Why did {rng.choice(spare)} change across {p}?", f"By how much did {m} change across {p}?")


def movement(notes, rng, m, p, year, v, w):
    """A figure beside that of the year before."""
    page, spare = notes.page, notes.spare
    verb = rng.choice(["increased to", "fell to", "rose to", "declined to", "climbed to"])
    page.blocks.append(f"{upper(m)} in {p} {verb} {v} in {year}, from {w} a year earlier.")
    page.ask([f"What was {m} in {p} in {year}?", f"How much was {m} in {p} in {year}?"], v)
    page.ask(
        [
            f"What did {m} in {p} amount to a year before {year}?",
            f"What was {m} in {p} a year earlier than {year}?",
            f"What was {m} in {p} in {year - 1}?",
        ],
        w,
    )
    page.miss(
        f"What was {m} in {p} in {year + rng.choice([2, 3, -3, -2])}?",
        f"What was {rng.choice(spare)} in {p} in {year}?",
    )


def expectation(notes, rng, m, p, year, v, w):
    """Somebody with an office, and what is foreseen."""
    page, people = notes.page, notes.people
    who = name(rng)
    role = rng.choice([r for r in ROLES if r not in people] or ROLES)
    if role in people:
        return
    people[role] = who
    page.blocks.append(f"{who}, {role}, said that {m} in {p} would reach {v} by {year}.")
    page.ask([f"Who is {role}?", f"Who is the {role}?", f"What is the name of the {role}?"], who)
    page.ask(
        [
            f"What does {who} expect {m} in {p} to reach?",
            f"What did {who} say {m} in {p} would reach by {year}?",
        ],
        v,
    )
    page.ask([f"What is {who}'s role?", f"What position does {who} hold?"], role) if rng.random() < 0.5 else None
    page.miss(f"Who is {rng.choice([r for r in ROLES if r not in people])}?")


def small_table(notes, rng, m, p, year, v, w):
    """A table of a few measures by year; one on a page at most."""
    page, spare, measures = notes.page, notes.spare, notes.measures
    years = sorted(rng.sample(range(2008, 2026), rng.randint(2, 4)))
    rows = rng.sample([x for x in NOTE_MEASURES if x not in measures], rng.randint(2, 5))
    if any("|" in b or "\t" in b or "   " in b for b in page.blocks):
        return
    sep = rng.choice([" | ", "\t", "   "])
    title = rng.choice(
        [
            "",
            f"Table {rng.randint(1, 30)}. "
            + rng.choice(["Key figures", "Summary of results", "Selected indicators", "Five-year overview"]),
        ]
    )
    lines = ([title] if title else []) + [sep.join([""] + [str(y) for y in years])]
    for r in rows:
        cells = [value(rng) for _ in years]
        lines.append(sep.join([upper(r)] + cells))
        for y, c in rng.sample(list(zip(years, cells)), min(2, len(years))):
            page.ask(
                [
                    f"What was {r} in {y}?",
                    f"{upper(r)} in {y}?",
                    f"How much was {r} in {y}?",
                    f"What figure is given for {r} for {y}?",
                ],
                c,
            )
    gap = [y for y in range(2008, 2026) if y not in years]
    page.miss(f"What was {rng.choice(rows)} in {rng.choice(gap)}?")
    page.miss(
        f"What was {rng.choice(spare)} in {rng.choice(years)}?",
        f"{upper(rng.choice(rows))} in {rng.choice(gap)}?",
    )
    page.blocks.append("\n".join(lines))


KINDS_OF_NOTES = [target, agreement, share, reason, movement, expectation, small_table]


def notes(rng):
    """A page of two to six notes, and what stands between them."""
    page = Page(rng)
    measures = rng.sample(NOTE_MEASURES, 14)
    shared = Notes(page, measures, measures[10:], {})
    taken = set()

    def subject():
        while True:
            pair = rng.choice(measures[:10]), rng.choice(PLACES)
            if pair not in taken:
                taken.add(pair)
                return pair

    for _ in range(rng.randint(2, 6)):
        (m, p), year, v, w = subject(), rng.randint(2006, 2026), value(rng), value(rng)
        KINDS_OF_NOTES[rng.randrange(len(KINDS_OF_NOTES))](shared, rng, m, p, year, v, w)
    rng.shuffle(page.blocks)
    has_table = any("\n" in block for block in page.blocks)
    return page, rng.choice(["\n", "\n\n"] if has_table else ["\n", "\n", " ", "\n\n"])
