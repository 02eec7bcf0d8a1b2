"""A page of an invented report in the making, and what stands in it: dates, names, figures."""

from report_words import FIRST, LAST, MONTHS, UNITS


class Page:
    """A page in the making: blocks of text, questions with their answers, questions that it leaves open."""

    def __init__(self, rng):
        self.rng, self.blocks, self.questions, self.absent = rng, [], [], []

    def ask(self, forms, answer):
        """A question in one of several forms, with its answer."""
        self.questions.append((self.rng.choice(forms), answer))

    def miss(self, *forms):
        """A question, in one of several forms, that the page does not answer."""
        self.absent.append(self.rng.choice(forms))


def upper(text):
    """With a capital at the start."""
    return text[:1].upper() + text[1:]


def grouped(n):
    """A whole number with commas."""
    return f"{n:,}"


def date(rng, year=None):
    """A day of the year, written one way or the other."""
    year = year or rng.randint(2001, 2024)
    day, month = rng.randint(1, 28), rng.choice(MONTHS)
    return rng.choice([f"{day} {month} {year}", f"{month} {day}, {year}"])


def name(rng):
    """First and last name."""
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def value(rng):
    """A figure of any kind, as it stands in running text."""
    kind = rng.random()
    if kind < 0.22:
        return f"{rng.uniform(0.5, 99):.1f}%"
    if kind < 0.40:
        return f"${rng.uniform(1, 990):.1f} million"
    if kind < 0.50:
        return f"€{rng.randint(2, 980)} million"
    if kind < 0.60:
        return f"${rng.uniform(1, 90):.2f} billion"
    if kind < 0.66:
        return f"£{rng.uniform(0.2, 60):.1f} million"
    if kind < 0.82:
        return grouped(rng.randint(1200, 999_000))
    return f"{rng.uniform(100, 9900):,.1f} {rng.choice(UNITS)}"


def figure(rng, size, decimals):
    """A figure of a table: some are negative, a few are missing."""
    n = rng.uniform(0.15, 1) * size
    text = f"{n:,.{decimals}f}"
    return f"({text})" if rng.random() < 0.08 else "–" if rng.random() < 0.02 else text


def number(text):
    """The value of a cell; None where it has none."""
    try:
        return float(text.strip("$€£()%").replace(",", "")) * (-1 if "(" in text else 1)
    except ValueError:
        return None
