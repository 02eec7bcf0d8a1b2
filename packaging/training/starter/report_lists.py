"""Lists: a record a row."""

from dataclasses import dataclass

from report_facts import prose_fact
from report_page import Page, figure, grouped, name, number, upper
from report_words import COMPANIES, KINDS, MONEY_ROWS, MONTHS, PLACES, ROLES, TOWNS


@dataclass
class Listing:
    """Heads and rows, and questions with a slot for a row's first cell."""

    heads: list
    rows: list
    asks: dict  # by column
    top: dict  # by column, for the most and the least
    lack: list  # what no column tells


def projects(rng, n, year, towns, people):
    """Buildings under way."""
    heads = ["Project", "Location", "Start", "Completion", "Cost ($ million)"]
    rows = [
        [
            f"{t} {rng.choice(['Bridge', 'Bypass', 'Tunnel', 'Reservoir', 'Hospital', 'Wind Farm', 'Terminal'])}",
            rng.choice(PLACES[:32]),
            f"{rng.choice(MONTHS)} {year}",
            str(year + rng.randint(1, 6)),
            f"{rng.uniform(2, 900):.1f}",
        ]
        for t in towns
    ]
    asks = {
        1: ["Where is the {0}?", "Where is the {0} located?"],
        2: ["When did work on the {0} start?", "When was the {0} begun?"],
        3: ["When is the {0} to be completed?", "In which year is the {0} completed?"],
        4: ["What does the {0} cost?", "How much does the {0} cost?", "What is the cost of the {0}?"],
    }
    top = {4: ("Which project costs the most?", "Which project costs the least?")}
    lack = ["Who is the contractor of the {0}?", "How long is the {0}?"]
    return Listing(heads, rows, asks, top, lack)


def officers(rng, n, year, towns, people):
    """Members of a board."""
    heads = ["Name", "Position", "Appointed", "Meetings attended", "Shares held"]
    roles = rng.sample(ROLES, n)
    rows = [
        [p, upper(r), str(year - rng.randint(0, 14)), f"{rng.randint(2, 12)}/12", grouped(rng.randint(200, 90_000))]
        for p, r in zip(people, roles)
    ]
    asks = {
        1: ["What is the position of {0}?", "What position does {0} hold?"],
        2: ["When was {0} appointed?", "In what year was {0} appointed?"],
        3: ["How many meetings did {0} attend?"],
        4: ["How many shares does {0} hold?", "How many shares are held by {0}?"],
    }
    top = {4: ("Who holds the most shares?", "Who holds the fewest shares?")}
    lack = ["What salary does {0} receive?", "How old is {0}?"]
    return Listing(heads, rows, asks, top, lack)


def regions(rng, n, year, towns, people):
    """A company's regions."""
    heads = ["Region", "Revenue", "Operating profit", "Employees"]
    rows = [
        [p, f"{rng.randint(20, 9000):,}", figure(rng, 900, 0), grouped(rng.randint(90, 20_000))]
        for p in rng.sample(PLACES, n)
    ]
    asks = {
        1: ["What was revenue in {0}?", "How much revenue was earned in {0}?"],
        2: ["What was operating profit in {0}?"],
        3: ["How many employees are there in {0}?", "How many people are employed in {0}?"],
    }
    top = {
        1: ("Which region has the highest revenue?", "Which region has the lowest revenue?"),
        3: ("Which region has the most employees?", "Which region has the fewest employees?"),
    }
    lack = ["What were the assets in {0}?", "What was the order backlog in {0}?"]
    return Listing(heads, rows, asks, top, lack)


def stations(rng, n, year, towns, people):
    """Weather stations."""
    heads = ["Station", "Rainfall (mm)", "Mean temperature (°C)", "Sunshine (hours)"]
    rows = [[t, f"{rng.uniform(10, 300):.1f}", f"{rng.uniform(-4, 29):.1f}", str(rng.randint(40, 330))] for t in towns]
    asks = {
        1: ["How much rain fell at {0}?", "What was the rainfall at {0}?"],
        2: ["What was the mean temperature at {0}?"],
        3: ["How many hours of sunshine did {0} have?"],
    }
    top = {
        1: ("Which station had the most rain?", "Which station had the least rain?"),
        2: ("Which station was the warmest?", "Which station was the coldest?"),
    }
    lack = ["What was the wind speed at {0}?", "How much snow fell at {0}?"]
    return Listing(heads, rows, asks, top, lack)


