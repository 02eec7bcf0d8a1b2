"""Statements: rows of items, columns of years."""

from report_facts import prose_fact
from report_page import Page, date, figure, number
from report_words import COMPANIES, COUNT_ROWS, KINDS, MONEY_ROWS, PLACES, TOWNS


def year_heads(rng):
    """Years, their heads, what stands over them, and how a question names a year."""
    last, n = rng.randint(2006, 2024), rng.choice([2, 2, 2, 3, 3, 4, 5])
    years = [last - i for i in range(n)]
    if rng.random() < 0.35:
        years.reverse()
    style = rng.randrange(6)
    month = rng.choice(["March 31", "June 30", "September 30", "December 31"])
    if style == 0:
        return years, [f"FY{y % 100:02d}" for y in years], [], lambda y: rng.choice([f"FY{y % 100:02d}", f"fiscal {y}"])
    if style == 1:
        return years, [f"Fiscal {y}" for y in years], [], lambda y: rng.choice([f"fiscal {y}", f"fiscal year {y}"])
    if style == 2:
        return (
            years,
            [str(y) for y in years],
            [f"Year ended {month},"],
            lambda y: rng.choice([str(y), f"the year ended {month}, {y}"]),
        )
    if style == 3:
        return years, [f"{month}, {y}" for y in years], [], lambda y: rng.choice([f"{y}", f"{month}, {y}"])
    return years, [str(y) for y in years], [], lambda y: str(y)


