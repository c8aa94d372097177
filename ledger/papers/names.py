"""Names of our accounts in the journals of beancount and hledger.

`advancepay:+12125550123` becomes `Liabilities:AdvancePay:N12125550123`. A name has the root of its kind, then
parts of ASCII letters, digits and hyphens that begin with a capital or a digit, which both programs take
(beancount language syntax, "Accounts"). No two accounts have the same name.

Signs: here credit is positive; there debit is positive. Whoever writes a journal turns every amount.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from ledger.money import AccountId


class Root(Enum):
    """The five roots; values are the words in the journal."""

    ASSETS = "Assets"
    LIABILITIES = "Liabilities"
    INCOME = "Income"
    EXPENSES = "Expenses"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the accounts of one kind stand."""

    root: Root
    parts: tuple[str, ...] = ()
    hledger_type: str = ""
    """hledger's letter, where it says more than the root does (`C`: cash)."""


PLACES: Final[Mapping[str, Place]] = MappingProxyType(
    {
        "advancepay": Place(Root.LIABILITIES, ("AdvancePay",)),
        "advanceconnect": Place(Root.LIABILITIES, ("AdvanceConnect",)),
        "debit": Place(Root.LIABILITIES, ("Debit",)),
        "trust": Place(Root.LIABILITIES, ("Trust",)),
        "onecall": Place(Root.ASSETS, ("OneCall",)),
        "messages": Place(Root.LIABILITIES, ("Messages",)),
        "taxes": Place(Root.LIABILITIES, ("Taxes",)),
        "commissions": Place(Root.LIABILITIES, ("Commissions",)),
        "unclaimed": Place(Root.LIABILITIES, ("Unclaimed",)),
        "directbill": Place(Root.ASSETS, ("DirectBill",)),
        "lec": Place(Root.ASSETS, ("PhoneCompany",)),
        "receivable": Place(Root.ASSETS, ("Receivable",)),
        "cash": Place(Root.ASSETS, ("Cash",), hledger_type="C"),
        "income": Place(Root.INCOME),
        "promotions": Place(Root.EXPENSES, ("Promotions",)),
    }
)
"""By the word before the colon. Two kinds never share root and parts; `income` has the root to itself."""

_LETTERS: Final = {Root.ASSETS: "A", Root.LIABILITIES: "L", Root.INCOME: "R", Root.EXPENSES: "X"}
_NUMBER: Final = re.compile(r"\+([0-9]+)")
_WORD: Final = re.compile(r"[a-z][a-z0-9-]*")
_PLAIN: Final = re.compile(r"[A-Za-z0-9-]+")


def foreign_name(account_id: AccountId) -> str:
    """The name of an account in a journal."""
    kind, _, key = account_id.partition(":")
    place = PLACES[kind]
    return ":".join((place.root.value, *place.parts, *map(_part, key.split(":"))))


def hledger_type(account_id: AccountId) -> str:
    """Hledger's letter for the type of an account."""
    place = PLACES[account_id.partition(":")[0]]
    return place.hledger_type or _LETTERS[place.root]


def _part(text: str) -> str:
    """One part of a name; different texts have different parts.

    Numbers become `N12125550123`, other texts stand behind `Id-`; what is no letter, digit or hyphen makes the
    whole part a spelling with `-HH` for every other character. A small word has its capital instead, unless
    it would look like one of these.
    """
    if number := _NUMBER.fullmatch(text):
        return f"N{number[1]}"
    if _WORD.fullmatch(text) and not re.fullmatch(r"n[0-9]+|id-.*|hex-.*", text):
        return text[0].upper() + text[1:]
    if _PLAIN.fullmatch(text):
        return f"Id-{text}"
    return "Hex-" + "".join(each if each.isascii() and each.isalnum() else _spelled(each) for each in text)


def _spelled(character: str) -> str:
    return "".join(f"-{byte:02X}" for byte in character.encode())
