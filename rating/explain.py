"""How a price came about: every amount, what was rounded, and where it was booked.

`connection + first + further` is `exact`, the unrounded price (to twelve decimals where it has no end),
and `exact + rounding` is the total that is charged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from ledger.money import MICROS_PER_UNIT, Money
from rating.errors import RateError
from rating.price import exact_price, first_price, increments, price
from rating.rounding import to_shown
from rating.tariff import Rate

_AMOUNTS: Final = ("connection", "first", "per_minute", "further", "exact", "rounding")


@dataclass(frozen=True, slots=True)
class Explanation:
    """The price of one talk, taken apart. Amounts are dollars."""

    tariff: str
    prefix: str
    place: str
    talk: timedelta
    billed_seconds: int
    """The first interval and the increments begun: what the talk counts as."""
    connection: Decimal
    first_seconds: int
    first: Decimal
    increments: int
    increment_seconds: int
    minimum_seconds: int
    per_minute: Decimal
    further: Decimal
    """All increments together."""
    exact: Decimal
    rounding: Decimal
    """What rounding to whole micros added, or took when negative."""
    total: Money
    postings: tuple[str, ...] = ()
    """Ids of the postings that booked the total, once there are any."""

    def with_postings(self, ids: Iterable[str]) -> Explanation:
        """The same explanation, naming the postings that booked it."""
        return replace(self, postings=tuple(ids))

    def to_json(self) -> str:
        """One line of JSON; amounts and seconds of talk are decimal strings."""
        facts = asdict(self)
        del facts["talk"]
        talk_seconds = {"talk_seconds": f"{_seconds(self.talk):f}"}
        amounts = {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in facts.items()}
        return json.dumps(talk_seconds | amounts | {"total": str(self.total)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Explanation:
        """Read what `to_json` wrote.

        Raises:
            RateError: The text is anything else.
        """
        try:
            facts = json.loads(text)
            talk = Fraction(facts.pop("talk_seconds")) * 1_000_000
            amounts = {name: Decimal(facts[name]) for name in _AMOUNTS}
            rest = {"total": Money.from_text(facts["total"]), "postings": tuple(facts["postings"])}
            return cls(**facts | amounts | rest | {"talk": timedelta(microseconds=int(talk))})
        except (ValueError, ArithmeticError, AttributeError, KeyError, TypeError) as error:
            raise RateError(f"not a stored explanation: {error}") from None

    def to_text(self) -> str:
        """A few lines for people: what was talked, each amount, and the total."""
        head = (
            f"{_seconds(self.talk):f} s of talk to {self.place} ({self.prefix}) by tariff {self.tariff}, "
            f"billed as {self.billed_seconds} s"
        )
        items = [(f"first {self.first_seconds} s", self.first)]
        if self.connection:
            items.insert(0, ("connection", self.connection))
        if self.increments:
            label = f"{self.increments} × {self.increment_seconds} s at {self.per_minute:f} a minute"
            items.append((label, self.further))
        if self.rounding:
            items.append(("rounding to whole micros", self.rounding))
        items.append(("total", self.total.decimal))
        width = max(len(label) for label, _ in items)
        lines = [f"  {label:<{width}}  {_shown(amount)}" for label, amount in items]
        if self.postings:
            lines.append(f"  booked as {', '.join(self.postings)}")
        return "\n".join([head, *lines])


def explain(rate: Rate, talk: timedelta) -> Explanation:
    """Take `price(rate, talk)` apart."""
    count = increments(rate, talk)
    total = price(rate, talk)
    exact = exact_price(rate, count)
    first = to_shown(first_price(rate))
    connection = to_shown(Fraction(rate.connection))
    shown = to_shown(exact)
    return Explanation(
        tariff=rate.tariff,
        prefix=rate.prefix,
        place=rate.place,
        talk=talk,
        billed_seconds=rate.first_seconds + count * rate.increment_seconds,
        connection=connection,
        first_seconds=rate.first_seconds,
        first=first,
        increments=count,
        increment_seconds=rate.increment_seconds,
        minimum_seconds=rate.minimum_seconds,
        per_minute=rate.per_minute,
        further=to_shown(Fraction(shown) - Fraction(connection) - Fraction(first)),
        exact=shown,
        rounding=to_shown(Fraction(total.micros, MICROS_PER_UNIT) - Fraction(shown)),
        total=total,
    )


def _seconds(talk: timedelta) -> Decimal:
    return to_shown(Fraction(talk // timedelta(microseconds=1), 1_000_000))


def _shown(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
