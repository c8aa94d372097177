"""The chart of accounts: kinds, ids, how far each may go, and who may open it.

One sign for all: **credit is positive**. What we owe a customer (a prepaid balance) and what we earned
are positive; what we have (cash) and what is owed to us (a phone company's receivable) are negative.
So the postings of an entry, and all balances together, sum to zero.

A `floor` is the lowest balance an account may reach: zero for prepaid money; None for an account that
settles later, without a limit; minus the limit for one that settles later with a limit. Prepaid money that
a bank took back leaves an account that *owes*: its floor is its debt (see `ledger.draft`), so that nothing
is available until the debt is paid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from ledger.errors import MalformedAccountError
from ledger.money import ZERO, AccountId, Money

ACCOUNT_ID_MAX: Final = 128
"""Longer than any kind with any key: an E.164 number has 15 digits, an id of a person 64 characters."""


class AccountKind(Enum):
    """Values are the words before the colon of an account id."""

    ADVANCEPAY = "advancepay"
    """Prepaid account of a called number (`advancepay:+12125550123`)."""
    ADVANCECONNECT = "advanceconnect"
    """Prepaid account of a friend or relative with several called numbers (`advanceconnect:ac-1001`)."""
    DEBIT = "debit"
    """Prepaid account of a person inside (`debit:<id of the person>`)."""
    TRUST = "trust"
    """Money of a person inside that the facility keeps (`trust:<id of the person>`)."""
    ONECALL = "onecall"
    """What a bank card owes for one call, up to what was authorised; above nothing: what it is to have back."""
    DIRECTBILL = "directbill"
    """Receivable: calls invoiced monthly after a credit decision (`directbill:db-1001`)."""
    LEC = "lec"
    """Receivable: collect calls a phone company bills to a number (`lec:+12125550123`)."""
    RECEIVABLE = "receivable"
    """Receivable: the part of calls that somebody else pays (`receivable:state:co`)."""
    INCOME = "income"
    """What was earned: by calls, by who paid (`income:calls:advancepay`), and by fees (`income:fees:web`)."""
    TAXES = "taxes"
    """Taxes taken for a jurisdiction and not paid on yet (`taxes:us-ct:sales`)."""
    COMMISSIONS = "commissions"
    """What a facility is to have of its calls (`commissions:north`)."""
    UNCLAIMED = "unclaimed"
    """Property that nobody claimed, to be handed to a state (`unclaimed:ct`)."""
    MESSAGES = "messages"
    """Credits for messages that are paid and not used yet (`messages:<owner>`): not earned."""
    CASH = "cash"
    """Money received, by the channel it came through (`cash:processor`)."""
    PROMOTIONS = "promotions"
    """Money given away: courtesy credits and write-offs (`promotions:courtesy`)."""


class Side(Enum):
    """The side on which a kind of account normally has its balance."""

    CREDIT = "credit"
    DEBIT = "debit"


class Opener(Enum):
    """Who asks for an account."""

    BOOK = "book"
    """The book itself, at the first posting."""
    AGENT = "agent"
    """Customer service, the command line."""
    CALL = "call"
    """The switch, when it admits a call that this account pays."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every account of one kind."""

    side: Side
    floor: Money | None
    openers: frozenset[Opener]
    key: re.Pattern[str]
    example: str
    takes_deposits: bool = False
    may_have_limit: bool = False
    """Whether a credit limit may be agreed when it is opened."""
    must_have_limit: bool = False
    """Whether it cannot be opened without one."""
    may_settle_later: bool = False
    """Whether a prepaid account may be opened without a floor, to be charged after its calls (S3-9)."""
    has_numbers: bool = False
    """Whether called numbers are added to it; they are not its key."""


_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PATH: Final = re.compile(r"[a-z][a-z0-9-]{0,31}(:[a-z][a-z0-9-]{0,31}){0,2}")
_TAX: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}:[a-z0-9][a-z0-9-]{0,31}")
_STATE: Final = re.compile(r"[a-z]{2}")
_CALL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,118}")
_NOT_OF_PATHS: Final = re.compile(r"[^a-z0-9]+")

