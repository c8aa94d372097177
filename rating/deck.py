"""A deck: all tariffs in force somewhere, asked for the rate of one call.

One dictionary per tariff from prefix to rate, and the lengths that occur, longest first: a
look-up costs at most one probe per length, however many prefixes there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import combinations
from typing import Final

from rating.calendar import local_day
from rating.errors import OverlapError
from rating.tariff import FREE_KIND, Rate, Tariff, free_rate


class Deck:
    """Tariffs that do not contradict each other.

    Raises:
        OverlapError: Two tariffs price one prefix for the same kind on the same day.
    """

    __slots__ = ("_tables", "tariffs")

    def __init__(self, tariffs: Iterable[Tariff]) -> None:
        self.tariffs: Final = tuple(tariffs)
        self._tables: Final = tuple(_Table(tariff) for tariff in self.tariffs)
        for error in overlaps(self.tariffs):
            raise error

    def rate(self, number: str, kind: str, on: date | datetime) -> Rate | None:
        """The rate with the longest prefix of this number, None where no tariff prices it.

        Args:
            number: E.164, with its plus sign.
            kind: `advancepay`, `debit` or `collect`; a call of the kind `free` needs no tariff.
            on: An aware instant, taken to the local day of each tariff, or that day itself.
        """
        if kind == FREE_KIND:
            return free_rate()
        best: Rate | None = None
        for table in self._tables:
            if kind not in table.tariff.kinds:
                continue
            day = local_day(on, table.tariff.zone) if isinstance(on, datetime) else on
            if not table.tariff.covers(day):
                continue
            found = table.find(number)
            if found is not None and (best is None or len(found.prefix) > len(best.prefix)):
                best = found
        return best


class _Table:
    """The rates of one tariff by prefix."""

    __slots__ = ("_by_prefix", "_lengths", "tariff")

    def __init__(self, tariff: Tariff) -> None:
        self.tariff: Final = tariff
        self._by_prefix: Final = {rate.prefix: rate for rate in tariff.rates}
        assert len(self._by_prefix) == len(tariff.rates), f"{tariff.name} has a prefix twice"
        self._lengths: Final = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)

    def find(self, number: str) -> Rate | None:
        for length in self._lengths:
            rate = self._by_prefix.get(number[:length])
            if rate is not None:
                return rate
        return None


def overlaps(tariffs: Iterable[Tariff]) -> Iterator[OverlapError]:
    """Every pair of tariffs that price one prefix for the same kind on the same day."""
    for one, other in combinations(tariffs, 2):
        if not one.kinds & other.kinds:
            continue
        if not (_starts_before_end(one, other) and _starts_before_end(other, one)):
            continue
        prefixes = {rate.prefix for rate in one.rates}
        shared = sorted(rate.prefix for rate in other.rates if rate.prefix in prefixes)
        if shared:
            yield OverlapError(one.name, other.name, shared[0])


def _starts_before_end(one: Tariff, other: Tariff) -> bool:
    return other.valid_until is None or one.valid_from < other.valid_until
