"""A payment card as it is entered: what can be told of it without asking anybody.

Schemes are told by the first digits (ISO/IEC 7812-1), lengths and the last digit by the scheme and by Luhn's formula
(annex B there). A card is a secret: it never shows its digits, and nobody keeps it longer than its payment takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

DIGITS_MAX: Final = 19
"""ISO/IEC 7812-1: a primary account number is never longer."""

YEARS_MAX: Final = 20
"""No card is issued for longer: a year beyond is a slip of the finger."""

EXPIRY_DIGITS: Final = 4
"""MMYY."""


class Scheme(Enum):
    """Who issues a card. Values are the words of receipts."""

    VISA = "Visa"
    MASTERCARD = "Mastercard"
    AMEX = "American Express"
    DISCOVER = "Discover"
    DINERS = "Diners Club"
    JCB = "JCB"


@dataclass(frozen=True, slots=True)
class _Range:
    """First digits of a scheme: from one number to another of as many digits."""

    first: str
    last: str
    scheme: Scheme

    def has(self, number: str) -> bool:
        return len(number) >= len(self.first) and self.first <= number[: len(self.first)] <= self.last


_RANGES: Final = (
    _Range("4", "4", Scheme.VISA),
    _Range("51", "55", Scheme.MASTERCARD),
    _Range("2221", "2720", Scheme.MASTERCARD),
    _Range("34", "34", Scheme.AMEX),
    _Range("37", "37", Scheme.AMEX),
    _Range("6011", "6011", Scheme.DISCOVER),
    _Range("644", "659", Scheme.DISCOVER),
    _Range("300", "305", Scheme.DINERS),
    _Range("36", "36", Scheme.DINERS),
    _Range("38", "39", Scheme.DINERS),
    _Range("3528", "3589", Scheme.JCB),
)

_LENGTHS: Final = {
    Scheme.VISA: (13, 16),
    Scheme.MASTERCARD: (16,),
    Scheme.AMEX: (15,),
    Scheme.DISCOVER: (16, 19),
    Scheme.DINERS: (14, 16, 19),
    Scheme.JCB: (16, 19),
}

_CODE_DIGITS: Final = {Scheme.AMEX: 4}
"""Four digits on the front; on all others three on the back."""


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """A valid card, with the digits of its number, its expiry (MMYY) and its security code."""

    number: str
    expiry: str
    code: str

    @property
    def last_four(self) -> str:
        """What may be shown of it."""
        return self.number[-4:]

    def __repr__(self) -> str:
        return f"Card(ending {self.last_four})"


def scheme_of(number: str) -> Scheme | None:
    """The scheme that these first digits tell, None for none that is taken."""
    return next((each.scheme for each in _RANGES if each.has(number)), None)


def is_valid_number(number: str) -> bool:
    """Whether a number has a known scheme, a length of that scheme, and the right last digit."""
    scheme = scheme_of(number)
    return scheme is not None and number.isdecimal() and len(number) in _LENGTHS[scheme] and is_luhn(number)


def is_complete_number(number: str) -> bool:
    """Whether no further digit can come: at the greatest length of the scheme."""
    scheme = scheme_of(number)
    return len(number) >= (DIGITS_MAX if scheme is None else _LENGTHS[scheme][-1])


def is_luhn(number: str) -> bool:
    """Whether the last digit fits the others: every second from the right is doubled, and their digits sum to tens."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_valid_expiry(expiry: str, today: date) -> bool:
    """Whether MMYY is a month that is not over, and not further than a card is issued for."""
    if len(expiry) != EXPIRY_DIGITS or not expiry.isdecimal() or not 1 <= int(expiry[:2]) <= 12:
        return False
    months = (2000 + int(expiry[2:])) * 12 + int(expiry[:2]) - (today.year * 12 + today.month)
    return 0 <= months <= YEARS_MAX * 12


def code_digits(number: str) -> int:
    """How many digits the security code of a card has."""
    scheme = scheme_of(number)
    return 3 if scheme is None else _CODE_DIGITS.get(scheme, 3)
