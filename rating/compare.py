"""One call under several tariffs and on several days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ledger.money import Money
from rating.deck import Deck
from rating.jurisdiction import Jurisdiction
from rating.price import NO_TALK, price, quote
from rating.tariff import Rate

POINTS_MAX: Final = 240
"""Points of a line: more than a plot 900 pixels wide can show apart."""
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Call:
    """The call that is priced again and again."""

    number: str
    """E.164."""
    kind: str
    jurisdiction: Jurisdiction
    talk: timedelta


@dataclass(frozen=True, slots=True)
class Offer:
    """A deck under the name people gave it."""

    name: str
    deck: Deck

    def rate(self, call: Call, on: date) -> Rate | None:
        """The rate of the call on a day; None where there is none."""
        return self.deck.rate(call.number, call.kind, on, call.jurisdiction)


@dataclass(frozen=True, slots=True)
class Case:
    """The call under one deck on one day. Without a rate there are no amounts."""

    offer: str
    on: date
    rate: Rate | None
    first_minute: Money | None = None
    each_minute: Money | None = None
    total: Money | None = None
    bands: tuple[str, ...] = ()
    """Of the tariff; in their hours the price is another."""


@dataclass(frozen=True, slots=True)
class Line:
    """Prices along something: talk in seconds, or days."""

    name: str
    points: tuple[tuple[int | date, Money | None], ...]


def compare(call: Call, offers: Iterable[Offer], days: Sequence[date]) -> list[Case]:
    """Price the call under every deck on every day, without taxes."""
    return [_case(call, offer, on) for offer in offers for on in days]


def bands_beside(deck: Deck, rate: Rate, kind: str, on: date) -> tuple[str, ...]:
    """The bands in which the calls of a rate, which holds outside them, have a price of their own."""
    return tuple(
        band
        for tariff in deck.tariffs
        if tariff.name == rate.tariff and kind in tariff.kinds and tariff.covers(on)
        for band, rates in tariff.band_rates.items()
        if rate.calls in rates
    )


def over_talk(call: Call, offers: Iterable[Offer], days: Sequence[date]) -> list[Line]:
    """For each deck and day the price of every length of talk up to the call's."""
    seconds = call.talk // timedelta(seconds=1)
    stride = max(1, -(-seconds // (POINTS_MAX - 1)))
    lengths = [*range(0, seconds, stride), seconds]
    lines = []
    for offer in offers:
        for on in days:
            rate = offer.rate(call, on)
            if rate is not None:
                points = tuple((length, price(rate, timedelta(seconds=length))) for length in lengths)
                lines.append(Line(f"{offer.name} {on}", points))
    return lines


def over_days(call: Call, offers: Iterable[Offer], start: date, until: date) -> list[Line]:
    """For each deck the price of the call on every day on which it may change, and on the day before it."""
    assert start <= until, f"{start} is later than {until}"
    lines = []
    for offer in offers:
        turns = {day for tariff in offer.deck.tariffs for day in (tariff.valid_from, tariff.valid_until) if day}
        days = {start, until} | {day for turn in turns for day in (turn - ONE_DAY, turn) if start <= day <= until}
        points = tuple((day, _case(call, offer, day).total) for day in sorted(days))
        lines.append(Line(offer.name, points))
    return lines


def _case(call: Call, offer: Offer, on: date) -> Case:
    assert call.talk >= NO_TALK, f"talk is negative: {call.talk}"
    rate = offer.rate(call, on)
    if rate is None:
        return Case(offer.name, on, None)
    told = quote(rate)
    bands = bands_beside(offer.deck, rate, call.kind, on)
    return Case(offer.name, on, rate, told.first_minute, told.each_minute, price(rate, call.talk), bands)
