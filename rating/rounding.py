"""The only place where an amount is rounded.

A price is first an exact whole number of grains. A **grain** is the sixtieth part of a billionth of a
dollar: every rate of at most nine decimals a minute, for whole seconds, is a whole number of them, so
sums are exact integers. A price is rounded once, at the end, never step by step: to the nearest micro, and
from the exact middle to the even micro. Half to even favours neither the payer nor the house: over many
calls the middles go up as often as down. What rounding added or took is kept in the explanation. A tax and a
share of the state are rounded once each, in the same manner, from the price that is booked.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from ledger.money import MICROS_PER_UNIT, Money

RATE_PLACES_MAX: Final = 9
"""Decimals of a rate or a share: a thousandth of the micro that is booked."""
GRAINS_PER_MICRO: Final = 60_000
"""60 seconds in a minute times the thousand billionths of a dollar that make a micro."""
SHOWN_PLACES: Final = 12
"""Decimals of an exact amount in an explanation: a millionth of the micro that is booked."""

BILLION: Final = 10**RATE_PLACES_MAX
_SHOWN_PER_UNIT: Final = 10**SHOWN_PLACES
_MIDDLE: Final = GRAINS_PER_MICRO // 2


def billionths(value: Decimal) -> int:
    """A decimal of at most nine places as whole billionths, whatever the decimal context is."""
    numerator, denominator = value.as_integer_ratio()
    assert BILLION % denominator == 0, f"{value} has more than {RATE_PLACES_MAX} decimals"
    return numerator * (BILLION // denominator)


def grains(per_minute: Decimal, seconds: int = 60) -> int:
    """What so many seconds cost at dollars a minute; dollars themselves where no seconds are given."""
    return billionths(per_minute) * seconds


def money_of(exact: int) -> Money:
    """The whole micros nearest to an amount in grains, half to even."""
    micros, rest = divmod(exact, GRAINS_PER_MICRO)
    if rest > _MIDDLE or (rest == _MIDDLE and micros & 1):
        micros += 1
    return Money(micros)


def most_grains(money: Money) -> int:
    """The most grains that `money_of` rounds to this money or less: the middle itself goes up from odd micros."""
    return money.micros * GRAINS_PER_MICRO + _MIDDLE - (money.micros & 1)


def part_of(money: Money, share: Decimal, more: Decimal = Decimal(0)) -> Money:
    """A share of an amount, and an amount in dollars on top, rounded once together."""
    exact = money.micros * billionths(share) + (billionths(more) * MICROS_PER_UNIT if more else 0)
    micros, rest = divmod(exact, BILLION)
    if 2 * rest > BILLION or (2 * rest == BILLION and micros & 1):
        micros += 1
    return Money(micros)


def to_money(exact: Fraction) -> Money:
    """The whole micros nearest to an exact amount of dollars, half to even."""
    return Money(round(exact * MICROS_PER_UNIT))


def to_shown(exact: Fraction) -> Decimal:
    """An exact amount as a decimal for people and JSON, to `SHOWN_PLACES`, without trailing zeros.

    Built from digits, so that it does not depend on the precision of the decimal context.
    """
    scaled = round(exact * _SHOWN_PER_UNIT)
    places = SHOWN_PLACES
    while places and scaled % 10 == 0:
        scaled //= 10
        places -= 1
    digits = tuple(int(digit) for digit in str(abs(scaled)))
    return Decimal((int(scaled < 0), digits, -places))


def dollars_of(exact: int) -> Fraction:
    """An amount in grains as exact dollars."""
    return Fraction(exact, GRAINS_PER_MICRO * MICROS_PER_UNIT)
