"""Money: whole micros (millionths) of one currency, the US dollar.

Amounts enter as text into `Decimal` and leave as decimal strings. There is no float here, and
no rounding: only `rating.rounding` rounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NewType

AccountId = NewType("AccountId", str)
"""`kind:key`, for example `advancepay:+12125550123` (see `ledger.chart`)."""

CallId = NewType("CallId", str)
"""The switch's own name of a call, unique for ever; not the Call-ID of SIP."""

MICROS_PER_UNIT: Final = 1_000_000
AMOUNT_MAX_UNITS: Final = 1_000_000_000
"""A billion dollars: far above any balance, far below 2**63 micros, which a database integer holds."""

_PLAIN: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
"""What people write: `Decimal` also reads `1e3` and `1_0`, which are slips of the hand where money is meant."""


class AmountError(ValueError):
    """A text is not an amount of money."""


@dataclass(frozen=True, slots=True, init=False)
class Money:
    """An amount in whole micros; negative where somebody owes."""

    micros: int

    def __init__(self, micros: int) -> None:
        # By its slot: what a frozen dataclass writes looks for that by its name, and amounts are made by the thousand.
        _set_micros(self, micros)

    @classmethod
    def from_text(cls, text: str) -> Money:
        """Read a decimal amount such as `0.375`, exactly.

        Raises:
            AmountError: Not a plain decimal number, finer than a micro, or out of range.
        """
        amount = text.strip().removeprefix("$")
        if not _PLAIN.fullmatch(amount):
            raise AmountError(f"{text!r} is not an amount; write for example 0.375")
        return cls.from_decimal(Decimal(amount))

    @classmethod
    def from_decimal(cls, value: Decimal) -> Money:
        """Convert exactly.

        Raises:
            AmountError: Not finite, finer than a micro, or out of range.
        """
        if not value.is_finite() or abs(value) > AMOUNT_MAX_UNITS:
            raise AmountError(f"{value} is out of range; at most {AMOUNT_MAX_UNITS} either way")
        micros = value * MICROS_PER_UNIT
        if micros != micros.to_integral_value():
            raise AmountError(f"{value} is finer than a millionth; at most 6 decimals are kept")
        return cls(int(micros))

    @property
    def decimal(self) -> Decimal:
        """The amount in dollars, exactly."""
        return Decimal(self.micros) / MICROS_PER_UNIT

    def __str__(self) -> str:
        sign = "-" if self.micros < 0 else ""
        units, micros = divmod(abs(self.micros), MICROS_PER_UNIT)
        fraction = f"{micros:06d}".rstrip("0")
        return f"{sign}{units}.{fraction}" if fraction else f"{sign}{units}"

    def __add__(self, other: Money) -> Money:
        return Money(self.micros + other.micros)

    def __sub__(self, other: Money) -> Money:
        return Money(self.micros - other.micros)

    def __neg__(self) -> Money:
        return Money(-self.micros)

    # What a dataclass compares by itself are tuples, made for each comparison.

    def __lt__(self, other: Money) -> bool:
        return self.micros < other.micros

    def __le__(self, other: Money) -> bool:
        return self.micros <= other.micros

    def __gt__(self, other: Money) -> bool:
        return self.micros > other.micros

    def __ge__(self, other: Money) -> bool:
        return self.micros >= other.micros

    def __bool__(self) -> bool:
        return self.micros != 0


_set_micros: Final = Money.__dict__["micros"].__set__

ZERO: Final = Money(0)


def total(amounts: Iterable[Money]) -> Money:
    """The sum, `ZERO` of nothing."""
    return Money(sum(amount.micros for amount in amounts))


def apportion(amount: Money, weights: Sequence[Money]) -> tuple[Money, ...]:
    """Divide an amount in proportion to weights, exactly: what is left over goes to the largest remainders.

    Where the amount is at most the sum of the weights, no part is more than its weight. Of equal
    remainders, the first ones get it.
    """
    whole = sum(weight.micros for weight in weights)
    if not whole:
        raise AssertionError(f"{amount} cannot be divided in proportion to nothing")
    parts = [divmod(amount.micros * weight.micros, whole) for weight in weights]
    missing = amount.micros - sum(part for part, _ in parts)
    largest = sorted(range(len(parts)), key=lambda index: -parts[index][1])[:missing]
    return tuple(Money(part + (index in largest)) for index, (part, _) in enumerate(parts))
