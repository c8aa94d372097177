"""The longest prefix that fits a number, found as the span of numbers it stands in.

Of as many digits as the longest prefix has, a prefix is a span of numbers: +1212 of seven digits is 1212000 to 1212999.
A longer prefix takes its span out of that of a shorter one, so that all of them cut the line of numbers into spans
which one prefix prices, or none. Where each begins stands in one array of plain numbers, in order; the first digits of
a number tell where in it to search, mostly between two. So a look-up touches five places of memory, however many
prefixes there are and however long: what it costs is what the processor waits for them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

_CELL_DIGITS_MAX: Final = 5
"""A hundred thousand cells stay at hand in the processor; a million do not."""

Priced = TypeVar("Priced")


class Spans(Generic[Priced]):
    """What the longest prefix of a number stands for.

    Args:
        table: By prefixes with their plus sign, of one to eighteen digits, of which the first is not zero.
    """

    __slots__ = ("_begins", "_cells", "_head", "_priced", "_table", "_width")

    def __init__(self, table: Mapping[str, Priced]) -> None:
        self._table: Final = table
        counts = np.fromiter(map(len, table), np.int64, len(table)) - 1
        width = int(counts.max(initial=1))
        units = 10 ** (width - counts)
        lows = np.fromiter(map(int, table), np.int64, len(table)) * units
        begins = np.sort(np.concatenate((lows, lows + units)))
        begins = begins[np.diff(begins, prepend=-1) > 0]
        owners = _owners(begins, lows, lows + units, counts)
        digits = min(len(str(len(table))), width, _CELL_DIGITS_MAX)
        self._width: Final = 10 ** (width - digits)
        """Numbers of a cell."""
        firsts = np.arange(10**digits + 1) * self._width
        self._head: Final = slice(width + 1)
        self._cells: Final = array("I", np.searchsorted(begins, firsts, "right").astype(np.uint32).tobytes())
        """Of each cell, how many spans begin up to its first number."""
        self._begins: Final = array("Q", begins.astype(np.uint64).tobytes())
        """The first number of each span."""
        prices = [*table.values(), None]
        self._priced: Final = [None, *map(prices.__getitem__, owners.tolist())]
        """By how many spans begin up to a number."""

    def get(self, number: str) -> Priced | None:
        """What the longest prefix of a number stands for, None where none fits.

        Args:
            number: E.164, with its plus sign; no prefix fits what has none.
        """
        try:
            if number[0] != "+":
                return None
            head = int(number[self._head])
        except (ValueError, IndexError):
            return self._get_short(number)
        cell = head // self._width
        cells = self._cells
        priced = self._priced[bisect_right(self._begins, head, cells[cell], cells[cell + 1])]
        if priced is None and len(number) < self._head.stop:
            return self._get_short(number)
        return priced

    def _get_short(self, number: str) -> Priced | None:
        """The same of a number that has fewer digits than the longest prefix, or whose digits end before."""
        for length in range(min(len(number), self._head.stop), 1, -1):
            priced = self._table.get(number[:length])
            if priced is not None:
                return priced
        return None


def _owners(
    begins: NDArray[np.int64], lows: NDArray[np.int64], highs: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each span the position of its prefix, -1 where none fits: shorter ones first, longer ones over them."""
    owners = np.full(len(begins), -1)
    firsts, ends = np.searchsorted(begins, lows), np.searchsorted(begins, highs)
    for count in sorted(set(counts.tolist())):
        (some,) = np.nonzero(counts == count)
        steps = np.zeros(len(begins), np.int64)
        steps[firsts[some]] += some + 1
        steps[ends[some]] -= some + 1
        here = steps.cumsum()
        owners = np.where(here, here - 1, owners)
    return owners
