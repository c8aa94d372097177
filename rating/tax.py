"""Taxes and fees by jurisdiction, and shares that a state pays: dated tables.

Both are taken as they are at the instant of admission and stay with the call. A tax is on what the payer
pays for the talk, never on another tax, and is passed on as it is: nothing is added to it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final

from rating.calendar import local_day
from rating.errors import RateError
from rating.rounding import BILLION, RATE_PLACES_MAX

PER_CALL_MAX: Final = Decimal(100)
"""Dollars: a fee above it is a slip of the pen."""


class LevyKind(Enum):
    """What a levy is called in the books."""

    TAX = "tax"
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class Levy:
    """A tax or a fee on a call for which the payer pays something.

    Raises:
        RateError: A share beyond the whole or an amount beyond `PER_CALL_MAX`, or one with too many decimals.
    """

    name: str
    jurisdiction: str
    kind: LevyKind = LevyKind.TAX
    share: Decimal = Decimal(0)
    """Of what the payer pays for the talk: 0.0635 for 6.35 percent."""
    per_call: Decimal = Decimal(0)
    """Dollars, once per call."""

    def __post_init__(self) -> None:
        _check("share", self.share, Decimal(1))
        _check("per_call", self.per_call, PER_CALL_MAX)


@dataclass(frozen=True, slots=True)
class StateShare:
    """What a state pays of the price of talk, in the payer's place.

    Raises:
        RateError: The share is beyond the whole, or has too many decimals.
    """

    payer: str
    """Who it is, as in `colorado`."""
    share: Decimal

    def __post_init__(self) -> None:
        _check("share", self.share, Decimal(1))


@dataclass(frozen=True, slots=True)
class Period:
    """Local days of a zone, from the first to the one before `until`; None where nothing ends it."""

    zone: str
    since: date
    until: date | None = None

    def covers(self, instant: datetime) -> bool:
        """Whether an aware instant is on one of these days."""
        day = local_day(instant, self.zone)
        return self.since <= day and (self.until is None or day < self.until)

    def meets(self, other: Period) -> bool:
        """Whether some day is in both, as dates."""
        return (self.until is None or other.since < self.until) and (other.until is None or self.since < other.until)


@dataclass(frozen=True, slots=True)
class DatedLevy:
    """A levy, when it holds, and on which calls."""

    levy: Levy
    period: Period
    reaches: frozenset[str] = frozenset()
    """Jurisdictions of calls, as in `interstate`; empty for all."""


@dataclass(frozen=True, slots=True)
class DatedShare:
    """A state's share, and when it holds."""

    share: StateShare
    period: Period


@dataclass(frozen=True, slots=True)
class TaxTable:
    """All levies and shares of some places."""

    levies: tuple[DatedLevy, ...] = ()
    shares: tuple[DatedShare, ...] = ()

    def levies_on(self, at: datetime, *, jurisdictions: Collection[str], reach: str) -> tuple[Levy, ...]:
        """The levies on a call, in the order of the table.

        Args:
            at: The instant of admission.
            jurisdictions: Who may tax this call: the country, the state, the city.
            reach: `local`, `intralata`, `interlata`, `interstate` or `international`.
        """
        return tuple(
            dated.levy
            for dated in self.levies
            if dated.levy.jurisdiction in jurisdictions
            and (not dated.reaches or reach in dated.reaches)
            and dated.period.covers(at)
        )

    def share_of(self, payer: str, at: datetime) -> StateShare | None:
        """What this state pays of a call admitted at an instant, None where it pays nothing."""
        return next(
            (dated.share for dated in self.shares if dated.share.payer == payer and dated.period.covers(at)), None
        )


def _check(name: str, value: Decimal, most: Decimal) -> None:
    if not value.is_finite() or not 0 <= value <= most:
        raise RateError(f"{name}: {value} is not an amount from 0 to {most}")
    if BILLION % value.as_integer_ratio()[1]:
        raise RateError(f"{name}: {value} has more than {RATE_PLACES_MAX} decimals")
