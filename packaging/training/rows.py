"""Questions with their answers, and what of them a T5Gemma 2 reads under Recto's prompt `document_v1`.

What is written here must stay as Recto writes it, or a model is taught one thing and asked another: pages as in
engine/src/prompt/page_text.rs, the question as in assets/prompts/document_v1.txt.
"""

import gzip
import json
import random
import re
from dataclasses import dataclass

FIELDS = ("source", "context", "question", "answer")
NOT_STATED = "Not stated."
PAGE = re.compile(r"^\[page \d+\b.*\]$", re.MULTILINE)
MOST_PAGE = 300  # of the numbers that pages are given whose rows give them none


class Problem(Exception):
    """What the user can mend; told in one line."""


@dataclass(frozen=True)
class Passage:
    """A text with the questions asked of it: pairs of question and answer, an empty answer where it holds none."""

    context: str
    questions: tuple


def read_rows(path):
    """The rows of a file, packed by gzip or not, as dictionaries."""
    rows = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    rows.append(_row(line, f"line {number} of {path}"))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Problem(f"the rows cannot be read: {getattr(error, 'strerror', None) or error}: {path}") from error
    if not rows:
        raise Problem(f"there are no rows in {path}")
    return rows


def _row(line, place):
    try:
        row = json.loads(line.strip())
    except json.JSONDecodeError as error:
        raise Problem(f"{place} is no JSON: {error.msg}, column {error.colno}") from error
    if not isinstance(row, dict):
        raise Problem(f"{place} is no row: it must be an object with {', '.join(FIELDS)}")
    for field in FIELDS:
        if not isinstance(row.get(field), str):
            raise Problem(f"{place} is no row: {field!r} must be a string")
    for field in ("context", "question"):
        if not row[field].strip():
            raise Problem(f"{place} is no row: {field!r} is empty")
    return row


def passages_of(rows):
    """Rows of the same context together, in the order in which they come; a row that is there twice counts once."""
    asked = {}
    for row in rows:
        asked.setdefault(row["context"], {})[row["question"], row["answer"]] = None
    return [Passage(context, tuple(questions)) for context, questions in asked.items()]


def page_text(context, page):
    """A context as Recto shows pages: each with its marker, text without stray blanks, a blank line at its end.

    A context that brings markers of its own is cut at them; another one is a single page with the given number.
    """
    lines = context.replace("\r\n", "\n").split("\n")
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")
    starts = [match.start() for match in PAGE.finditer(text)]
    if not starts or starts[0] > 0:
        text, starts = f"[page {page}]\n{text}", [0]
    return [text[start:end].strip("\n") + "\n\n" for start, end in zip(starts, [*starts[1:], len(text)])]


def page_number(chance: random.Random):
    """Often 1, which is what a single page is, else any: a model that only ever saw 1 might make something of it."""
    return 1 if chance.random() < 0.5 else chance.randint(2, MOST_PAGE)


class Prompts:
    """Texts as ids: the encoder's window, the decoder's prompt, and what is to be answered."""

    def __init__(self, tokenizer_json, bos, eos):
        from tokenizers import Tokenizer

        self.bos, self.eos = bos, eos
        try:
            self.tokenizer = Tokenizer.from_file(str(tokenizer_json))
        except Exception as error:  # the library raises nothing more exact
            raise Problem(f"the tokenizer cannot be read: {error}: {tokenizer_json}") from error
        # `<eos>` in a document is five letters, not its end.
        self.tokenizer.encode_special_tokens = True

    def ids(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def window(self, context, page=1):
        """`<bos>` once, then page after page; each is encoded by itself, as Recto does."""
        return [self.bos] + [i for text in page_text(context, page) for i in self.ids(text)]

    def question(self, question):
        """The decoder's prompt, the question on one line."""
        return [self.bos] + self.ids(f"Question: {' '.join(question.split())}\nAnswer:")

    def answer(self, answer):
        return self.ids(" " + (" ".join(answer.split()) or NOT_STATED)) + [self.eos]
