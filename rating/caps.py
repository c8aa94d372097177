"""Which cap of the regulator a tariff breaks, on which days and by how much.

A row of a tariff is judged by the calls it may price:

* a row by jurisdiction: those calls;
* a prefix of another country: international calls, which no cap of this table judges;
* area codes of the facility's own state: calls within the state;
* any other prefix within the country: calls to other states, and within the state as well where it is as wide as
  that or where the facility's state is not known (unknown means interstate);
* the row of all numbers: as `+1`, unless other rows price all calls within the country.

From the day of a ban on, a connection charge is broken by all of it, and a first interval by what it costs above its
share of the price a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from rating.jurisdiction import IN_STATE, Jurisdiction, Place, PlaceTable
from rating.numbers import MAIN_REGION, NANP_CODE
from rating.rounding import dollars_of, to_shown
from rating.tariff import ANYWHERE, KINDS, Rate, Tariff

_DOMESTIC_PREFIX: Final = f"+{NANP_CODE}"
_AREA_PREFIX: Final = len("+1212")


class Scope(StrEnum):
    """The calls a cap is about."""

    INTERSTATE = "interstate"
    DOMESTIC = "domestic"


class FacilityKind(StrEnum):
    """What kind of facility the caps know."""

    PRISON = "prison"
    JAIL = "jail"


class Charge(StrEnum):
    """What of a tariff is judged."""

    PER_MINUTE = "per minute"
    CONNECTION = "connection"
    FIRST = "first interval"
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class Facility:
    """Whose calls are judged."""

    kind: FacilityKind
    population: int | None = None
    """Average daily population; jails are judged by it."""
    state: str = ""
    """Postal code; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Days:
    """Days from the first one to the one before `until`; without end where that is None."""

    start: date
    until: date | None = None

    def both(self, other: Days) -> Days | None:
        """The days that are in both, None where there are none."""
        ends = [end for end in (self.until, other.until) if end is not None]
        start, until = max(self.start, other.start), min(ends, default=None)
        return None if until is not None and until <= start else Days(start, until)


@dataclass(frozen=True, slots=True)
class RateCap:
    """A highest price a minute."""

    days: Days
    order: str
    unverified: str
    scope: Scope
    per_minute: Decimal
    kinds: frozenset[str] = frozenset(KINDS)
    facility: FacilityKind | None = None
    population: int = 0
    """The least average daily population it is for."""
    population_below: int | None = None

    def is_for(self, facility: Facility) -> bool:
        """Whether it caps calls from this facility."""
        if self.facility is not None and self.facility != facility.kind:
            return False
        if not self.population and self.population_below is None:
            return True
        assert facility.population is not None, "a jail is judged by its population"
        is_below = self.population_below is None or facility.population < self.population_below
        return self.population <= facility.population and is_below


@dataclass(frozen=True, slots=True)
class Ban:
    """From when on nothing but minutes may be charged for a call."""

    days: Days
    order: str
    unverified: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class FeeCap:
    """A highest fee beside the price of calls."""

    days: Days
    order: str
    unverified: str
    amount: Decimal
    fee: str = ""
    """Which; empty for every fee."""


