"""What talk costs, how much talk money buys, and up to where to hold next.

`afford` is the exact inverse of `price`: where it is finite and the money pays for the minimum,
`price(afford(m)) <= m` and an instant more costs more than m. All of it takes the `Terms` of a call or a plain
`Rate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ledger.money import MICROS_PER_UNIT, ZERO, Money
from rating.bill import micros, payer_pays, state_part, talk_price
from rating.rounding import BILLION, billionths, money_of, most_grains
from rating.stairs import SECOND
from rating.tariff import Rate
from rating.terms import INSTANT, Priced, Terms

MINUTE: Final = timedelta(minutes=1)
NO_TALK: Final = timedelta(0)
ENDLESS: Final = timedelta.max
"""Talk no amount of money limits."""

_ENDLESS_MICROS: Final = ENDLESS // INSTANT


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a call as it is told before acceptance (47 CFR 64.710), without taxes.

    It is what the payer pays: a state's share is taken off.
    """

    first_minute: Money
    """Of the first minute that is not free."""
    each_minute: Money
    """Of every further minute, as long as the price does not change."""
    free_seconds: int = 0
    """Talk of an allowance that comes first."""
    excludes_taxes: bool = False
    """Whether taxes or fees come on top."""
    changes_after: timedelta | None = None
    """Talk after which another price holds, None where none will."""


def price(priced: Priced, talk: timedelta) -> Money:
    """What the payer pays for an accepted call with this much talk: taxes included, a state's share taken off."""
    if isinstance(priced, Rate):
        return money_of(priced.stairs.grains(micros(talk)))
    return payer_pays(priced, talk_price(priced, talk))


def afford(priced: Priced, money: Money) -> timedelta:
    """The longest talk whose price is at most this money.

    Zero means that the call cannot be admitted: nothing is free and not even the minimum is paid for. `ENDLESS`
    means that nothing more is ever charged. Free talk is there even for who owes: nothing is asked of them.
    """
    if priced.is_free:
        return ENDLESS
    stairs = priced.stairs
    gross = money if isinstance(priced, Rate) else _most_gross(priced, money)
    end = stairs.afford(most_grains(gross))
    return ENDLESS if end is None else _talk(end)


def step(priced: Priced, granted: timedelta, more: timedelta) -> timedelta:
    """The talk to hold up to next, when `granted` is held already and a slice of about `more` is wanted.

    The answer is the end of the free talk or of an increment, never below the minimum, and further than what is
    granted: holding less would pay for nothing that can be talked.
    """
    assert granted >= NO_TALK, f"granted talk is negative: {granted}"
    assert more >= NO_TALK, f"the slice is negative: {more}"
    if granted >= ENDLESS - more:
        return ENDLESS
    stairs = priced.stairs
    held = micros(granted)
    wanted = max(held + 1, held + micros(more))
    return _talk(stairs.free if wanted <= stairs.free else stairs.end(wanted))


def quote(priced: Priced) -> Quote:
    """The price of the first paid minute and of each further one.

    The further minute is counted from the end of the minimum where that is longer than a minute, so
    that what is told is what is charged.
    """
    if isinstance(priced, Rate):
        return Quote(*_minutes(priced))
    opening = priced.opening
    first, each = _minutes(opening.rate)
    later = [segment.after for segment in priced.priced if segment.after > opening.after]
    return Quote(
        first_minute=first - state_part(priced, first),
        each_minute=each - state_part(priced, each),
        free_seconds=priced.free_seconds,
        excludes_taxes=bool(priced.levies),
        changes_after=later[0] if later else None,
    )


def increments(rate: Rate, talk: timedelta) -> int:
    """The number of increments after the first interval that this talk is billed."""
    first, length = rate.first_seconds * SECOND, rate.increment_seconds * SECOND
    return -(-(rate.stairs.billed(micros(talk)) - first) // length)


def _minutes(rate: Rate) -> tuple[Money, Money]:
    minute = 60 * SECOND
    start = max(minute, rate.stairs.least)
    at_start = money_of(rate.stairs.grains(start))
    first = at_start if start == minute else money_of(rate.stairs.grains(minute))
    return first, money_of(rate.stairs.grains(start + minute)) - at_start


def _most_gross(terms: Terms, money: Money) -> Money:
    """The highest price of talk for which the payer, taxes included, pays at most this money.

    What the payer pays never falls as the price of talk grows, by whole micros, so halving finds it exactly. Straight
    lines bound it: unrounded, the payer pays `price * kept * taxed + fees`. Rounding a levy moves that by half a micro,
    rounding the state's share by half a micro and the taxes on it: together less than a micro for each levy and one.
    """
    if money < ZERO or (not terms.levies and terms.share is None):
        return money
    kept = BILLION - (0 if terms.share is None else billionths(terms.share.share))
    taxed = BILLION + sum(billionths(levy.share) for levy in terms.levies)
    fees = sum(billionths(levy.per_call) for levy in terms.levies) * MICROS_PER_UNIT
    slack = (len(terms.levies) + 1) * BILLION
    exact = money.micros * BILLION - fees
    low = max(0, (exact - slack) * BILLION // (kept * taxed))
    # Below the second of these the payer's part may be nothing; then no fee is due.
    high = max((exact + slack) * BILLION // (kept * taxed), BILLION // kept) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if payer_pays(terms, Money(middle)) <= money:
            low = middle
        else:
            high = middle
    return Money(low)


def _talk(end: int) -> timedelta:
    """Microseconds as talk; `ENDLESS` where a timedelta cannot say it."""
    return timedelta(microseconds=end) if end <= _ENDLESS_MICROS else ENDLESS
