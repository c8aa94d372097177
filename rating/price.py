"""What talk costs, how much talk money buys, and up to where to hold next.

`afford` is the exact inverse of `price`: for every rate that is not free and every amount m that pays
for the minimum, `price(afford(m)) <= m` and an instant more costs more than m.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final

from ledger.money import Money
from rating.rounding import to_money, top_increments
from rating.tariff import Rate

MINUTE: Final = timedelta(minutes=1)
NO_TALK: Final = timedelta(0)
ENDLESS: Final = timedelta.max
"""Talk no amount of money limits."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a call as it is told before acceptance (47 CFR 64.710), without taxes."""

    first_minute: Money
    each_minute: Money
    """Of every further minute."""


def price(rate: Rate, talk: timedelta) -> Money:
    """The price of an accepted call with this much talk, rounded once."""
    return to_money(exact_price(rate, increments(rate, talk)))


def afford(rate: Rate, money: Money) -> timedelta:
    """The longest talk whose price is at most this money.

    Zero means that the call cannot be admitted: not even the minimum is paid for. `ENDLESS` means that
    nothing more is ever charged. A free call is endless even for who owes: nothing is asked of them.
    """
    if rate.is_free:
        return ENDLESS
    least = increments(rate, NO_TALK)
    base = exact_price(rate, least)
    if to_money(base) > money:
        return NO_TALK
    step_price = _increment_price(rate)
    if not step_price:
        return ENDLESS
    return _talk_of(rate, least + top_increments(base, step_price, money))


def step(rate: Rate, granted: timedelta, more: timedelta) -> timedelta:
    """The talk to hold up to next, when `granted` is held already and a slice of about `more` is wanted.

    The answer is an end of an increment, never below the minimum, and at least one increment further
    than what is granted: holding less would pay for nothing that can be talked.
    """
    assert granted >= NO_TALK, f"granted talk is negative: {granted}"
    assert more >= NO_TALK, f"the slice is negative: {more}"
    first = timedelta(seconds=rate.first_seconds)
    increment = timedelta(seconds=rate.increment_seconds)
    if granted >= ENDLESS - more:
        return ENDLESS
    wanted = max(increments(rate, granted + more), increments(rate, NO_TALK))
    beyond = (granted - first) // increment + 1
    return _talk_of(rate, max(wanted, beyond))


def quote(rate: Rate) -> Quote:
    """The price of the first minute and of each further one.

    The further minute is counted from the end of the minimum where that is longer than a minute, so
    that what is told is what is charged.
    """
    start = max(MINUTE, timedelta(seconds=rate.minimum_seconds))
    return Quote(
        first_minute=price(rate, MINUTE),
        each_minute=price(rate, start + MINUTE) - price(rate, start),
    )


def increments(rate: Rate, talk: timedelta) -> int:
    """The number of increments after the first interval that this talk is billed."""
    assert talk >= NO_TALK, f"talk is negative: {talk}"
    billed = max(talk, timedelta(seconds=rate.minimum_seconds))
    past_first = billed - timedelta(seconds=rate.first_seconds)
    whole, begun = divmod(past_first, timedelta(seconds=rate.increment_seconds))
    return whole + bool(begun)


def exact_price(rate: Rate, count: int) -> Fraction:
    """The unrounded price of the first interval and `count` increments."""
    return Fraction(rate.connection) + first_price(rate) + count * _increment_price(rate)


def first_price(rate: Rate) -> Fraction:
    """The unrounded price of the first interval, without the connection."""
    if rate.first_price is not None:
        return Fraction(rate.first_price)
    return Fraction(rate.per_minute) * Fraction(rate.first_seconds, 60)


def _increment_price(rate: Rate) -> Fraction:
    return Fraction(rate.per_minute) * Fraction(rate.increment_seconds, 60)


def _talk_of(rate: Rate, count: int) -> timedelta:
    """The end of the given increment; `ENDLESS` where a timedelta cannot say it."""
    seconds = rate.first_seconds + count * rate.increment_seconds
    return timedelta(seconds=seconds) if seconds <= ENDLESS // timedelta(seconds=1) else ENDLESS
