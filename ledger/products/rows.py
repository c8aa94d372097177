"""The rows that products keep, and a set of them under change.

Every kind of row is a dataclass whose fields are the columns of one table; `row_id` is its primary key,
`parent` what it is found by beside that: the account, the call. So one way of loading and storing serves all
(`ledger.stored`), and another product adds a class, a table and a line there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar, cast

from ledger.money import ZERO, AccountId, CallId, Money
from ledger.products.card_rows import CardPayment, CardRefund

Kind = type[Any]
"""The class of a row."""


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """A called number whose calls an account pays; no number has two."""

    number: str
    account_id: AccountId
    added_at: datetime
    active_from: datetime

    @property
    def row_id(self) -> str:
        """The number."""
        return self.number

    @property
    def parent(self) -> str:
        """The account."""
        return self.account_id


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one cycle of an allowance has given: used up, and held for calls that go on."""

    key: str
    cycle: str
    used_seconds: int
    held_seconds: int

    @property
    def row_id(self) -> str:
        """Allowance and cycle."""
        return f"{self.key}/{self.cycle}"

    @property
    def parent(self) -> str:
        """The allowance."""
        return self.key


@dataclass(frozen=True, slots=True)
class AllowanceTake:
    """Free seconds of a cycle that are held for one call."""

    call_id: CallId
    key: str
    cycle: str
    seconds: int

    @property
    def row_id(self) -> str:
        """Call and allowance."""
        return f"{self.call_id}/allowance/{self.key}"

    @property
    def parent(self) -> str:
        """The call."""
        return self.call_id


@dataclass(frozen=True, slots=True)
class PendingCharge:
    """The charge of a call that ended and will be posted later; its record is stored already."""

    call_id: CallId
    payer: AccountId
    amount: Money
    body: str
    """JSON text of the whole charge (`ledger.products.pending`)."""
    posts_at: datetime

    @property
    def row_id(self) -> str:
        """The call."""
        return self.call_id

    @property
    def parent(self) -> str:
        """Who pays."""
        return self.payer


class InvoiceState(Enum):
    """Where an invoice stands."""

    OPEN = "open"
    PAID = "paid"
    """Nothing of it was open when it was due."""
    OVERDUE = "overdue"
    """It was due and not paid: its account takes no calls, and is converted once none goes on."""
    CONVERTED = "converted"
    """What was owed now stands on a prepaid account that owes it."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """What an account was asked to pay for a month."""

    invoice_id: str
    """`<account>/<period>`."""
    account_id: AccountId
    period: str
    amount: Money
    """What it owed at the end of the period, earlier periods included."""
    until: datetime
    issued_at: datetime
    due_at: datetime
    state: InvoiceState

    @property
    def row_id(self) -> str:
        """Its id."""
        return self.invoice_id

    @property
    def parent(self) -> str:
        """The account."""
        return self.account_id


@dataclass(frozen=True, slots=True)
class CreditLine:
    """What was agreed on with the owner of an account that is invoiced."""

    account_id: AccountId
    credit_limit: Money
    agreed_at: datetime
    """When the account was opened on credit."""
    blocked_at: datetime | None = None
    """Since when it takes no calls, for an invoice was not paid."""

    @property
    def row_id(self) -> str:
        """The account."""
        return self.account_id

    @property
    def parent(self) -> str:
        """The account."""
        return self.account_id

    @property
    def floor(self) -> Money:
        """The lowest balance that calls may reach."""
        return ZERO if self.blocked_at else -self.credit_limit


@dataclass(frozen=True, slots=True)
class Dormancy:
    """What the postings do not say about an idle account."""

    account_id: AccountId
    interest_at: datetime | None = None
    """The last sign of interest without money."""
    notified_at: datetime | None = None
    """The first notification of the present spell of inactivity."""
    closed_at: datetime | None = None

    @property
    def row_id(self) -> str:
        """The account."""
        return self.account_id

    @property
    def parent(self) -> str:
        """The account."""
        return self.account_id


@dataclass(frozen=True, slots=True)
class TrustIdentity:
    """What somebody must know of a person to send money to the person's trust account."""

    account_id: AccountId
    inmate_id: str
    legal_name: str

    @property
    def row_id(self) -> str:
        """The account."""
        return self.account_id

    @property
    def parent(self) -> str:
        """The account."""
        return self.account_id


