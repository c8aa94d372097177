"""Terms of a call from a deck: every price that can apply from admission to the limit of the talk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ledger.money import ZERO, Money
from rating.bill import micros, payer_pays
from rating.calendar import local_day, wall_changes
from rating.deck import Deck
from rating.jurisdiction import Jurisdiction
from rating.price import NO_TALK, price, step
from rating.rounding import grains, money_of
from rating.tariff import FREE_KIND, MidCall, Rate, Tariff, free_rate
from rating.tax import Levy, StateShare
from rating.terms import SEGMENTS_MAX, START, Segment, Terms, plain

_MIDNIGHT: Final = 0


def build_terms(
    deck: Deck,
    *,
    number: str,
    kind: str,
    at: datetime,
    answer_within: timedelta,
    limit: timedelta,
    jurisdiction: Jurisdiction | None = None,
    free_seconds: int = 0,
    allowance: str = "",
    levies: tuple[Levy, ...] = (),
    share: StateShare | None = None,
) -> Terms | None:
    """Fix what a call costs, at its admission.

    The tariff that holds at admission decides whether the price may change in mid-call. Where a later instant has no
    tariff for the number, the price before it goes on: an admitted call is never left without one.

    Args:
        deck: All tariffs in force.
        number: E.164, with its plus sign.
        kind: `advancepay`, `debit`, `collect` or `free`.
        at: The instant of admission, aware.
        answer_within: How long the called party may take to accept; prices are known so far beyond admission.
        limit: The longest talk of this call, counted from acceptance.
        jurisdiction: From the places of facility and number; None where the facility's is not known.
        free_seconds: What is left of an allowance for this call; nothing is taken where the call is free anyway.
        allowance: The name of that allowance.
        levies: Taxes and fees on this call.
        share: What a state pays of it.

    Returns:
        None where no tariff prices the number at admission.
    """
    if kind == FREE_KIND:
        return plain(free_rate())
    asked = (number, kind, jurisdiction)
    begins = _segment(deck, asked, at, START)
    if begins is None:
        return None
    segments = [begins]
    tariff = _tariff(deck, begins.rate, kind, at)
    reach = answer_within if tariff.mid_call is MidCall.FIXED else answer_within + limit
    for instant in _changes(deck, kind, at, at + reach):
        found = _segment(deck, asked, instant, instant - at)
        last = segments[-1]
        if found is not None and (found.rate, found.band) != (last.rate, last.band) and len(segments) < SEGMENTS_MAX:
            segments.append(found)
    is_free = all(segment.rate.is_free for segment in segments)
    return Terms(
        segments=tuple(segments),
        as_of=at,
        mid_call=tariff.mid_call,
        free_seconds=0 if is_free else free_seconds,
        allowance="" if is_free else allowance,
        levies=levies,
        share=share,
    )


def admission_hold(terms: Terms, slice_: timedelta, answer_within: timedelta) -> Money:
    """What to hold before anybody rings: it pays for the first slice, at whatever instant the call is accepted.

    Where no price changes so soon it is exactly the price of that slice. Where a price that is split changes, it is at
    most one increment more.
    """
    if terms.as_of is None or len(terms.segments) == 1:
        return _first_slice(terms, slice_)
    if terms.mid_call is MidCall.FIXED:
        return max(
            _first_slice(terms.accepted(terms.as_of + each.after), slice_)
            for each in terms.segments
            if each.after <= answer_within
        )
    free = timedelta(seconds=terms.free_seconds)
    if slice_ <= free:
        return ZERO
    paid = slice_ - free
    longest = max(paid, *(timedelta(seconds=each.rate.minimum_seconds) for each in terms.segments))
    rates = [each.rate for each in terms.segments if each.after <= answer_within + free + longest]
    if len(rates) == 1:
        return _first_slice(terms, slice_)
    return payer_pays(terms, money_of(_dearest(rates, micros(longest))))


def _first_slice(terms: Terms, slice_: timedelta) -> Money:
    return price(terms, step(terms, NO_TALK, slice_))


def _dearest(rates: list[Rate], paid: int) -> int:
    """Grains that are enough for paid talk over any mixture of these rates.

    The steps of a mixture cover the talk and less than one increment more, and no second of them costs more than
    the dearest.
    """
    first = max(grains(rate.connection) + rate.first_grains for rate in rates)
    second = max(grains(rate.per_minute, 1) for rate in rates)
    rest = max(0, paid - min(rate.first_seconds for rate in rates) * 1_000_000)
    longest = max(rate.increment_seconds for rate in rates)
    return first + (-(-rest // 1_000_000) + longest) * second


def _segment(deck: Deck, asked: tuple[str, str, Jurisdiction | None], at: datetime, after: timedelta) -> Segment | None:
    number, kind, jurisdiction = asked
    found = deck.rate(number, kind, at, jurisdiction)
    if found is None:
        return None
    rate, band = _tariff(deck, found, kind, at).rate_at(found, at)
    return Segment(after, rate, band)


def _tariff(deck: Deck, rate: Rate, kind: str, at: datetime) -> Tariff:
    """The tariff a rate was found in; several of one deck file share a name, and never a day for the same call."""
    return next(
        tariff
        for tariff in deck.tariffs
        if tariff.name == rate.tariff and kind in tariff.kinds and tariff.covers(local_day(at, tariff.zone))
    )


def _changes(deck: Deck, kind: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants between two at which another tariff or band may hold, in their order."""
    clocks: dict[str, set[int]] = {}
    for tariff in deck.tariffs:
        if kind in tariff.kinds:
            minutes = clocks.setdefault(tariff.zone, {_MIDNIGHT})
            minutes.update(minute for band in tariff.bands for minute in (band.start, band.end))
    yield from sorted({each for zone, minutes in clocks.items() for each in wall_changes(start, end, zone, minutes)})
