"""Sentences of an invented report, each with what can be asked of it and what it leaves open.

Every function writes one sentence and is given the page, its chance, the company, the year, and items of which the
page says nothing yet.
"""

from report_page import date, grouped, name, upper, value
from report_words import COMPANIES, MONTHS, NUMBERS, REASONS, ROLES, TOWNS


def change(page, rng, company, year, spare):
    """A figure and what moved it."""
    m, v, why = rng.choice(spare), value(rng), rng.choice(REASONS)
    page.ask(
        [
            f"What was {m[0].lower() + m[1:]} in the period described?",
            f"How much did {m[0].lower() + m[1:]} come to?",
        ],
        v,
    )
    page.ask(
        [
            f"Why did {m[0].lower() + m[1:]} change?",
            f"What explains the change in {m[0].lower() + m[1:]}?",
            f"What was the change in {m[0].lower() + m[1:]} due to?",
        ],
        why,
    )
    return rng.choice(
        [
            f"{m} came to {v}, mainly because of {why}.",
            f"{m} of {v} reflected {why}.",
            f"Owing to {why}, {m[0].lower() + m[1:]} reached {v}.",
        ]
    )


def appointment(page, rng, company, year, spare):
    """Somebody takes office."""
    who, role, day = name(rng), rng.choice(ROLES), date(rng, year)
    page.ask([f"Who was appointed {role}?", f"Who became {role}?"], who)
    page.ask([f"When was {who} appointed?", f"When did {who} take up the post?"], day)
    page.miss(
        f"Who did {who} replace?",
        f"Who was appointed {rng.choice([r for r in ROLES if r != role])}?",
        f"Where did {who} work before?",
    )
    return rng.choice([f"{who} was appointed {role} on {day}.", f"On {day}, {who} became {role} of {company}."])


def opening(page, rng, company, year, spare):
    """A new building."""
    town, cost, month = rng.choice(TOWNS), value(rng), f"{rng.choice(MONTHS)} {year}"
    what = rng.choice(
        ["warehouse", "laboratory", "clinic", "training centre", "power station", "factory", "data centre", "depot"]
    )
    page.ask([f"Where is the new {what}?", f"In which town was the {what} opened?"], town)
    page.ask([f"When did the {what} open?", f"When was the {what} in {town} opened?"], month)
    page.ask([f"How much did the {what} cost?", f"What was the cost of the {what} in {town}?"], cost)
    page.miss(f"How many people work in the {what}?", f"Who designed the {what} in {town}?")
    return rng.choice(
        [
            f"A new {what} in {town} opened in {month} at a cost of {cost}.",
            f"In {month} the company opened a {what} in {town}, which cost {cost}.",
        ]
    )


def acquisition(page, rng, company, year, spare):
    """A company is bought."""
    other, share, price = f"{rng.choice(COMPANIES)} {rng.choice(TOWNS)}", f"{rng.randint(15, 100)}%", value(rng)
    page.ask([f"What share of {other} was acquired?", f"How much of {other} did the company buy?"], share)
    page.ask(
        [
            f"What was paid for {other}?",
            f"How much was paid for the stake in {other}?",
            f"What was the purchase price of {other}?",
        ],
        price,
    )
    page.miss(f"When was {other} founded?", f"Who sold {other}?")
    return rng.choice(
        [
            f"{company} acquired {share} of {other} for {price}.",
            f"During the year, {share} of the shares of {other} were bought for {price} in cash.",
        ]
    )


def closures(page, rng, company, year, spare):
    """Some of many places are shut."""
    n, of, what = (
        rng.choice(NUMBERS),
        rng.randint(13, 90),
        rng.choice(["sites", "schools", "branches", "wells", "stations", "hospitals", "farms"]),
    )
    cause = rng.choice(
        ["flooding", "a shortage of staff", "repairs", "a power failure", "a fire", "low demand", "asbestos"]
    )
    page.ask([f"How many {what} were closed?", f"How many of the {of} {what} were shut?"], n)
    page.ask([f"Why were {n} of the {what} closed?", f"What led to the closure of {what}?"], cause)
    page.miss(f"How long were the {what} closed?")
    return f"{upper(n)} of the {of} {what} were closed because of {cause}."


def loan(page, rng, company, year, spare):
    """Money is borrowed."""
    rate, term, bank = f"{rng.uniform(1, 9):.2f}%", f"{rng.randint(2, 15)} years", f"{rng.choice(TOWNS)} Bank"
    amount = value(rng)
    page.ask(["What is the interest rate of the loan?", "At what rate does the loan bear interest?"], rate)
    page.ask(["Which bank granted the loan?", "Who is the lender?"], bank)
    page.ask(["What is the term of the loan?", "Over what period is the loan repaid?"], term)
    page.ask(["How much was borrowed?", f"What is the amount of the loan from {bank}?"], amount)
    page.miss("What security was given for the loan?", "What fee was paid for arranging the loan?")
    return rng.choice(
        [
            f"A loan of {amount} from {bank} bears interest at {rate} and is repaid over {term}.",
            f"{bank} granted a loan of {amount} over {term} at an annual rate of {rate}.",
        ]
    )


def survey(page, rng, company, year, spare):
    """People are asked."""
    share, group, reason = (
        f"{rng.randint(11, 92)}%",
        rng.choice(["respondents", "customers", "employees", "tenants", "patients", "farmers"]),
        rng.choice(
            [
                "long waiting times",
                "high prices",
                "poor signage",
                "a lack of parking",
                "unclear letters",
                "noise at night",
            ]
        ),
    )
    n = grouped(rng.randint(300, 9000))
    page.ask([f"How many {group} were surveyed?", f"How many {group} took part in the survey?"], n)
    page.ask(
        [f"What share of {group} complained of {reason}?", f"What percentage of {group} mentioned {reason}?"], share
    )
    page.ask([f"What did {share} of the {group} complain of?"], reason)
    page.miss(f"When was the survey of {group} carried out?", f"Who carried out the survey of {group}?")
    return f"Of {n} {group} surveyed, {share} complained of {reason}."


