"""English: amounts, durations, counts, phone numbers and keys, spoken from parts (a `prompts.tongue.Tongue`).

Pure: each function gives the ids of the clips to say in a row. Nothing is rounded that matters to
money: half a cent is said as such, finer parts as decimals.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from prompts import parts
from prompts.catalog import ClipId
from prompts.parts import HALF_CENT, Amount, check_count, hours_minutes_seconds, take_apart

language = "en"

_SCALES: Final = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"))


def clips(*names: str) -> tuple[ClipId, ...]:
    """Whole prompts, by their names in the catalog."""
    return tuple(map(ClipId, names))


def amount(dollars: Decimal) -> tuple[ClipId, ...]:
    """Say an amount of money exactly: `0.375` is "thirty-seven and a half cents".

    Raises:
        ValueError: Not finite, finer than a millionth of a dollar, or more than `AMOUNT_MAX`.
    """
    said = take_apart(dollars)
    sign = clips("number/minus") if said.is_negative else ()
    small = _cents(said) if said.cents or said.fraction else ()
    if not said.dollars:
        return (*sign, *small) if small else clips("unit/nothing")
    unit = ("dollar" if said.dollars == 1 else "dollars") + ("-and" if small else "")
    return (*sign, *count(said.dollars), *clips(f"unit/{unit}"), *small)


def price(first_minute: Decimal, each_minute: Decimal) -> tuple[ClipId, ...]:
    """Say what a call costs, once where every minute costs the same (47 CFR 64.710)."""
    return parts.price(first_minute, each_minute, clips, amount)


def duration(length: timedelta) -> tuple[ClipId, ...]:
    """Say hours, minutes and seconds; parts of a second are dropped, never promised.

    Raises:
        ValueError: The length is negative.
    """
    units = hours_minutes_seconds(length)
    if not units:
        return (*count(0), *clips("unit/seconds"))
    said: list[ClipId] = []
    for place, (number, unit) in enumerate(units, start=1):
        plural = unit if number == 1 else f"{unit}s"
        # "and" stands before the last part only.
        said += (*count(number), *clips(f"unit/{plural}-and" if place == len(units) - 1 else f"unit/{plural}"))
    return tuple(said)


def time_left(length: timedelta) -> tuple[ClipId, ...]:
    """Say how much talk is left, in one recording for the usual warnings of 60 s and 30 s."""
    return parts.time_left(length, clips, duration)


def count(number: int) -> tuple[ClipId, ...]:
    """Say a whole number: 1234 is "one thousand two hundred thirty-four".

    Raises:
        ValueError: The number is negative or more than `COUNT_MAX`.
    """
    check_count(number)
    said: list[ClipId] = []
    rest = number
    for size, name in _SCALES:
        thousands, rest = divmod(rest, size)
        if thousands:
            said += (*_below_thousand(thousands), *clips(f"number/{name}"))
    if rest or not said:
        said += _below_thousand(rest)
    return tuple(said)


def digits(number: str) -> tuple[ClipId, ...]:
    """Read a phone number digit by digit, in the groups people write it in (`parts.digits`)."""
    return parts.digits(number, clips)


def key(pressed: str) -> tuple[ClipId, ...]:
    """Name the key to press, at the end of a sentence, or several in order (`parts.key`)."""
    return parts.key(pressed, clips)


def _cents(said: Amount) -> tuple[ClipId, ...]:
    """Cents and ten-thousandths of a cent, not both 0."""
    if said.fraction == HALF_CENT:
        if not said.cents:
            return clips("unit/half-a-cent")
        return (*count(said.cents), *clips("number/and-a-half", "unit/cents"))
    if said.fraction:
        decimals = (f"number/{digit}" for digit in said.decimals)
        return (*count(said.cents), *clips("number/point", *decimals, "unit/cents"))
    return (*count(said.cents), *clips("unit/cent" if said.cents == 1 else "unit/cents"))


def _below_thousand(number: int) -> tuple[ClipId, ...]:
    hundreds, rest = divmod(number, 100)
    said = clips(f"number/{hundreds}", "number/hundred") if hundreds else ()
    return (*said, *clips(f"number/{rest}")) if rest or not hundreds else said