CHART: Final[Mapping[AccountKind, Terms]] = MappingProxyType(
    {
        AccountKind.ADVANCEPAY: Terms(
            side=Side.CREDIT,
            floor=ZERO,
            openers=frozenset({Opener.AGENT}),
            key=_NUMBER,
            example="advancepay:+12125550123",
            takes_deposits=True,
            may_settle_later=True,
        ),
        AccountKind.ADVANCECONNECT: Terms(
            side=Side.CREDIT,
            floor=ZERO,
            openers=frozenset({Opener.AGENT}),
            key=_NAME,
            example="advanceconnect:ac-1001",
            takes_deposits=True,
            may_settle_later=True,
            has_numbers=True,
        ),
        AccountKind.DEBIT: Terms(
            side=Side.CREDIT,
            floor=ZERO,
            openers=frozenset({Opener.AGENT}),
            key=_NAME,
            example="debit:p-1001",
            takes_deposits=True,
            may_settle_later=True,
        ),
        AccountKind.TRUST: Terms(
            side=Side.CREDIT,
            floor=ZERO,
            openers=frozenset({Opener.AGENT}),
            key=_NAME,
            example="trust:p-1001",
        ),
        AccountKind.ONECALL: Terms(
            side=Side.DEBIT,
            floor=None,
            openers=frozenset({Opener.CALL}),
            key=_CALL,
            example="onecall:20261122T120000-4f1c2a9b",
            may_have_limit=True,
            must_have_limit=True,
        ),
        AccountKind.DIRECTBILL: Terms(
            side=Side.DEBIT,
            floor=None,
            openers=frozenset({Opener.AGENT}),
            key=_NAME,
            example="directbill:db-1001",
            takes_deposits=True,
            may_have_limit=True,
            must_have_limit=True,
            has_numbers=True,
        ),
        AccountKind.LEC: Terms(
            side=Side.DEBIT,
            floor=None,
            openers=frozenset({Opener.AGENT, Opener.CALL}),
            key=_NUMBER,
            example="lec:+12125550123",
            takes_deposits=True,
            may_have_limit=True,
        ),
        AccountKind.RECEIVABLE: Terms(
            side=Side.DEBIT,
            floor=None,
            openers=frozenset({Opener.BOOK}),
            key=_PATH,
            example="receivable:state:co",
        ),
        AccountKind.INCOME: Terms(
            side=Side.CREDIT,
            floor=None,
            openers=frozenset({Opener.BOOK}),
            key=_PATH,
            example="income:calls:advancepay",
        ),
        AccountKind.TAXES: Terms(
            side=Side.CREDIT,
            floor=None,
            openers=frozenset({Opener.BOOK}),
            key=_TAX,
            example="taxes:us-ct:sales",
        ),
        AccountKind.COMMISSIONS: Terms(
            side=Side.CREDIT,
            floor=None,
            openers=frozenset({Opener.BOOK}),
            key=_NAME,
            example="commissions:north",
        ),
        AccountKind.UNCLAIMED: Terms(
            side=Side.CREDIT,
            floor=None,
            openers=frozenset({Opener.BOOK}),
            key=_STATE,
            example="unclaimed:ct",
        ),
        AccountKind.MESSAGES: Terms(
            side=Side.CREDIT,
            floor=ZERO,
            openers=frozenset({Opener.BOOK}),
            key=_NAME,
            example="messages:c-1001",
        ),
        AccountKind.CASH: Terms(
            side=Side.DEBIT,
            floor=None,
            openers=frozenset({Opener.BOOK}),
            key=_PATH,
            example="cash:processor",
        ),
        AccountKind.PROMOTIONS: Terms(
            side=Side.DEBIT,
            floor=None,
            openers=frozenset({Opener.BOOK}),
            key=_PATH,
            example="promotions:courtesy",
        ),
    }
)


def parse_account(text: str) -> AccountId:
    """Check that a text is the id of an account of this chart.

    Raises:
        MalformedAccountError: Its kind is unknown, or its key does not suit the kind.
    """
    kind_text, _, key = text.partition(":")
    try:
        kind = AccountKind(kind_text)
    except ValueError:
        kinds = ", ".join(kind.value for kind in AccountKind)
        raise MalformedAccountError(text, f"its kind must be one of {kinds}") from None
    terms = CHART[kind]
    if len(text) > ACCOUNT_ID_MAX or terms.key.fullmatch(key) is None:
        raise MalformedAccountError(text, f"write it like {terms.example}")
    return AccountId(text)


def kind_of(account_id: AccountId) -> AccountKind:
    """The kind of a well-formed account id."""
    return AccountKind(account_id.partition(":")[0])


def terms_of(account_id: AccountId) -> Terms:
    """What holds for accounts of its kind."""
    return CHART[kind_of(account_id)]


def key_of(account_id: AccountId) -> str:
    """What stands behind the kind: the number, the person, the call."""
    return account_id.partition(":")[2]


def is_prepaid(account_id: AccountId) -> bool:
    """Whether it is an account that customers pay into before they call."""
    terms = terms_of(account_id)
    return terms.floor is not None and terms.takes_deposits


def account_of(kind: AccountKind, key: str) -> AccountId:
    """The account of a kind with this key.

    Raises:
        MalformedAccountError: The key does not suit the kind.
    """
    return parse_account(f"{kind.value}:{key}")


def advancepay(number: str) -> AccountId:
    """The prepaid account of a called number in E.164."""
    return parse_account(f"{AccountKind.ADVANCEPAY.value}:{number}")


def debit(person_id: str) -> AccountId:
    """The prepaid account of a person inside."""
    return parse_account(f"{AccountKind.DEBIT.value}:{person_id}")


def lec(number: str) -> AccountId:
    """The receivable from the phone company of a called number in E.164."""
    return parse_account(f"{AccountKind.LEC.value}:{number}")


def cash(channel: str) -> AccountId:
    """Money received through a channel such as `processor` or `mail`."""
    return parse_account(cash_id(channel))


def cash_id(channel: str) -> AccountId:
    """As `cash`, for a channel that has not been checked yet."""
    return AccountId(f"{AccountKind.CASH.value}:{channel}")


def fee_income_id(channel: str) -> AccountId:
    """What fees on payments through a channel earned, for a channel that has not been checked yet."""
    return AccountId(f"{AccountKind.INCOME.value}:fees:{channel}")


REFUSED_CARDS: Final = AccountId(f"{AccountKind.PROMOTIONS.value}:refused-cards")
"""What calls cost that no card paid in the end: written off."""


def taxes(jurisdiction: str, name: str) -> AccountId:
    """Taxes taken under a name for a jurisdiction; both become lower case, with hyphens between words."""
    key = ":".join(_NOT_OF_PATHS.sub("-", part.lower()).strip("-") for part in (jurisdiction, name))
    return account_of(AccountKind.TAXES, key)


def call_income(billing: str) -> AccountId:
    """What calls earned, by how they were billed: `advancepay`, `debit` or `collect`."""
    return parse_account(f"{AccountKind.INCOME.value}:calls:{billing}")
