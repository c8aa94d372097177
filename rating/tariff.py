"""Tariffs and their rates: dated, frozen values.

A `Rate` prices talk of length T, counted from acceptance:

    price(T) = connection + first interval + n * increment_seconds * per_minute / 60
    n        = ceil((max(T, minimum) - first interval) / increment), at least 0

The first interval is billed whole as soon as the call is accepted, so even a talk of zero length costs
it; every further increment is billed whole as soon as it has begun. The first interval costs
`first_price` where a tariff sets it apart (1.50 for the first minute, 0.12 after it), otherwise its
share of `per_minute`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Final

from rating.band import Band, band_at
from rating.calendar import wall_clock
from rating.errors import RateError
from rating.jurisdiction import Jurisdiction
from rating.rounding import RATE_PLACES_MAX, grains
from rating.stairs import SECOND, Pace, Stairs

AMOUNT_MAX: Final = Decimal(1000)
"""Dollars a minute or for a first interval: above any tariff ever filed, so beyond it is a slip of the pen."""
AMOUNT_PLACES_MAX: Final = RATE_PLACES_MAX
"""Decimals of a rate."""
SECONDS_MAX: Final = 86_400
"""A first interval, a minimum or an increment of more than a day is a mistake of units."""
DAY_MIN: Final = date(1900, 1, 1)
"""No tariff of telephone calls is older, and the first day of the calendar does not begin in every zone."""
ANYWHERE: Final = "+"
"""The prefix of every number."""
PREFIX_DIGITS_MAX: Final = 15
"""E.164 numbers have at most 15 digits."""

KINDS: Final = ("advancepay", "debit", "collect")
"""The kinds of billing a tariff can price; a call of the kind `free` needs none."""
FREE_KIND: Final = "free"

_AMOUNTS: Final = ("per_minute", "first_price", "connection")
_SECONDS: Final = ("first_seconds", "increment_seconds", "minimum_seconds")


@dataclass(frozen=True, slots=True)
class Rate:
    """One row of a tariff for one prefix: all that is needed to price a call.

    It is fixed when a call is admitted and stored with it, so that a change of tariffs or a crash in
    mid-call changes nothing.

    Raises:
        RateError: An amount or a duration is out of range, the minimum is below the first interval, or
            the prefix is not one of E.164.
    """

    tariff: str
    prefix: str
    """The leading part of an E.164 number, with its plus sign; `ANYWHERE` matches all."""
    place: str
    """Where that is, for people."""
    per_minute: Decimal
    first_price: Decimal | None = None
    """For the whole first interval; None when it costs its share of `per_minute`."""
    connection: Decimal = Decimal(0)
    """Once per call. Banned in the United States since 2016, found in older tariffs."""
    first_seconds: int = 60
    increment_seconds: int = 60
    minimum_seconds: int = 60
    """The least talk that is billed; at least the first interval."""
    jurisdiction: Jurisdiction | None = None
    """The calls it prices, where it names those instead of a prefix; `prefix` is then `ANYWHERE`."""
    _stairs: Stairs | None = field(init=False, default=None, compare=False, repr=False)
    """Made at the first price: most rates of a large deck are never asked for one."""

    def __post_init__(self) -> None:
        if not self.prefix.startswith(ANYWHERE):
            raise RateError(f"prefix: {self.prefix!r} does not begin with a plus sign")
        if self.jurisdiction is not None and self.prefix != ANYWHERE:
            raise RateError(f"jurisdiction: a rate of {self.jurisdiction} calls has no prefix, but {self.prefix}")
        for name in _AMOUNTS:
            _check_amount(name, getattr(self, name))
        for name in _SECONDS:
            seconds = getattr(self, name)
            if type(seconds) is not int or not 1 <= seconds <= SECONDS_MAX:
                raise RateError(f"{name}: {seconds!r} is not a whole number from 1 to {SECONDS_MAX}")
        if self.minimum_seconds < self.first_seconds:
            raise RateError(
                f"minimum_seconds: {self.minimum_seconds} is below the first interval of {self.first_seconds}"
            )

    @property
    def is_free(self) -> bool:
        """Whether no talk of any length costs anything."""
        return not (self.per_minute or self.first_price or self.connection)

    @property
    def calls(self) -> str:
        """Which calls of its tariff it prices, by prefix or by jurisdiction: no two rates of one band have the same."""
        return self.jurisdiction or self.prefix

    @property
    def first_grains(self) -> int:
        """The exact price of the first interval, without the connection."""
        if self.first_price is not None:
            return grains(self.first_price)
        return grains(self.per_minute, self.first_seconds)

    @property
    def increment_grains(self) -> int:
        """The exact price of an increment."""
        return grains(self.per_minute, self.increment_seconds)

    @property
    def stairs(self) -> Stairs:
        """The price as a function of talk, where this rate holds throughout."""
        if self._stairs is None:
            made = Stairs(
                free=0,
                first=self.first_seconds * SECOND,
                first_price=grains(self.connection) + self.first_grains,
                minimum=self.minimum_seconds * SECOND,
                paces=[Pace(0, self.increment_seconds * SECOND, self.increment_grains)],
            )
            object.__setattr__(self, "_stairs", made)
            return made
        return self._stairs

    def to_facts(self) -> dict[str, object]:
        """The rate as values of JSON, amounts as decimal strings."""
        facts = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        for name in _AMOUNTS:
            if facts[name] is not None:
                facts[name] = f"{facts[name]:f}"
        if self.jurisdiction is None:
            del facts["jurisdiction"]
        return facts

    def to_json(self) -> str:
        """The rate as one line of JSON."""
        return json.dumps(self.to_facts(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Rate:
        """Read what `to_json` wrote.

        Raises:
            RateError: The text is anything else.
        """
        try:
            facts = json.loads(text)
        except ValueError as error:
            raise RateError(f"not a stored rate: {error}") from None
        return cls.from_facts(facts)

    @classmethod
    def from_facts(cls, stored: object) -> Rate:
        """Read what `to_facts` gave.

        Raises:
            RateError: It is anything else.
        """
        names = {each.name for each in fields(cls) if each.init}
        if not isinstance(stored, dict) or {*stored, "jurisdiction"} != names:
            raise RateError("not a stored rate: its fields are not those of a rate")
        facts = dict(stored)
        for name in ("tariff", "prefix", "place"):
            if not isinstance(facts[name], str):
                raise RateError(f"{name}: {facts[name]!r} is not text")
        for name in _AMOUNTS:
            if not (name == "first_price" and facts[name] is None):
                facts[name] = _read_amount(name, facts[name])
        word = facts.pop("jurisdiction", None)
        if word is not None and word not in list(Jurisdiction):
            raise RateError(f"jurisdiction: {word!r} is not one of {', '.join(Jurisdiction)}")
        return cls(**facts, jurisdiction=None if word is None else Jurisdiction(word))


class MidCall(Enum):
    """What a change of price does to a call that goes on: another band, or another dated tariff."""

    FIXED = "fixed"
    """Nothing: the price at acceptance holds to the end."""
    SPLIT = "split"
    """Increments that begin at the change or later cost the new price."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """A dated table of rates.

    It holds from the start of `valid_from` to the start of `valid_until`, in the local time of `zone`. Within
    its days, bands may price some prefixes differently: `rate_at` tells.
    """

    name: str
    valid_from: date
    valid_until: date | None
    """The first day on which it no longer holds; None as long as nothing replaces it."""
    zone: str
    """A name of the IANA time zone data: the days above are days there."""
    kinds: frozenset[str]
    rates: tuple[Rate, ...]
    """One per prefix, no prefix twice: what holds outside every band."""
    bands: tuple[Band, ...] = ()
    """Where two of them hold, the one that stands first decides."""
    band_rates: Mapping[str, Mapping[str, Rate]] = field(default_factory=dict, hash=False)
    """By the name of a band, then by `Rate.calls`; only what `rates` prices too."""
    holidays: frozenset[date] = frozenset()
    mid_call: MidCall = MidCall.FIXED

    def covers(self, day: date) -> bool:
        """Whether the tariff holds on this local day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def rate_at(self, rate: Rate, instant: datetime) -> tuple[Rate, str]:
        """The rate of the same prefix in the band that holds at an instant, and the name of that band.

        Outside every band, and where the band does not price the prefix, it is the rate itself, and no name.
        """
        if not self.band_rates:
            return rate, ""
        band = band_at(self.bands, self.holidays, wall_clock(instant, self.zone))
        if band is None:
            return rate, ""
        found = self.band_rates.get(band.name, {}).get(rate.calls)
        return (rate, "") if found is None else (found, band.name)


def free_rate(prefix: str = ANYWHERE, place: str = "anywhere") -> Rate:
    """The rate of calls nobody pays for."""
    return Rate(tariff=FREE_KIND, prefix=prefix, place=place, per_minute=Decimal(0))


def _check_amount(name: str, amount: Decimal | None) -> None:
    if amount is None:
        return
    if not amount.is_finite() or not 0 <= amount <= AMOUNT_MAX:
        raise RateError(f"{name}: {amount} is not an amount from 0 to {AMOUNT_MAX}")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > AMOUNT_PLACES_MAX:
        raise RateError(f"{name}: {amount} has more than {AMOUNT_PLACES_MAX} decimals")


def _read_amount(name: str, text: object) -> Decimal:
    if not isinstance(text, str):
        raise RateError(f"{name}: {text!r} is not a decimal in quotes")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise RateError(f"{name}: {text!r} is not a decimal") from None