@dataclass(frozen=True, slots=True)
class CapTable:
    """All that a regulator ever capped."""

    rates: tuple[RateCap, ...]
    bans: tuple[Ban, ...]
    fees: tuple[FeeCap, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """One charge above what was allowed, over days on which nothing changed."""

    tariff: str
    keys: tuple[str, ...]
    """The prefixes or the jurisdictions of the row."""
    place: str
    kinds: tuple[str, ...]
    charge: Charge
    charged: Decimal
    """Dollars, as `allowed` and `over`."""
    allowed: Decimal
    days: Days
    order: str
    unverified: str
    """What of the cap is an example and not a fact; empty where nothing is."""

    @property
    def over(self) -> Decimal:
        """By how much it is broken."""
        return to_shown(Fraction(self.charged) - Fraction(self.allowed))


def breaks(tariff: Tariff, caps: CapTable, facility: Facility, window: Days, places: PlaceTable) -> list[Break]:
    """Every charge of the tariff above a cap within the window, row by row, in order of days.

    Args:
        tariff: Judged on the days on which it holds.
        caps: The table to judge by.
        facility: A jail needs its population.
        window: Only these days are judged.
        places: Tells the state of area codes.
    """
    days = Days(tariff.valid_from, tariff.valid_until).both(window)
    if days is None:
        return []
    found: list[Break] = []
    for row in _rows(tariff, days, facility, places):
        found += _rate_breaks(row, caps, facility)
        found += _ban_breaks(row, caps)
    return sorted(_joined(found), key=lambda each: each.days.start)


def fee_breaks(name: str, amount: Decimal, caps: CapTable, window: Days) -> list[Break]:
    """When a fee of this name and amount beside the price of calls is above what was allowed."""
    found = []
    for cap in caps.fees:
        days = cap.days.both(window)
        if days is not None and cap.fee in {"", name} and amount > cap.amount:
            breach = Break("", (name,), "fee", KINDS, Charge.FEE, amount, cap.amount, days, cap.order, cap.unverified)
            found.append(breach)
    return sorted(found, key=lambda each: each.days.start)


@dataclass(frozen=True, slots=True)
class _Row:
    """Rates of a tariff that are judged alike."""

    tariff: Tariff
    rate: Rate
    """One of them."""
    keys: tuple[str, ...]
    """The prefixes or the jurisdictions of all of them."""
    scopes: frozenset[Scope]
    days: Days

    def breach(self, charge: Charge, charged: Decimal, allowed: Decimal, cap: RateCap | Ban) -> Break | None:
        """The break of this cap, None where it is kept or is not about this row."""
        days = cap.days.both(self.days)
        kinds = self.tariff.kinds & cap.kinds if isinstance(cap, RateCap) else self.tariff.kinds
        if days is None or not kinds or cap.scope not in self.scopes or charged <= allowed:
            return None
        return Break(
            tariff=self.tariff.name,
            keys=self.keys,
            place=self.rate.place,
            kinds=tuple(kind for kind in KINDS if kind in kinds),
            charge=charge,
            charged=charged,
            allowed=allowed,
            days=days,
            order=cap.order,
            unverified=cap.unverified,
        )


def _rate_breaks(row: _Row, caps: CapTable, facility: Facility) -> Iterator[Break]:
    for cap in caps.rates:
        if cap.is_for(facility):
            breach = row.breach(Charge.PER_MINUTE, row.rate.per_minute, cap.per_minute, cap)
            if breach is not None:
                yield breach


def _ban_breaks(row: _Row, caps: CapTable) -> Iterator[Break]:
    rate = row.rate
    share = to_shown(Fraction(rate.per_minute) * Fraction(rate.first_seconds, 60))
    charges = (
        (Charge.CONNECTION, rate.connection, Decimal(0)),
        (Charge.FIRST, to_shown(dollars_of(rate.first_grains)), share),
    )
    for ban in caps.bans:
        for charge, charged, allowed in charges:
            breach = row.breach(charge, charged, allowed, ban)
            if breach is not None:
                yield breach


def _rows(tariff: Tariff, days: Days, facility: Facility, places: PlaceTable) -> Iterator[_Row]:
    is_complete = _prices_country(tariff.rates)
    alike: dict[tuple[object, ...], tuple[Rate, list[str], frozenset[Scope]]] = {}
    for rate in (*tariff.rates, *(each for rates in tariff.band_rates.values() for each in rates.values())):
        scopes = _scopes(rate, facility.state, places, is_complete=is_complete)
        facts = (rate.place, rate.per_minute, rate.first_price, rate.first_seconds, rate.connection, scopes)
        alike.setdefault(facts, (rate, [], scopes))[1].append(rate.calls)
    for rate, keys, scopes in alike.values():
        yield _Row(tariff, rate, tuple(keys), scopes, days)


def _joined(found: Iterable[Break]) -> list[Break]:
    """Breaks that differ in their prefixes or jurisdictions alone, as one."""
    keys: dict[Break, tuple[str, ...]] = {}
    for each in found:
        nameless = replace(each, keys=())
        keys[nameless] = keys.get(nameless, ()) + each.keys
    return [replace(each, keys=names) for each, names in keys.items()]


def _prices_country(rates: Iterable[Rate]) -> bool:
    """Whether no call within the country is left to the row of all numbers."""
    names = {rate.calls for rate in rates}
    return _DOMESTIC_PREFIX in names or {*IN_STATE, Jurisdiction.INTERSTATE} <= names


def _scopes(rate: Rate, state: str, places: PlaceTable, *, is_complete: bool) -> frozenset[Scope]:
    """Which caps may be about the calls of this rate."""
    every, in_state = frozenset(Scope), frozenset({Scope.DOMESTIC})
    if rate.jurisdiction is not None:
        if rate.jurisdiction is Jurisdiction.INTERNATIONAL:
            return frozenset()
        return in_state if rate.jurisdiction in IN_STATE else every
    if rate.prefix == ANYWHERE:
        return frozenset() if is_complete else every
    if not rate.prefix.startswith(_DOMESTIC_PREFIX):
        return frozenset()
    if len(rate.prefix) < _AREA_PREFIX:
        return every
    place: Place = places.place(rate.prefix)
    if place.country != MAIN_REGION:
        return frozenset()
    return in_state if state and place.state == state else every
