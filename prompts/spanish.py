"""Spanish of the United States: amounts, durations, counts, phone numbers and keys from parts (a `Tongue`).

Pure, as `english.py`. Numbers agree with what they count (RAE, Diccionario panhispánico de dudas, "uno",
"cardinales"): `1-m` is "un" before dólares, centavos, minutos, segundos, mil and millones, `1-f` "una" before
horas, `1` alone "uno"; hundreds have a feminine form. A decimal point is "punto", a thousand million "mil millones".
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Final

from prompts import parts
from prompts.catalog import ClipId, full_id
from prompts.parts import HALF_CENT, Amount, check_count, hours_minutes_seconds, take_apart

language = "es"

_MILLION: Final = 1_000_000


class Form(Enum):
    """How a number ends, by what follows it; the value is the ending of its clip's name."""

    ALONE = ""
    """Nothing follows, or a decimal point: "veintiuno"."""
    MASCULINE = "-m"
    """A masculine noun: "veintiún dólares"."""
    FEMININE = "-f"
    """A feminine noun: "veintiuna horas"."""


_UNITS: Final = {"hour": Form.FEMININE, "minute": Form.MASCULINE, "second": Form.MASCULINE}


def clips(*names: str) -> tuple[ClipId, ...]:
    """Whole prompts, by their names in the catalog; what all languages share has one recording."""
    return tuple(full_id(language, name) for name in names)


def amount(dollars: Decimal) -> tuple[ClipId, ...]:
    """Say an amount of money exactly: `0.375` is "treinta y siete centavos y medio".

    Raises:
        ValueError: Not finite, finer than a millionth of a dollar, or more than `AMOUNT_MAX`.
    """
    said = take_apart(dollars)
    sign = clips("number/minus") if said.is_negative else ()
    small = _cents(said) if said.cents or said.fraction else ()
    if not said.dollars:
        return (*sign, *small) if small else clips("unit/nothing")
    unit = "dollar" if said.dollars == 1 else "dollars"
    if said.dollars % _MILLION == 0:
        # "Un millón de dólares", but "un millón un dólares".
        unit = "of-dollars"
    unit += "-and" if small else ""
    return (*sign, *_number(said.dollars, Form.MASCULINE), *clips(f"unit/{unit}"), *small)


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
        return clips("number/0", "unit/seconds")
    said: list[ClipId] = []
    for place, (number, unit) in enumerate(units, start=1):
        name = unit if number == 1 else f"{unit}s"
        if number % _MILLION == 0:
            name = f"of-{name}"
        # "y" stands before the last part only.
        name += "-and" if place == len(units) - 1 else ""
        said += (*_number(number, _UNITS[unit]), *clips(f"unit/{name}"))
    return tuple(said)


def time_left(length: timedelta) -> tuple[ClipId, ...]:
    """Say how much talk is left, in one recording for the usual warnings of 60 s and 30 s."""
    return parts.time_left(length, clips, duration)


def count(number: int) -> tuple[ClipId, ...]:
    """Say a whole number on its own: 1231 is "mil doscientos treinta y uno".

    Raises:
        ValueError: The number is negative or more than `COUNT_MAX`.
    """
    return _number(number, Form.ALONE)


def digits(number: str) -> tuple[ClipId, ...]:
    """Read a phone number digit by digit, in the groups people write it in (`parts.digits`)."""
    return parts.digits(number, clips)


def key(pressed: str) -> tuple[ClipId, ...]:
    """Name the key to press, at the end of a sentence, or several in order (`parts.key`)."""
    return parts.key(pressed, clips)


def _number(number: int, form: Form) -> tuple[ClipId, ...]:
    check_count(number)
    millions, rest = divmod(number, _MILLION)
    return clips(*_millions(millions), *(_below_million(rest, form) if rest or not millions else ()))


def _millions(millions: int) -> tuple[str, ...]:
    """So many millions, which are masculine: "un millón", "veintiún millones", "mil millones"."""
    thousands, rest = divmod(millions, 1000)
    match thousands, rest:
        case 0, 0:
            return ()
        case 0, 1:
            return ("number/one-million",)
        case 1, 0:
            return ("number/billion",)
        case _, 0:
            return (*_below_thousand(thousands, Form.MASCULINE), "number/billion")
        case _:
            return (*_below_million(millions, Form.MASCULINE), "number/million")


def _below_million(number: int, form: Form) -> tuple[str, ...]:
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return _below_thousand(rest, form)
    # "Mil", never "un mil"; "veintiún mil" even where nothing follows.
    before = Form.FEMININE if form is Form.FEMININE else Form.MASCULINE
    said = (*(_below_thousand(thousands, before) if thousands > 1 else ()), "number/thousand")
    return (*said, *_below_thousand(rest, form)) if rest else said


def _below_thousand(number: int, form: Form) -> tuple[str, ...]:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return (_below_hundred(rest, form),)
    if not rest and hundreds == 1:
        return ("number/hundred",)
    # "Ciento" has one form, the other hundreds have two: "doscientos", "doscientas".
    ending = Form.FEMININE.value if form is Form.FEMININE and hundreds > 1 else ""
    said = (f"number/{hundreds}00{ending}",)
    return (*said, _below_hundred(rest, form)) if rest else said


def _below_hundred(number: int, form: Form) -> str:
    agrees = number % 10 == 1 and number != 11
    return f"number/{number}{form.value if agrees else ''}"


def _cents(said: Amount) -> tuple[ClipId, ...]:
    """Cents and ten-thousandths of a cent, not both 0."""
    if said.fraction and said.fraction != HALF_CENT:
        decimals = (f"number/{digit}" for digit in said.decimals)
        return (*_number(said.cents, Form.ALONE), *clips("number/point", *decimals, "unit/cents"))
    if not said.cents:
        return clips("unit/half-a-cent")
    unit = clips("unit/cent" if said.cents == 1 else "unit/cents")
    half = clips("number/and-a-half") if said.fraction else ()
    return (*_number(said.cents, Form.MASCULINE), *unit, *half)
