"""The only place where an amount is rounded.

A price is first an exact `Fraction` of a dollar, because a cent a minute in steps of one second has
no finite decimal. It is rounded once, at the end, never step by step: to the nearest micro, and
from the exact middle to the even micro. Half to even favours neither the payer nor the house: over many
calls the middles go up as often as down. What rounding added or took is kept in the explanation.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from ledger.money import MICROS_PER_UNIT, Money

SHOWN_PLACES: Final = 12
"""Decimals of an exact amount in an explanation: a millionth of the micro that is booked."""

_SHOWN_PER_UNIT: Final = 10**SHOWN_PLACES


def to_money(exact: Fraction) -> Money:
    """The whole micros nearest to an exact amount, half to even."""
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


def top_increments(base: Fraction, increment: Fraction, money: Money) -> int:
    """The most increments that `to_money(base + n * increment) <= money` allows.

    `base` itself must fit and `increment` must cost something. An exact amount rounds to `money` or
    less up to `money` and a half micro; the middle itself goes up when `money` is odd.
    """
    middle = Fraction(2 * money.micros + 1, 2 * MICROS_PER_UNIT)
    count = (middle - base) // increment
    return count if to_money(base + count * increment) <= money else count - 1
