"""How long the prefixes are that can fit a number, told by its first digits.

As many first digits are looked at as make about one cell a prefix. Each cell knows the lengths of all prefixes that
fit some number in it: most cells of a large deck know a few, and the first one tried is mostly the right one.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from itertools import compress
from typing import Final, TypeAlias

_DIGITS_MAX: Final = 5
"""A hundred thousand cells of two octets stay at hand in the processor; a million do not."""

Pieces: TypeAlias = tuple[slice, ...]
"""What to cut from the beginning of a number, longest first."""


class Heads:
    """The lengths of prefixes, by the first digits of the numbers they fit.

    Args:
        prefixes: With their plus sign, and with a digit at least.
    """

    __slots__ = ("_cells", "_every", "_head", "_kinds", "_least")

    def __init__(self, prefixes: Iterable[str]) -> None:
        by_length: defaultdict[int, list[str]] = defaultdict(list)
        for prefix in prefixes:
            by_length[len(prefix)].append(prefix)
        lengths = sorted(by_length, reverse=True)
        digits = min(max(len(str(sum(map(len, by_length.values())))) - 1, 1), _DIGITS_MAX)
        marks = [_marks(by_length[length], length - 1, digits) for length in lengths]
        kinds: dict[tuple[int, ...], int] = {}
        cells = (kinds.setdefault(each, len(kinds)) for each in zip(*marks, strict=True))
        self._cells: Final = array("H", cells)
        """Of each cell, which of the kinds it is; none at all where there are no prefixes."""
        self._kinds: Final = [tuple(map(slice, compress(lengths, each))) for each in kinds]
        self._every: Final = tuple(map(slice, lengths))
        self._least: Final = digits + 1
        self._head: Final = slice(1, self._least)

    def pieces(self, number: str) -> Pieces:
        """What of a number can be one of the prefixes, longest first: all that are, and some that are not."""
        if len(number) < self._least:
            return self._every
        try:
            return self._kinds[self._cells[int(number[self._head])]]
        except (ValueError, IndexError):
            return self._every  # No number, or no prefixes.


def _marks(prefixes: Iterable[str], count: int, digits: int) -> bytearray:
    """For each cell 1 where a prefix of so many digits fits a number in it."""
    marks = bytearray(10**digits)
    if count >= digits:
        stop = digits + 1
        for prefix in prefixes:
            marks[int(prefix[1:stop])] = 1
        return marks
    width = 10 ** (digits - count)
    run = b"\1" * width
    for prefix in prefixes:
        first = int(prefix[1:]) * width
        marks[first : first + width] = run
    return marks
