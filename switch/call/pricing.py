"""What calls cost here: decks, places, taxes, allowances and monthly limits, as the configuration has them.

`Pricing` is made once. It turns a facility, a number and an instant into the terms of one call; free and capped
seconds of a person are asked of the book by whoever admits the call (`switch.call.desk`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from ivr.ports import Kind
from ledger.money import Money
from ledger.requests import MonthlyLimits
from rating.allowance import Allowance, FreeDays, Purpose, Window, window
from rating.build import build_terms
from rating.calendar import day_start, local_day, same_clock_on
from rating.deck import Deck
from rating.jurisdiction import PlaceTable
from rating.place_table import area_codes
from rating.tariff import FREE_KIND
from rating.tax import Levy, TaxTable
from rating.terms import Terms
from switch.call.admission import Payer
from switch.directory.people import Facility

PERSON_LATE_MAX: Final = timedelta(minutes=5)
"""From admission to acceptance: ringing, and the greeting with all its repeats. A profile may take longer: then
the price stays that of this instant."""


@dataclass(frozen=True, slots=True)
class Offered:
    """An allowance that holds at one facility, and its period now."""

    allowance: Allowance
    window: Window


@dataclass(frozen=True, slots=True)
class CollectLimits:
    """How much of a month's collect calls may be billed to one number (S1-9); None where there is no limit."""

    by_carrier: Money | None = None
    by_provider: Money | None = None


@dataclass(frozen=True, slots=True)
class Pricing:
    """Everything that prices calls."""

    deck: Deck
    places: PlaceTable = field(default_factory=area_codes)
    taxes: TaxTable = field(default_factory=TaxTable)
    allowances: tuple[Allowance, ...] = ()
    """In the order in which they are used up."""
    free_days: tuple[FreeDays, ...] = ()
    collect_limits: CollectLimits = field(default_factory=CollectLimits)
    settles_after: timedelta = timedelta(minutes=1)
    """How long after a call an account that settles later is charged (S3-9)."""
    as_on: date | None = None
    """The day whose tariffs, taxes and allowances hold, None for the day it is."""

    def instant(self, facility: Facility, now: datetime) -> datetime:
        """The instant by which a call is priced."""
        return now if self.as_on is None else same_clock_on(self.as_on, now, facility.zone)

    def terms(
        self,
        facility: Facility,
        number: str,
        kind: Kind,
        *,
        at: datetime,
        limit: timedelta,
        free: tuple[str, int] = ("", 0),
        fees: tuple[Levy, ...] = (),
    ) -> Terms | None:
        """The terms of one call; None where no tariff prices it.

        Args:
            facility: Where the caller is.
            number: E.164.
            kind: Who pays, which decides the tariff.
            at: The instant by which it is priced (`instant`).
            limit: Its longest talk.
            free: Name and seconds of the allowance that this call has.
            fees: What this call costs beside its taxes: the fee of a card.
        """
        reach = self.places.jurisdiction(facility.place, number)
        name, seconds = free
        terms = build_terms(
            self.deck,
            number=number,
            kind=FREE_KIND if kind is Kind.FREE else kind.value,
            at=at,
            answer_within=PERSON_LATE_MAX,
            limit=limit,
            jurisdiction=reach,
            free_seconds=seconds,
            allowance=name,
            levies=(*self.taxes.levies_on(at, jurisdictions=facility.taxed_by, reach=reach.value), *fees),
            share=None if facility.state_pays is None else self.taxes.share_of(facility.state_pays, at),
        )
        if terms is not None and kind is Kind.FREE and name:
            return replace(terms, allowance=name)
        return terms

    def free_day(self, facility: Facility, at: datetime) -> str | None:
        """The name of the free days that this day is one of, None if it is none."""
        return next((days.name for days in self.free_days if days.covers(at, facility.zone)), None)

    def offered(self, facility: Facility, at: datetime, purpose: Purpose) -> Iterator[Offered]:
        """The allowances of one purpose that hold now, in the order in which they are used up."""
        for allowance in self.allowances:
            period = window(allowance, at, facility.zone) if allowance.purpose is purpose else None
            if period is not None:
                yield Offered(allowance, period)

    def monthly_limits(self, facility: Facility, payer: Payer, at: datetime) -> MonthlyLimits | None:
        """What a number's phone bill may be charged in this month; None where nothing limits it."""
        limits = self.collect_limits
        if payer.billing != Kind.COLLECT.value or (limits.by_carrier is None and limits.by_provider is None):
            return None
        since = day_start(local_day(at, facility.zone).replace(day=1), facility.zone)
        return MonthlyLimits(since, limits.by_carrier, limits.by_provider)
