"""A deck: all tariffs in force somewhere, asked for the rate of one call.

One dictionary from prefix to rates, and the lengths of prefixes that occur below the first digits of a number, longest
first. Which tariffs hold, as bits of a number, is known from each day, and each instant, at which one begins or ends.
A look-up costs a few probes, however many prefixes and tariffs there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import accumulate, combinations
from operator import xor
from typing import Final, TypeAlias, TypeVar

from rating.calendar import day_start
from rating.errors import OverlapError
from rating.jurisdiction import Jurisdiction, unplaced
from rating.tariff import ANYWHERE, FREE_KIND, KINDS, Rate, Tariff, free_rate

_HEAD: Final = 3
"""Characters by which lengths are told apart: the plus sign and a country code, or the beginning of one."""

Moment = TypeVar("Moment", date, datetime)
_Entry: TypeAlias = tuple[int, Rate, "_Entry | None"]
"""A tariff as a bit, its rate, and the same of another tariff that prices the same numbers at another time."""


class Deck:
    """Tariffs that do not contradict each other.

    Raises:
        OverlapError: Two tariffs price one prefix, or one jurisdiction, for the same kind on the same day.
    """

    __slots__ = (
        "_days",
        "_entries",
        "_holding_at",
        "_holding_on",
        "_instants",
        "_jurisdictions",
        "_kinds",
        "_lengths",
        "_short",
        "tariffs",
    )

    def __init__(self, tariffs: Iterable[Tariff]) -> None:
        self.tariffs: Final = tuple(tariffs)
        entries = _entries(self.tariffs)
        for error in _contradictions(self.tariffs, entries):
            raise error
        self._entries: Final = entries
        self._jurisdictions: Final = frozenset(word for word in Jurisdiction if word in entries)
        self._short, self._lengths = _lengths(entries)
        self._kinds: Final = {
            kind: sum(1 << position for position, tariff in enumerate(self.tariffs) if kind in tariff.kinds)
            for kind in KINDS
        }
        self._days, self._holding_on = _timeline([(each.valid_from, each.valid_until) for each in self.tariffs])
        self._instants, self._holding_at = _timeline([_instants(each) for each in self.tariffs])

    def rate(
        self, number: str, kind: str, on: date | datetime, jurisdiction: Jurisdiction | None = None
    ) -> Rate | None:
        """The rate that prices this number, None where no tariff does.

        The longest prefix decides; where only the row of all numbers (`+`) fits, a row of the call's jurisdiction
        goes before it.

        Args:
            number: E.164, with its plus sign.
            kind: `advancepay`, `debit` or `collect`; a call of the kind `free` needs no tariff.
            on: An aware instant, taken to the local day of each tariff, or that day itself.
            jurisdiction: From the places of facility and number; None where the facility's is not known: then calls
                within the country are interstate.
        """
        if kind == FREE_KIND:
            return free_rate()
        if isinstance(on, datetime):
            assert on.tzinfo is not None, "an instant without a time zone has no day"
            holding = self._holding_at[bisect_right(self._instants, on)]
        else:
            holding = self._holding_on[bisect_right(self._days, on)]
        active = holding & self._kinds.get(kind, 0)
        find = self._entries.get
        for length in self._lengths.get(number[:_HEAD], self._short):
            entry = find(number[:length])
            while entry is not None:
                bit, rate, entry = entry
                if bit & active:
                    return rate
        if self._jurisdictions:
            found = _active(find(jurisdiction or unplaced(number)), active)
            if found is not None:
                return found
        return _active(find(ANYWHERE), active) if number.startswith(ANYWHERE) else None


def overlaps(tariffs: Iterable[Tariff]) -> Iterator[OverlapError]:
    """Every pair of tariffs that price one prefix, or one jurisdiction, for the same kind on the same day."""
    several = tuple(tariffs)
    if len(several) > 1:
        yield from _contradictions(several, _entries(several))


def _active(entry: _Entry | None, active: int) -> Rate | None:
    while entry is not None:
        bit, rate, entry = entry
        if bit & active:
            return rate
    return None


def _entries(tariffs: Sequence[Tariff]) -> dict[str, _Entry]:
    """What prices each prefix and each jurisdiction."""
    entries: dict[str, _Entry] = {}
    for position, tariff in enumerate(tariffs):
        bit = 1 << position
        for rate in tariff.rates:
            key = rate.calls
            other = entries.get(key)
            assert other is None or other[0] != bit, f"{tariff.name} has a prefix twice, or a jurisdiction: {key}"
            entries[key] = (bit, rate, other)
    return entries


def _lengths(keys: Iterable[str]) -> tuple[tuple[int, ...], dict[str, tuple[int, ...]]]:
    """Lengths of prefixes below the head, and for each head all lengths of prefixes of its numbers; longest first.

    Jurisdictions and the prefix of every number are not among them.
    """
    pairs = {(key[:_HEAD], len(key)) for key in keys}
    short = {length for head, length in pairs if head[0] == ANYWHERE and 1 < length < _HEAD}
    lengths: defaultdict[str, set[int]] = defaultdict(lambda: set(short))
    for head, length in pairs:
        if length >= _HEAD and head[0] == ANYWHERE:
            lengths[head].add(length)
    longest_first = {head: tuple(sorted(each, reverse=True)) for head, each in lengths.items()}
    return tuple(sorted(short, reverse=True)), longest_first


def _instants(tariff: Tariff) -> tuple[datetime, datetime | None]:
    until = tariff.valid_until
    return day_start(tariff.valid_from, tariff.zone), None if until is None else day_start(until, tariff.zone)


def _timeline(spans: Sequence[tuple[Moment, Moment | None]]) -> tuple[list[Moment], list[int]]:
    """When spans begin or end, and which hold before the first of these moments and from each of them on, as bits."""
    changes: dict[Moment, int] = {}
    for position, span in enumerate(spans):
        for moment in span:
            if moment is not None:
                changes[moment] = changes.get(moment, 0) ^ 1 << position
    moments = sorted(changes)
    return moments, list(accumulate((changes[moment] for moment in moments), xor, initial=0))


def _contradictions(tariffs: Sequence[Tariff], entries: Mapping[str, _Entry]) -> Iterator[OverlapError]:
    """Each pair of tariffs once, with the first of the keys they share."""
    shared: dict[int, str] = {}
    for key, entry in entries.items():
        if entry[2] is not None:
            bits = _bits(entry)
            shared[bits] = min(key, shared.get(bits, key))
    first_of: dict[tuple[int, int], str] = {}
    for bits, key in shared.items():
        for pair in combinations((at for at in range(bits.bit_length()) if bits >> at & 1), 2):
            first_of[pair] = min(key, first_of.get(pair, key))
    for (one_at, other_at), key in sorted(first_of.items()):
        one, other = tariffs[one_at], tariffs[other_at]
        if one.kinds & other.kinds and _starts_before_end(one, other) and _starts_before_end(other, one):
            yield OverlapError(one.name, other.name, key)


def _bits(entry: _Entry | None) -> int:
    bits = 0
    while entry is not None:
        bit, _, entry = entry
        bits |= bit
    return bits


def _starts_before_end(one: Tariff, other: Tariff) -> bool:
    return other.valid_until is None or one.valid_from < other.valid_until
