"""A deck: all tariffs in force somewhere, asked for the rate of one call.

Each tariff is a table of prefixes. Which of them hold is known from each day, and each instant, at which one begins or
ends; the tables of those that hold together are one table, made when it is first asked for. The first digits of a
number tell how long the prefixes are that can fit it (`rating/heads.py`), so that a look-up costs one or two probes,
however many prefixes and tariffs there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import reduce
from itertools import accumulate, combinations
from operator import or_, xor
from typing import Final, TypeAlias, TypeVar

from rating.calendar import day_start
from rating.errors import OverlapError
from rating.heads import Heads
from rating.jurisdiction import Jurisdiction, unplaced
from rating.tariff import ANYWHERE, FREE_KIND, KINDS, Rate, Tariff, free_rate

FINDERS_MAX: Final = 16
"""Tables that are kept of what holds together: for three kinds today and tomorrow, and for some days of history."""

Moment = TypeVar("Moment", date, datetime)
_Table: TypeAlias = dict[str, Rate]
"""What prices each prefix and each jurisdiction."""
_Find: TypeAlias = Callable[[str], Rate | None]


class Deck:
    """Tariffs that do not contradict each other.

    Raises:
        OverlapError: Two tariffs price one prefix, or one jurisdiction, for the same kind on the same day.
    """

    __slots__ = (
        "_days",
        "_finders",
        "_heads",
        "_holding_at",
        "_holding_on",
        "_instants",
        "_jurisdictions",
        "_kinds",
        "_tables",
        "tariffs",
    )

    def __init__(self, tariffs: Iterable[Tariff]) -> None:
        self.tariffs: Final = tuple(tariffs)
        self._tables: Final = tuple(_table(each) for each in self.tariffs)
        for error in _contradictions(self.tariffs, self._tables):
            raise error
        whole = set[str]().union(*self._tables)
        self._jurisdictions: Final = frozenset(word for word in Jurisdiction if word in whole)
        self._heads: Final = Heads(whole - self._jurisdictions - {ANYWHERE})
        self._kinds: Final = {
            kind: sum(1 << position for position, tariff in enumerate(self.tariffs) if kind in tariff.kinds)
            for kind in KINDS
        }
        self._days, self._holding_on = _timeline([(each.valid_from, each.valid_until) for each in self.tariffs])
        self._instants, self._holding_at = _timeline([_instants(each) for each in self.tariffs])
        self._finders: Final[dict[int, _Find]] = {}

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
        kinds = self._kinds.get(kind)
        if kinds is None:
            return free_rate() if kind == FREE_KIND else None
        if isinstance(on, datetime):
            assert on.tzinfo is not None, "an instant without a time zone has no day"
            holding = kinds & self._holding_at[bisect_right(self._instants, on)]
        else:
            holding = kinds & self._holding_on[bisect_right(self._days, on)]
        find = self._finders.get(holding) or self._find_among(holding)
        for piece in self._heads.pieces(number):
            rate = find(number[piece])
            if rate is not None:
                return rate
        if self._jurisdictions:
            rate = find(jurisdiction or unplaced(number))
            if rate is not None:
                return rate
        return find(ANYWHERE) if number.startswith(ANYWHERE) else None

    def _find_among(self, holding: int) -> _Find:
        """What finds a rate in the tariffs that hold, given as bits; made once, and kept."""
        tables = [table for position, table in enumerate(self._tables) if holding >> position & 1]
        find = (tables[0] if len(tables) == 1 else reduce(or_, tables, {})).get
        if len(self._finders) >= FINDERS_MAX:
            self._finders.clear()
        self._finders[holding] = find
        return find


def overlaps(tariffs: Iterable[Tariff]) -> Iterator[OverlapError]:
    """Every pair of tariffs that price one prefix, or one jurisdiction, for the same kind on the same day."""
    several = tuple(tariffs)
    if len(several) > 1:
        yield from _contradictions(several, [_table(each) for each in several])


def _table(tariff: Tariff) -> _Table:
    """What prices each prefix and each jurisdiction."""
    table = {rate.calls: rate for rate in tariff.rates}
    assert len(table) == len(tariff.rates), f"{tariff.name} has a prefix twice, or a jurisdiction"
    return table


def _contradictions(tariffs: Sequence[Tariff], tables: Sequence[_Table]) -> Iterator[OverlapError]:
    """Each pair of tariffs once, with the first of the keys they share."""
    if len(set[str]().union(*tables)) == sum(map(len, tables)):
        return
    for (one, table), (other, other_table) in combinations(zip(tariffs, tables, strict=True), 2):
        if one.kinds & other.kinds and _starts_before_end(one, other) and _starts_before_end(other, one):
            shared = table.keys() & other_table.keys()
            if shared:
                yield OverlapError(one.name, other.name, min(shared))


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
