"""What every language says alike: amounts, durations, phone numbers and keys, taken apart. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final, Protocol

from prompts.catalog import ClipId

AMOUNT_MAX: Final = Decimal(1_000_000_000)
"""Dollars: the range of the ledger's amounts."""
COUNT_MAX: Final = 999_999_999_999
"""What hundreds, thousands, millions and billions can say."""
DIGITS_MAX: Final = 20
"""E.164 has 15 digits; a mistyped number is read back too."""

PAUSE_SHORT: Final = ClipId("pause/short")
PAUSE_LONG: Final = ClipId("pause/long")

HALF_CENT: Final = 5_000
"""Half a cent, as a fraction of an `Amount`."""

_MICRO: Final = Decimal("0.000001")
_CENTS_PER_DOLLAR: Final = 100
_MICROS_PER_CENT: Final = 10_000
_KEY_NAMES: Final = {"*": "star", "#": "pound"}


class Clips(Protocol):
    """Whole prompts of one language by their plain ids."""

    def __call__(self, *names: str) -> tuple[ClipId, ...]:
        """The clips of these names, in order."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money as it is said."""

    is_negative: bool
    dollars: int
    cents: int
    fraction: int
    """Ten-thousandths of a cent."""

    @property
    def decimals(self) -> str:
        """Digits of the fraction behind the point, none where there is no fraction."""
        return f"{self.fraction:04d}".rstrip("0")


def take_apart(dollars: Decimal) -> Amount:
    """Dollars, cents and what is finer, exactly.

    Raises:
        ValueError: Not finite, finer than a millionth of a dollar, or more than `AMOUNT_MAX`.
    """
    if not dollars.is_finite() or abs(dollars) > AMOUNT_MAX:
        raise ValueError(f"{dollars} dollars cannot be said; at most {AMOUNT_MAX} can")
    if dollars % _MICRO:
        raise ValueError(f"{dollars} dollars is finer than a millionth")
    whole_cents, fraction = divmod(int(abs(dollars) / _MICRO), _MICROS_PER_CENT)
    whole_dollars, cents = divmod(whole_cents, _CENTS_PER_DOLLAR)
    return Amount(dollars < 0, whole_dollars, cents, fraction)


def hours_minutes_seconds(length: timedelta) -> list[tuple[int, str]]:
    """The parts of a duration that are not 0, with their units; parts of a second are dropped, never promised.

    Raises:
        ValueError: The length is negative.
    """
    if length < timedelta(0):
        raise ValueError(f"a duration of {length} cannot be said")
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return [(number, unit) for number, unit in ((hours, "hour"), (minutes, "minute"), (seconds, "second")) if number]


def check_count(number: int) -> None:
    """Refuse what no language has words for.

    Raises:
        ValueError: The number is negative or more than `COUNT_MAX`.
    """
    if not 0 <= number <= COUNT_MAX:
        raise ValueError(f"{number} cannot be said; 0 to {COUNT_MAX} can")


def price(
    first_minute: Decimal, each_minute: Decimal, clips: Clips, amount: Callable[[Decimal], tuple[ClipId, ...]]
) -> tuple[ClipId, ...]:
    """Say what a call costs, once where every minute costs the same (47 CFR 64.710)."""
    if not first_minute and not each_minute:
        return clips("price/nothing")
    taxes = (PAUSE_LONG, *clips("price/taxes-not-included"))
    if first_minute == each_minute:
        return (*clips("price/each-minute"), *amount(each_minute), *taxes)
    first = (*clips("price/first-minute"), *amount(first_minute))
    return (*first, PAUSE_SHORT, *clips("price/each-further-minute"), *amount(each_minute), *taxes)


def time_left(
    length: timedelta, clips: Clips, duration: Callable[[timedelta], tuple[ClipId, ...]]
) -> tuple[ClipId, ...]:
    """Say how much talk is left, in one recording for the usual warnings of 60 s and 30 s."""
    if length == timedelta(seconds=60):
        return clips("talk/one-minute-left")
    if length == timedelta(seconds=30):
        return clips("talk/thirty-seconds-left")
    return (*clips("talk/you-have"), *duration(length), *clips("talk/left"))


def digits(number: str, clips: Clips) -> tuple[ClipId, ...]:
    """Read a phone number digit by digit, in the groups people write it in.

    North American numbers are read as 3, 3 and 4 digits without their country code, others in threes.

    Raises:
        ValueError: There is no digit, anything but digits after an optional `+`, or too many.
    """
    read = number.removeprefix("+")
    if not (read.isascii() and read.isdigit()) or len(read) > DIGITS_MAX:
        raise ValueError(f"{number!r} is no phone number of at most {DIGITS_MAX} digits")
    said: list[ClipId] = []
    for group in _groups(read, is_international=number.startswith("+")):
        if said:
            said.append(PAUSE_SHORT)
        said += clips(*(f"digit/{digit}" for digit in group))
    return tuple(said)


def key(pressed: str, clips: Clips) -> tuple[ClipId, ...]:
    """Name the key to press, at the end of a sentence, or several in order: `76` is "seven then six".

    Raises:
        ValueError: A letter is not a key of a telephone.
    """
    if not pressed or any(letter not in "0123456789*#" for letter in pressed):
        raise ValueError(f"{pressed!r} is no key of a telephone; use 0-9, * and #")
    names = [_KEY_NAMES.get(letter, letter) for letter in pressed]
    earlier = [part for name in names[:-1] for part in (f"digit/{name}", "outside/then")]
    return clips(*earlier, f"key/{names[-1]}")


def _groups(read: str, *, is_international: bool) -> list[str]:
    if len(read) == 11 and read.startswith("1"):
        read = read[1:]
    elif len(read) != 10 or is_international:
        return [read[start : start + 3] for start in range(0, len(read), 3)]
    return [read[:3], read[3:6], read[6:]]
