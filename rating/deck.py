"""A deck: all tariffs in force somewhere, asked for the rate of one call.

Each tariff is a table of prefixes. Which of them hold for a kind of call is known from each day, and each instant, at
which one begins or ends. The tables of those that hold together are one, cut into spans (`rating/spans.py`) when it is
first asked for a number: some eighty milliseconds for a hundred thousand prefixes, once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import accumulate, combinations
from operator import xor
from typing import Final, NamedTuple, TypeAlias, TypeVar

from rating.calendar import day_start
from rating.errors import OverlapError
from rating.jurisdiction import Jurisdiction, unplaced
from rating.spans import Spans
from rating.tariff import ANYWHERE, FREE_KIND, KINDS, Rate, Tariff, free_rate

HOLDINGS_MAX: Final = 16
"""Tables that are kept of what holds together: for three kinds today and tomorrow, and for some days of history."""

Moment = TypeVar("Moment", date, datetime)


class _Table(NamedTuple):
    """What one tariff prices."""

    prefixes: dict[str, Rate]
    others: dict[str, Rate]
    """By jurisdiction, and what prices all numbers."""


class _Holding:
    """The tariffs that hold together, and what they price once it has been asked for."""

    __slots__ = ("anywhere", "by_jurisdiction", "spans", "tables")

    def __init__(self, tables: Sequence[_Table]) -> None:
        self.tables: Final = tables
        self.spans: Spans[Rate] | None = None
        others = _together(table.others for table in tables)
        self.anywhere: Final = others.pop(ANYWHERE, None)
        self.by_jurisdiction: Final = others

    def cut(self) -> Spans[Rate]:
        """The spans of all their prefixes."""
        if len(self.tables) == 1:
            return Spans(self.tables[0].prefixes)
        return Spans(_together(table.prefixes for table in self.tables))


_Periods: TypeAlias = tuple[list[_Holding], list[_Holding]]
"""What holds for one kind of call before the first of the deck's days and from each of them on; by instants, too."""


class Deck:
    """Tariffs that do not contradict each other.

    Raises:
        OverlapError: Two tariffs price one prefix, or one jurisdiction, for the same kind on the same day.
    """

    __slots__ = ("_cut", "_days", "_instants", "_periods", "tariffs")

    def __init__(self, tariffs: Iterable[Tariff]) -> None:
        self.tariffs: Final = tuple(tariffs)
        tables = [_table(each) for each in self.tariffs]
        for error in _contradictions(self.tariffs, tables):
            raise error
        self._days, on_days = _timeline([(each.valid_from, each.valid_until) for each in self.tariffs])
        self._instants, at_instants = _timeline([_instants(each) for each in self.tariffs])
        self._periods: Final = _periods(self.tariffs, tables, on_days, at_instants)
        self._cut: Final = deque[_Holding]()
        """Those whose spans are kept, the one cut last at the end."""

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
        periods = self._periods.get(kind)
        if periods is None:
            return free_rate() if kind == FREE_KIND else None
        by_day, by_instant = periods
        if isinstance(on, datetime):
            assert on.tzinfo is not None, "an instant without a time zone has no day"
            holding = by_instant[bisect_right(self._instants, on)]
        else:
            holding = by_day[bisect_right(self._days, on)]
        rate = (holding.spans or self._spans(holding)).get(number)
        if rate is None and holding.by_jurisdiction:
            rate = holding.by_jurisdiction.get(jurisdiction or unplaced(number))
        if rate is None and number.startswith(ANYWHERE):
            return holding.anywhere
        return rate

    def _spans(self, holding: _Holding) -> Spans[Rate]:
        """The spans of what holds, made once and kept until many others have been asked for."""
        holding.spans = holding.cut()
        self._cut.append(holding)
        if len(self._cut) > HOLDINGS_MAX:
            self._cut.popleft().spans = None
        return holding.spans


def overlaps(tariffs: Iterable[Tariff]) -> Iterator[OverlapError]:
    """Every pair of tariffs that price one prefix, or one jurisdiction, for the same kind on the same day."""
    several = tuple(tariffs)
    if len(several) > 1:
        yield from _contradictions(several, [_table(each) for each in several])


def _table(tariff: Tariff) -> _Table:
    prefixes = {rate.prefix: rate for rate in tariff.rates if rate.prefix != ANYWHERE}
    others = {rate.calls: rate for rate in tariff.rates if rate.prefix == ANYWHERE}
    assert len(prefixes) + len(others) == len(tariff.rates), f"{tariff.name} has a prefix twice, or a jurisdiction"
    return _Table(prefixes, others)


def _together(tables: Iterable[Mapping[str, Rate]]) -> dict[str, Rate]:
    """Tables that share no key as one."""
    return {key: rate for table in tables for key, rate in table.items()}


def _contradictions(tariffs: Sequence[Tariff], tables: Sequence[_Table]) -> Iterator[OverlapError]:
    """Each pair of tariffs once, with the first of the keys they share."""
    if all(_are_apart(several) for several in zip(*tables, strict=True)):
        return
    for (one, table), (other, other_table) in combinations(zip(tariffs, tables, strict=True), 2):
        if one.kinds & other.kinds and _starts_before_end(one, other) and _starts_before_end(other, one):
            shared = [min(a.keys() & b.keys()) for a, b in zip(table, other_table, strict=True) if a.keys() & b.keys()]
            if shared:
                yield OverlapError(one.name, other.name, min(shared))


def _are_apart(tables: Sequence[Mapping[str, Rate]]) -> bool:
    """Whether no key is in two of them."""
    return len(set[str]().union(*tables)) == sum(map(len, tables))


def _periods(
    tariffs: Sequence[Tariff], tables: Sequence[_Table], on_days: Sequence[int], at_instants: Sequence[int]
) -> dict[str, _Periods]:
    """For each kind what holds in each span of time, of which the bits tell which tariffs do."""
    holdings: dict[int, _Holding] = {}

    def hold(bits: int) -> _Holding:
        if bits not in holdings:
            holdings[bits] = _Holding([table for position, table in enumerate(tables) if bits >> position & 1])
        return holdings[bits]

    periods: dict[str, _Periods] = {}
    for kind in KINDS:
        priced = sum(1 << position for position, tariff in enumerate(tariffs) if kind in tariff.kinds)
        periods[kind] = [hold(priced & bits) for bits in on_days], [hold(priced & bits) for bits in at_instants]
    return periods


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


def _starts_before_end(one: Tariff, other: Tariff) -> bool:
    return other.valid_until is None or one.valid_from < other.valid_until
