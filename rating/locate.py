"""Lines of a TOML file, for messages: `tomllib` tells values, not where they stand.

A reader of headers and keys, not a second parser: it serves files that `tomllib` has accepted. Where it
cannot tell (a key in quotes, an inline table) it names the nearest line above that it knows.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

Key = tuple[str | int, ...]
"""A place in a document, as pydantic writes it: names of keys, and positions in arrays from 0."""

_ARRAY_HEADER: Final = re.compile(r"\s*\[\[\s*([\w.-]+)\s*\]\]")
_TABLE_HEADER: Final = re.compile(r"\s*\[\s*([\w.-]+)\s*\]")
_BARE_KEY: Final = re.compile(r"\s*([\w-]+)\s*=")
_ITEM_OR_COMMENT: Final = re.compile(r""" "[^"]*" | '[^']*' | [#].* | [^\s,\[\]"'#]+ """, re.VERBOSE)


class Lines:
    """The line of each key of one document, counted from 1."""

    __slots__ = ("_known", "_text")

    def __init__(self, text: str) -> None:
        self._text: Final = text.splitlines()
        self._known: Final = _known_lines(self._text)

    def line(self, key: Key) -> int | None:
        """The line where a key is set; of an item of an array, the line where the item stands.

        Returns:
            None when not even a part of the key was found.
        """
        for length in range(len(key), 0, -1):
            known = self._known.get(key[:length]) or self._known.get((*key[:length], 0))
            if known is not None:
                position = key[length] if length < len(key) else None
                return self._line_of_item(known, position) if isinstance(position, int) else known
        return None

    def _line_of_item(self, start: int, position: int) -> int:
        end = min((line for line in self._known.values() if line > start), default=len(self._text) + 1)
        for number in range(start, end):
            text = self._text[number - 1]
            for item in _ITEM_OR_COMMENT.finditer(text.partition("=")[2] if number == start else text):
                if item[0].startswith("#"):
                    continue
                if position == 0:
                    return number
                position -= 1
        return start


def _known_lines(text: list[str]) -> dict[Key, int]:
    known: dict[Key, int] = {}
    seen: Counter[str] = Counter()
    table: Key = ()
    for number, line in enumerate(text, start=1):
        if header := _ARRAY_HEADER.match(line):
            name = header[1]
            table = (*name.split("."), seen[name])
            seen[name] += 1
            known[table] = number
        elif header := _TABLE_HEADER.match(line):
            table = tuple(header[1].split("."))
            known[table] = number
        elif key := _BARE_KEY.match(line):
            known.setdefault((*table, key[1]), number)
    return known


def key_text(key: Key) -> str:
    """A key as people write it: `rows[1].per_minute`, positions from 0."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
