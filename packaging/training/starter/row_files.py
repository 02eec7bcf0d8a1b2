"""Files of rows, an object on each line."""

import gzip
import json


def rows_of(path):
    """The rows of a file, packed by gzip or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8") as file:
        yield from map(json.loads, file)