def months(rng, n, year, towns, people):
    """A row for each month."""
    first = rng.randrange(12)
    rows = [
        [
            f"{MONTHS[(first + i) % 12]}",
            f"{rng.randint(100, 99_999):,}",
            f"{rng.randint(100, 99_999):,}",
            f"{rng.uniform(1, 99):.1f}",
        ]
        for i in range(n)
    ]
    heads = [
        "Month",
        rng.choice(["Exports", "Receipts", "Admissions"]),
        rng.choice(["Imports", "Outlays", "Discharges"]),
        "Share (%)",
    ]
    asks = {
        1: [f"What were {heads[1].lower()} in {{0}}?", f"How high were {heads[1].lower()} in {{0}}?"],
        2: [f"What were {heads[2].lower()} in {{0}}?"],
        3: ["What was the share in {0}?"],
    }
    top = {1: (f"Which month had the highest {heads[1].lower()}?", f"Which month had the lowest {heads[1].lower()}?")}
    lack = ["What was the forecast for {0}?"]
    return Listing(heads, rows, asks, top, lack)


KINDS_OF_LISTS = [projects, officers, regions, stations, months]


def listing(rng):
    """A page with one list, and what stands between its blocks."""
    page = Page(rng)
    kind = rng.randrange(len(KINDS_OF_LISTS))
    n = rng.randint(4, 9)
    towns, people = rng.sample(TOWNS, n), []
    while len(people) < n:
        p = name(rng)
        if p not in people:
            people.append(p)
    year = rng.randint(1996, 2024)
    made = KINDS_OF_LISTS[kind](rng, n, year, towns, people)
    if len({r[0] for r in made.rows}) < n:
        return listing(rng)
    sep = rng.choice([" | ", " | ", "  ", "   ", "\t"])
    lines = (
        [
            f"Table {rng.randint(1, 30)}. "
            + rng.choice(["Overview", "Current status", "Details", f"Position at the end of {year}"])
        ]
        if rng.random() < 0.5
        else []
    )
    lines += [sep.join(made.heads)] + [sep.join(r) for r in made.rows]
    ask(page, rng, made)
    page.miss(*[f.format(rng.choice(made.rows)[0]) for f in made.lack])
    others = {
        0: f"{rng.choice([t for t in TOWNS if t not in towns])} Bridge",
        1: "Ottilie Grant",
        2: "Mongolia",
        3: rng.choice([t for t in TOWNS if t not in towns] or ["Vale"]),
        4: f"the spring of {year - 3}",
    }[kind]
    page.miss(*[f.format(others) for fs in made.asks.values() for f in fs])
    page.blocks.append("\n".join(lines))
    company = f"{rng.choice(COMPANIES)} {rng.choice(KINDS)}"
    facts = [prose_fact(page, rng, company, max(year, 2005), MONEY_ROWS) for _ in range(rng.randint(0, 2))]
    if facts:
        page.blocks.insert(rng.choice([0, 1]), " ".join(facts))
    return page, rng.choice(["\n", "\n\n"])


def ask(page, rng, made):
    """Cells, the most and the least, neighbours, ends."""
    heads, rows, asks, n = made.heads, made.rows, made.asks, len(made.rows)
    for _ in range(6):
        r, (c, forms) = rng.choice(rows), rng.choice(list(asks.items()))
        page.ask([f.format(r[0]) for f in forms], r[c])
    c, (most, least) = rng.choice(list(made.top.items()))
    values = [number(r[c]) for r in rows]
    if None not in values and len(set(values)) == n:
        page.ask([most], rows[values.index(max(values))][0])
        page.ask([least], rows[values.index(min(values))][0])
    c = rng.choice(list(asks))
    unique = [r for r in rows if sum(x[c] == r[c] for x in rows) == 1]
    if unique:
        r = rng.choice(unique)
        page.ask([f"Which {heads[0].lower()} has {heads[c]} {r[c]}?"], r[0])
    i = rng.randrange(n - 1)
    page.ask(
        [
            f"Which {heads[0].lower()} is listed after {rows[i][0]}?",
            f"Which {heads[0].lower()} comes next after {rows[i][0]}?",
        ],
        rows[i + 1][0],
    )
    if rng.random() < 0.5:
        page.ask([f"Which {heads[0].lower()} is listed first?"], rows[0][0])
    if rng.random() < 0.5:
        page.ask([f"Which {heads[0].lower()} is listed last?"], rows[-1][0])