def dividend(page, rng, company, year, spare):
    """What shareholders get."""
    amount, day = f"{rng.choice('$€£')}{rng.uniform(0.05, 3):.2f}", date(rng, year + 1)
    page.ask(
        ["What dividend does the board propose?", "How much is the proposed dividend per share?"],
        amount + rng.choice([""]),
    )
    page.ask(["When will the dividend be paid?", "On what date is the dividend payable?"], day)
    page.miss("What dividend was paid in the previous year?", "What was the payout ratio?")
    return rng.choice(
        [
            f"The board proposes a dividend of {amount} per share, payable on {day}.",
            f"A dividend of {amount} a share will be paid on {day}.",
        ]
    )


def valuation(page, rng, company, year, spare):
    """How things are valued and written off."""
    a, b, c = rng.sample(
        [
            "the law on packaging",
            "fair value",
            "the straight-line method",
            "the weighted average cost method",
            "the lower of cost and net realisable value",
            "the effective interest method",
            "amortised cost",
        ],
        3,
    )
    thing = rng.choice(["Inventories", "Buildings", "Financial assets", "Machinery", "Bonds", "Investments"])
    life = f"{rng.randint(3, 9)} to {rng.randint(10, 40)} years"
    page.ask(
        [
            f"How are {thing.lower()} valued?",
            f"How are {thing.lower()} measured?",
            f"What are {thing.lower()} stated at?",
        ],
        b,
    )
    page.ask(
        [f"What is the useful life of {thing.lower()}?", f"Over what period are {thing.lower()} written off?"], life
    )
    page.miss(f"What was the carrying amount of {thing.lower()}?")
    return f"{thing} are valued at {b} and written off over {life}."


def costs(page, rng, company, year, spare):
    """What a kind of cost consists of."""
    items = rng.sample(
        [
            "salaries",
            "travel costs",
            "consulting fees",
            "rent",
            "software licences",
            "laboratory supplies",
            "freight",
            "insurance",
            "training",
            "repairs",
            "energy",
        ],
        rng.randint(2, 4),
    )
    thing = rng.choice(
        ["Administrative expenses", "Project costs", "Research expenses", "Other operating costs", "Support costs"]
    )
    text = ", ".join(items[:-1]) + " and " + items[-1]
    page.ask(
        [
            f"What do {thing.lower()} consist of?",
            f"What do {thing.lower()} include?",
            f"What makes up {thing.lower()}?",
        ],
        text,
    )
    page.miss(f"By how much did {thing.lower()} grow?")
    return f"{thing} consist mainly of {text}."


def lease(page, rng, company, year, spare):
    """An office that is rented."""
    start, end, where = rng.randint(2000, 2015), rng.randint(2026, 2040), rng.choice(TOWNS)
    area = f"{rng.randint(2, 90):,}00 square metres"
    page.ask([f"When does the lease of the office in {where} end?", "When does the lease expire?"], str(end))
    page.ask([f"How large is the office in {where}?", "What is the area of the leased office?"], area)
    page.ask([f"Since when has the office in {where} been leased?"], str(start))
    page.miss(f"What is the annual rent of the office in {where}?")
    return f"The office in {where}, of {area}, has been leased since {start}; the lease ends in {end}."


def staff(page, rng, company, year, spare):
    """People at work, this year and the year before."""
    n, m = rng.randint(40, 9000), rng.randint(40, 9000)
    what = rng.choice(["people", "engineers", "nurses", "drivers", "researchers"])
    page.ask(
        [
            f"How many {what} were employed at the end of {year}?",
            f"How many {what} did {company} employ at the end of {year}?",
        ],
        grouped(n),
    )
    page.ask(
        [f"How many {what} were employed a year earlier?", f"How many {what} were employed in {year - 1}?"],
        grouped(m),
    )
    page.miss(f"How many {what} were employed in {year - 2}?", f"How many {what} left in {year}?")
    return f"At the end of {year}, {company} employed {grouped(n)} {what}, compared with {grouped(m)} in {year - 1}."


def outage(page, rng, company, year, spare):
    """Supply is interrupted."""
    day, town, cause = (
        date(rng, year),
        rng.choice(TOWNS),
        rng.choice(
            ["a burst pipe", "lightning", "a faulty valve", "human error", "a software fault", "ice on the line"]
        ),
    )
    length = f"{rng.choice(NUMBERS)} {rng.choice(['hours', 'days', 'weeks'])}"
    page.ask([f"What caused the interruption in {town}?", f"What was the cause of the outage in {town}?"], cause)
    page.ask([f"How long did the interruption in {town} last?", "How long was supply interrupted?"], length)
    page.ask([f"When was supply in {town} interrupted?", f"On what date did the outage in {town} begin?"], day)
    page.miss(f"How many customers were affected in {town}?", "What did the outage cost?")
    return rng.choice(
        [
            f"On {day}, supply in {town} was interrupted for {length} by {cause}.",
            f"Supply in {town} was interrupted for {length} on {day}; the cause was {cause}.",
        ]
    )


FACTS = [
    change,
    appointment,
    opening,
    acquisition,
    closures,
    loan,
    survey,
    dividend,
    valuation,
    costs,
    lease,
    staff,
    outage,
]


def prose_fact(page, rng, company, year, spare):
    """One sentence of any kind."""
    return FACTS[rng.randrange(len(FACTS))](page, rng, company, year, spare)
