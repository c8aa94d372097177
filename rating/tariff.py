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
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from rating.errors import RateError
from rating.jurisdiction import Jurisdiction

AMOUNT_MAX: Final = Decimal(1000)
"""Dollars a minute or for a first interval: above any tariff ever filed, so beyond it is a slip of the pen."""
AMOUNT_PLACES_MAX: Final = 9
"""Decimals of a rate: a thousandth of the micro that is booked."""
SECONDS_MAX: Final = 86_400
"""A first interval, a minimum or an increment of more than a day is a mistake of units."""
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
        """Which calls of its tariff it prices, by prefix or by jurisdiction: no two rates have the same."""
        return self.jurisdiction or self.prefix

    def to_json(self) -> str:
        """The rate as one line of JSON, amounts as decimal strings."""
        facts = asdict(self)
        for name in _AMOUNTS:
            if facts[name] is not None:
                facts[name] = f"{facts[name]:f}"
        if self.jurisdiction is None:
            del facts["jurisdiction"]
        return json.dumps(facts, ensure_ascii=False)

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
        if not isinstance(facts, dict) or {*facts, "jurisdiction"} != {each.name for each in fields(cls)}:
            raise RateError("not a stored rate: its fields are not those of a rate")
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


@dataclass(frozen=True, slots=True)
class Tariff:
    """A dated table of rates.

    It holds from the start of `valid_from` to the start of `valid_until`, in the local time of `zone`.
    """

    name: str
    valid_from: date
    valid_until: date | None
    """The first day on which it no longer holds; None as long as nothing replaces it."""
    zone: str
    """A name of the IANA time zone data: the days above are days there."""
    kinds: frozenset[str]
    rates: tuple[Rate, ...]
    """One per prefix, no prefix twice."""

    def covers(self, day: date) -> bool:
        """Whether the tariff holds on this local day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


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
