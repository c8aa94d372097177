"""Amounts, durations, counts, phone numbers and keys, spoken from parts.

Pure: each function gives the ids of the clips to say in a row. Nothing is rounded that matters to
money: half a cent is said as such, finer parts as decimals.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from prompts.catalog import ClipId

AMOUNT_MAX: Final = Decimal(1_000_000_000)
"""Dollars: the range of the ledger's amounts."""
COUNT_MAX: Final = 999_999_999_999
"""What hundreds, thousands, millions and billions can say."""
DIGITS_MAX: Final = 20
"""E.164 has 15 digits; a mistyped number is read back too."""

PAUSE_SHORT: Final = ClipId("pause/short")
PAUSE_LONG: Final = ClipId("pause/long")

_MICRO: Final = Decimal("0.000001")
_CENTS_PER_DOLLAR: Final = 100
_MICROS_PER_CENT: Final = 10_000
_SCALES: Final = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"))
_KEY_NAMES: Final = {"*": "star", "#": "pound"}


def amount(dollars: Decimal) -> tuple[ClipId, ...]:
    """Say an amount of money exactly: `0.375` is "thirty-seven and a half cents".

    Raises:
        ValueError: Not finite, finer than a millionth of a dollar, or more than `AMOUNT_MAX`.
    """
    if not dollars.is_finite() or abs(dollars) > AMOUNT_MAX:
        raise ValueError(f"{dollars} dollars cannot be said; at most {AMOUNT_MAX} can")
    if dollars % _MICRO:
        raise ValueError(f"{dollars} dollars is finer than a millionth")
    whole_cents, fraction = divmod(int(abs(dollars) / _MICRO), _MICROS_PER_CENT)
    whole_dollars, cents = divmod(whole_cents, _CENTS_PER_DOLLAR)
    sign = (_id("number", "minus"),) if dollars < 0 else ()
    small = _cents(cents, fraction) if cents or fraction else ()
    if not whole_dollars:
        return (*sign, *small) if small else (_id("unit", "nothing"),)
    unit = ("dollar" if whole_dollars == 1 else "dollars") + ("-and" if small else "")
    return (*sign, *count(whole_dollars), _id("unit", unit), *small)


def price(first_minute: Decimal, each_minute: Decimal) -> tuple[ClipId, ...]:
    """Say what a call costs, once where every minute costs the same (47 CFR 64.710)."""
    if not first_minute and not each_minute:
        return (_id("price", "nothing"),)
    taxes = (PAUSE_LONG, _id("price", "taxes-not-included"))
    if first_minute == each_minute:
        return (_id("price", "each-minute"), *amount(each_minute), *taxes)
    first = (_id("price", "first-minute"), *amount(first_minute))
    return (*first, PAUSE_SHORT, _id("price", "each-further-minute"), *amount(each_minute), *taxes)


def duration(length: timedelta) -> tuple[ClipId, ...]:
    """Say hours, minutes and seconds; parts of a second are dropped, never promised.

    Raises:
        ValueError: The length is negative.
    """
    if length < timedelta(0):
        raise ValueError(f"a duration of {length} cannot be said")
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(n, unit) for n, unit in ((hours, "hour"), (minutes, "minute"), (seconds, "second")) if n]
    if not parts:
        return (*count(0), _id("unit", "seconds"))
    clips: list[ClipId] = []
    for place, (number, unit) in enumerate(parts, start=1):
        plural = unit if number == 1 else f"{unit}s"
        # "and" stands before the last part only.
        clips += (*count(number), _id("unit", f"{plural}-and" if place == len(parts) - 1 else plural))
    return tuple(clips)


def time_left(length: timedelta) -> tuple[ClipId, ...]:
    """Say how much talk is left, in one recording for the usual warnings of 60 s and 30 s."""
    if length == timedelta(seconds=60):
        return (_id("talk", "one-minute-left"),)
    if length == timedelta(seconds=30):
        return (_id("talk", "thirty-seconds-left"),)
    return (_id("talk", "you-have"), *duration(length), _id("talk", "left"))


def count(number: int) -> tuple[ClipId, ...]:
    """Say a whole number: 1234 is "one thousand two hundred thirty-four".

    Raises:
        ValueError: The number is negative or more than `COUNT_MAX`.
    """
    if not 0 <= number <= COUNT_MAX:
        raise ValueError(f"{number} cannot be said; 0 to {COUNT_MAX} can")
    clips: list[ClipId] = []
    rest = number
    for size, name in _SCALES:
        thousands, rest = divmod(rest, size)
        if thousands:
            clips += (*_below_thousand(thousands), _id("number", name))
    if rest or not clips:
        clips += _below_thousand(rest)
    return tuple(clips)


def digits(number: str) -> tuple[ClipId, ...]:
    """Read a phone number digit by digit, in the groups people write it in.

    North American numbers are read as 3, 3 and 4 digits without their country code, others in threes.

    Raises:
        ValueError: There is no digit, anything but digits after an optional `+`, or too many.
    """
    read = number.removeprefix("+")
    if not (read.isascii() and read.isdigit()) or len(read) > DIGITS_MAX:
        raise ValueError(f"{number!r} is no phone number of at most {DIGITS_MAX} digits")
    clips: list[ClipId] = []
    for group in _groups(read, is_international=number.startswith("+")):
        if clips:
            clips.append(PAUSE_SHORT)
        clips += (_id("digit", digit) for digit in group)
    return tuple(clips)


def key(pressed: str) -> tuple[ClipId, ...]:
    """Name the key to press, at the end of a sentence, or several in order: `76` is "seven then six".

    Raises:
        ValueError: A letter is not a key of a telephone.
    """
    if not pressed or any(letter not in "0123456789*#" for letter in pressed):
        raise ValueError(f"{pressed!r} is no key of a telephone; use 0-9, * and #")
    names = [_KEY_NAMES.get(letter, letter) for letter in pressed]
    earlier = [part for name in names[:-1] for part in (_id("digit", name), _id("outside", "then"))]
    return (*earlier, _id("key", names[-1]))


def _cents(cents: int, fraction: int) -> tuple[ClipId, ...]:
    """Cents and ten-thousandths of a cent, not both 0."""
    if fraction == _MICROS_PER_CENT // 2:
        if not cents:
            return (_id("unit", "half-a-cent"),)
        return (*count(cents), _id("number", "and-a-half"), _id("unit", "cents"))
    if fraction:
        decimals = f"{fraction:04d}".rstrip("0")
        said = (_id("number", digit) for digit in decimals)
        return (*count(cents), _id("number", "point"), *said, _id("unit", "cents"))
    return (*count(cents), _id("unit", "cent" if cents == 1 else "cents"))


def _below_thousand(number: int) -> tuple[ClipId, ...]:
    hundreds, rest = divmod(number, 100)
    said = (_id("number", str(hundreds)), _id("number", "hundred")) if hundreds else ()
    return (*said, _id("number", str(rest))) if rest or not hundreds else said


def _groups(read: str, *, is_international: bool) -> list[str]:
    if len(read) == 11 and read.startswith("1"):
        read = read[1:]
    elif len(read) != 10 or is_international:
        return [read[start : start + 3] for start in range(0, len(read), 3)]
    return [read[:3], read[3:6], read[6:]]


def _id(section: str, name: str) -> ClipId:
    return ClipId(f"{section}/{name}")
