"""Rows of a CSV file that people wrote, with their lines, and what is wrong with its form.

The first line that is neither empty nor a comment names the columns, in any order. Empty lines and lines that begin
with `#` are passed over. Fields are separated by commas and may stand in double quotes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from operator import itemgetter
from pathlib import Path
from typing import Final

from rating.mistake import Mistake

MISTAKES_MAX: Final = 100
"""Mistakes told of one file: more than anybody corrects before looking again."""

Row = tuple[int, tuple[str, ...]]
"""A line, counted from 1, and its fields in the order in which the columns were asked for."""


def rows(text: str, path: Path, required: Sequence[str], optional: Sequence[str]) -> Iterator[Row | Mistake]:
    """Every row, its fields in the order of `required` and `optional`; an absent optional column is empty.

    A file whose header is wrong yields its mistakes and no row.

    Args:
        text: The whole file.
        path: Only named in mistakes.
        required: At least two columns that must stand in the header.
        optional: Columns that may.
    """
    reader = csv.reader(_without_comments(text), strict=True, skipinitialspace=True)
    header: list[str] = []
    try:
        header = next((row for row in reader if row), [])
    except csv.Error as error:
        yield Mistake(path, reader.line_num, "", f"is not CSV: {error}", "correct the quotes and commas there")
        return
    faults = list(_header_faults(header, reader.line_num or None, path, required, optional))
    if faults:
        yield from faults
        return
    in_order = itemgetter(*(header.index(name) if name in header else -1 for name in (*required, *optional)))
    width = len(header)
    while True:
        line = reader.line_num + 1
        try:
            for row in reader:
                if len(row) == width:
                    row.append("")
                    yield line, in_order(row)
                elif row:
                    what = f"has {len(row)} fields where the header has {width} columns"
                    yield Mistake(path, line, "", what, "write one field for each column, empty where it says nothing")
                line = reader.line_num + 1
        except csv.Error as error:
            yield Mistake(path, line, "", f"is not CSV: {error}", "correct the quotes and commas there")
            continue
        return


def limited(mistakes: list[Mistake], path: Path) -> list[Mistake]:
    """The first `MISTAKES_MAX`, by line, and how many more there are."""
    ordered = sorted(mistakes, key=lambda mistake: mistake.line or 0)
    more = len(ordered) - MISTAKES_MAX
    if more <= 0:
        return ordered
    last = Mistake(path, None, "", f"{more} more mistakes are not shown", f"correct these {MISTAKES_MAX} first")
    return [*ordered[:MISTAKES_MAX], last]


def _without_comments(text: str) -> Iterator[str]:
    """All lines; a comment becomes an empty one, so that lines keep their numbers."""
    for line in StringIO(text.removeprefix("\ufeff"), newline=""):
        yield "\n" if line.startswith("#") else line


def _header_faults(
    header: list[str], line: int | None, path: Path, required: Sequence[str], optional: Sequence[str]
) -> Iterator[Mistake]:
    remedy = f"write the columns {', '.join(required)} and any of {', '.join(optional)}"
    if not header:
        yield Mistake(path, None, "", "has no header", remedy)
        return
    for index, name in enumerate(header):
        if name not in required and name not in optional:
            what = f"there is no column {name!r}"
            yield Mistake(path, line, "header", what, f"remove it or correct its spelling: {remedy}")
        elif name in header[:index]:
            yield Mistake(path, line, "header", f"the column {name!r} stands there twice", "keep one of the two")
    for name in required:
        if name not in header:
            yield Mistake(path, line, "header", f"the column {name!r} is missing", remedy)