class Statement:
    """A table with a column for each year, and questions on it."""

    def __init__(self, rng):
        self.page, self.rng = Page(rng), rng
        self.money = rng.random() < 0.75
        pool = MONEY_ROWS if self.money else COUNT_ROWS
        rows = rng.sample(pool, rng.randint(3, 9))
        self.spare = [r for r in pool if r not in rows]
        self.years, heads, over, self.say = year_heads(rng)
        sep = rng.choice([" | ", " | ", " | ", "  ", "   ", "\t"])
        sign = rng.choice(["$", "$", "€", "£", ""]) if self.money else ""
        decimals = rng.choice([0, 0, 0, 1]) if self.money else 0
        size = 10 ** rng.randint(2, 6)
        self.unit = (
            rng.choice(
                [
                    f"({sign or '$'} in thousands)",
                    f"(in millions of {'euros' if sign == '€' else 'dollars'})",
                    f"{sign or '$'} million",
                    f"{sign or '$'}'000",
                    "",
                ]
            )
            if self.money
            else rng.choice(["", "Number", "At year end"])
        )
        about = rng.choice(
            [
                "Results of operations",
                "Key figures",
                "Balance sheet items",
                "Statement of activities",
                "Summary of accounts",
                "Selected financial data",
                "Operating statistics",
                "Other items",
            ]
        )
        lines = []
        self.company = f"{rng.choice(COMPANIES)} {rng.choice(KINDS)}"
        if rng.random() < 0.5:
            lines.append(
                rng.choice(
                    [
                        f"{self.company} – Annual Report {max(self.years)}",
                        about,
                        f"Note {rng.randint(2, 31)}. {about}",
                        f"Table {rng.randint(1, 40)}: {about}",
                    ]
                )
            )
        if self.unit and rng.random() < 0.5:
            lines.append(self.unit)
            self.unit = ""
        if over:
            lines.append(sep.join(["", *over]) if sep.strip() else over[0])
        lines.append(sep.join([self.unit, *heads]) if sep.strip() or self.unit else sep.join(heads))
        self.table = {}
        for i, r in enumerate(rows):
            cells = [figure(rng, size, decimals) for _ in self.years]
            if sign and (i == 0 or rng.random() < 0.1):
                cells = [sign + c if c[0] != "–" else c for c in cells]
            note = rng.choice(["", "", "", "", f" ({rng.randint(1, 3)})"])
            self.table[r] = cells
            lines.append(sep.join([r + note, *cells]))
        if rng.random() < 0.35:
            cells = [f"{sign}{rng.uniform(2, 6) * size:,.{decimals}f}" for _ in self.years]
            self.table["Total"] = cells
            lines.append(sep.join(["Total", *cells]))
        if rng.random() < 0.4:
            lines.append(
                rng.choice(
                    [
                        f"(1) Includes amounts of {rng.choice(TOWNS)} from {date(rng, max(self.years))}.",
                        "Figures may not add up because of rounding.",
                        f"Source: {self.company}.",
                        f"Note: {min(self.years)} figures have been restated.",
                    ]
                )
            )
        self.page.blocks.append("\n".join(lines))
        self.names = [r for r in self.table if r != "Total"]

    def low(self, r):
        """A row's name inside a question."""
        return r if self.rng.random() < 0.3 else r[0].lower() + r[1:]

    def ask_cells(self):
        """Single figures of the table."""
        cells = [(r, i) for r in self.table for i in range(len(self.years))]
        for r, i in self.rng.sample(cells, min(5, len(cells))):
            if self.table[r][i] == "–":
                continue
            y = self.say(self.years[i])
            many = (
                [f"How many {self.low(r)} were there in {y}?"]
                if not self.money and r != "Total" and not r.startswith("Megawatt")
                else []
            )
            self.page.ask(
                [
                    f"What was {self.low(r)} in {y}?",
                    f"What was the {self.low(r)} in {y}?",
                    f"How much was {self.low(r)} in {y}?",
                    f"{r} in {y}?",
                    f"What is the amount of {self.low(r)} for {y}?",
                    f"What were {self.low(r)} in {y}?",
                    f"What figure is shown for {self.low(r)} for {y}?",
                ]
                + many * 3,
                self.table[r][i],
            )

    def ask_row(self, r):
        """Two years together, and where the row is largest and smallest."""
        i, j = self.rng.sample(range(len(self.years)), 2)
        if "–" not in (self.table[r][i], self.table[r][j]):
            self.page.ask(
                [
                    f"What were {self.low(r)} in {self.years[i]} and {self.years[j]}, respectively?",
                    f"What are the respective values of {self.low(r)} in {self.years[i]} and {self.years[j]}?",
                    f"What is the {self.low(r)} for {self.years[i]} and {self.years[j]} respectively?",
                ],
                f"{self.table[r][i]}, {self.table[r][j]}",
            )
        order = [number(c) for c in self.table[r]]
        if None not in order and len(set(order)) == len(order):
            top, bottom = order.index(max(order)), order.index(min(order))
            if len(self.years) == 2:
                self.page.ask(
                    [
                        f"In which year was {self.low(r)} larger?",
                        f"Which year had the higher {self.low(r)}?",
                        f"In which year was {self.low(r)} greater?",
                    ],
                    str(self.years[top]),
                )
            else:
                self.page.ask(
                    [f"In which year was {self.low(r)} largest?", f"Which year had the highest {self.low(r)}?"],
                    str(self.years[top]),
                )
            if self.rng.random() < 0.6:
                self.page.ask(
                    [
                        f"In which year was {self.low(r)} " + ("smaller?" if len(self.years) == 2 else "smallest?"),
                        f"Which year had the lowest {self.low(r)}?",
                    ],
                    str(self.years[bottom]),
                )
            self.ask_limit(r, order)

    def ask_limit(self, r, order):
        """In which years a row is beyond a round figure."""
        if len(self.years) > 2 and self.rng.random() < 0.6:
            limit = (
                (sorted(order)[0] + sorted(order)[1]) / 2
                if self.rng.random() < 0.5
                else (sorted(order)[-1] + sorted(order)[-2]) / 2
            )
            limit = float(f"{limit:.2g}")
            under = self.rng.random() < 0.5
            years_that = [str(y) for y, v in zip(self.years, order) if (v < limit) == under]
            if years_that and limit > 0 and limit not in order:
                self.page.ask(
                    [
                        f"In which years was {self.low(r)} {'less' if under else 'more'} than {limit:,.0f}?"
                        if len(years_that) > 1
                        else f"In which year was {self.low(r)} {'less' if under else 'more'} than {limit:,.0f}?"
                    ],
                    ", ".join(years_that),
                )

    def ask_table(self, r):
        """A year's largest or smallest item, the years, the unit."""
        k = self.rng.randrange(len(self.years))
        column = [(number(self.table[n][k]), n) for n in self.names if number(self.table[n][k]) is not None]
        if len(column) > 2 and self.rng.random() < 0.7:
            best = self.rng.random() < 0.6
            self.page.ask(
                [
                    f"Which item had the {'highest' if best else 'lowest'} amount in {self.years[k]}?",
                    f"What was the {'largest' if best else 'smallest'} item in {self.years[k]}?",
                ],
                (max if best else min)(column)[1],
            )
        if self.rng.random() < 0.35:
            self.page.ask(
                [
                    "Which years does the table provide information for?",
                    f"Which years does the table show {self.low(r)} for?",
                    "What years are included in the table?",
                ],
                ", ".join(str(y) for y in self.years),
            )
        if self.unit and self.rng.random() < 0.3:
            self.page.ask(
                ["In what unit are the figures given?", "In what unit is the table stated?"],
                self.unit.strip("()"),
            )

    def miss(self, r):
        """A year, an item, a place that is not there."""
        gap = [y for y in range(min(self.years) - 4, max(self.years) + 4) if y not in self.years]
        self.page.miss(
            f"What was {self.low(self.rng.choice(self.names))} in {self.rng.choice(gap)}?",
            f"How much was {self.low(self.rng.choice(self.names))} in {self.rng.choice(gap)}?",
        )
        self.page.miss(
            f"What was {self.low(self.rng.choice(self.spare))} in {self.rng.choice(self.years)}?",
            f"How much was {self.low(self.rng.choice(self.spare))} in {self.rng.choice(self.years)}?",
        )
        self.page.miss(
            f"What was {self.low(r)} in {self.rng.choice(PLACES)} in {self.rng.choice(self.years)}?",
            f"{self.rng.choice(self.spare)} in {self.rng.choice(self.years)}?",
        )

    def tell(self):
        """Prose beside the table."""
        facts = []
        for _ in range(self.rng.randint(0, 3)):
            facts.append(prose_fact(self.page, self.rng, self.company, max(self.years), self.spare))
        if facts:
            self.page.blocks.insert(self.rng.choice([0, len(self.page.blocks)]), " ".join(facts))


def statement(rng):
    """A page with one statement, and what stands between its blocks."""
    made = Statement(rng)
    made.ask_cells()
    r = rng.choice(made.names)
    made.ask_row(r)
    made.ask_table(r)
    made.miss(r)
    made.tell()
    return made.page, rng.choice(["\n", "\n\n"])