class Direction(Enum):
    """Which way a message goes."""

    TO_PERSON = "to-person"
    """From somebody outside to the person inside."""
    FROM_PERSON = "from-person"


class MessageState(Enum):
    """Where a message stands (`ledger.products.messages`)."""

    SUBMITTED = "submitted"
    IN_REVIEW = "in-review"
    APPROVED = "approved"
    REJECTED = "rejected"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class CreditLot:
    """A bundle of message credits that was bought, and what of it is not drawn."""

    lot_id: str
    """The id of its purchase."""
    account_id: AccountId
    bought_at: datetime
    credits: int
    credits_left: int
    amount: Money
    amount_left: Money

    @property
    def row_id(self) -> str:
        """Its id."""
        return self.lot_id

    @property
    def parent(self) -> str:
        """The account."""
        return self.account_id


@dataclass(frozen=True, slots=True)
class Message:
    """A message between somebody outside and a person inside, without its words."""

    message_id: str
    account_id: AccountId
    """Whose credits pay it."""
    facility: str
    person: str
    contact: str
    direction: Direction
    credits: int
    characters: int
    state: MessageState
    submitted_at: datetime
    promised_at: datetime
    reviewed_at: datetime | None = None
    judged_at: datetime | None = None
    """When it was approved or rejected."""
    delivered_at: datetime | None = None

    @property
    def row_id(self) -> str:
        """Its id."""
        return self.message_id

    @property
    def parent(self) -> str:
        """The account."""
        return self.account_id


@dataclass(frozen=True, slots=True)
class MessageDraw:
    """The credits that a message took of a lot, with their money; gone when they are given back."""

    message_id: str
    lot_id: str
    credits: int
    amount: Money

    @property
    def row_id(self) -> str:
        """Message and lot."""
        return f"{self.message_id}/{self.lot_id}"

    @property
    def parent(self) -> str:
        """The message."""
        return self.message_id


ProductRow = (
    CalledNumber
    | Allowance
    | AllowanceTake
    | PendingCharge
    | CardPayment
    | CardRefund
    | CreditLine
    | Invoice
    | Dormancy
    | TrustIdentity
    | CreditLot
    | Message
    | MessageDraw
)
RowT = TypeVar("RowT", bound=ProductRow)


@dataclass(frozen=True, slots=True)
class DropRow:
    """A row that is no longer there."""

    kind: Kind
    row_id: str


@dataclass(slots=True)
class ProductRows:
    """Rows by kind and id, with what is still to be written: `None` marks a row to be dropped."""

    rows: dict[Kind, dict[str, ProductRow]] = field(default_factory=dict)
    children: dict[tuple[Kind, str], dict[str, None]] = field(default_factory=dict)
    changed: dict[tuple[Kind, str], ProductRow | None] = field(default_factory=dict)

    def get(self, kind: type[RowT], row_id: str) -> RowT | None:
        """The row of this id, None if there is none."""
        return cast(RowT | None, self.rows.get(kind, {}).get(row_id))

    def of(self, kind: type[RowT], parent: str) -> Iterator[RowT]:
        """The rows of a parent, in the order they came."""
        rows = self.rows.get(kind, {})
        for row_id in self.children.get((kind, parent), ()):
            yield cast(RowT, rows[row_id])

    def all(self, kind: type[RowT]) -> Iterator[RowT]:
        """Every row of a kind in sight, in the order they came."""
        yield from cast("dict[str, RowT]", self.rows.get(kind, {})).values()

    def load(self, row: ProductRow) -> None:
        """Take a row as it is stored."""
        kind = type(row)
        rows = self.rows.setdefault(kind, {})
        if (before := rows.get(row.row_id)) is not None:
            self.children[kind, before.parent].pop(row.row_id)
        rows[row.row_id] = row
        self.children.setdefault((kind, row.parent), {})[row.row_id] = None

    def put(self, row: ProductRow) -> None:
        """Store a row, in place of the one with its id."""
        self.load(row)
        self.changed[type(row), row.row_id] = row

    def drop(self, gone: DropRow) -> None:
        """Remove a row."""
        row = self.rows[gone.kind].pop(gone.row_id)
        self.children[gone.kind, row.parent].pop(gone.row_id)
        self.changed[gone.kind, gone.row_id] = None
