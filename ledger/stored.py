"""Which table keeps which values: the prepared statements of the ledger's own tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ledger.entries import Entry
from ledger.hold import Hold, HoldState
from ledger.money import AccountId, Money
from ledger.outcomes import from_text, to_text
from ledger.products.card_rows import CardPayment, CardRefund, CardRefundState, CardState, CardUse
from ledger.products.rows import (
    Allowance,
    AllowanceTake,
    CalledNumber,
    CreditLine,
    CreditLot,
    Direction,
    Dormancy,
    Invoice,
    InvoiceState,
    Kind,
    Message,
    MessageDraw,
    MessageState,
    PendingCharge,
    TrustIdentity,
)
from ledger.records import CallRecord, OpenCall
from ledger.requests import Process
from ledger.rows import Account, RememberedRequest
from ledger.statements import AS_JSON, Rows, as_enum
from ledger.tables import (
    account_numbers,
    accounts,
    allowance_takes,
    allowances,
    calls,
    card_payments,
    card_refunds,
    credit_lines,
    credit_lots,
    dormancies,
    entries,
    holds,
    invoices,
    message_draws,
    messages,
    open_calls,
    pending_charges,
    postings,
    processes,
    requests,
    trust_identities,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One posting in its place."""

    seq: int
    line: int
    account_id: AccountId
    amount: Money


def lines_of(entry: Entry) -> list[Line]:
    """The postings of an entry, counted from 1."""
    return [
        Line(entry.seq, number, posting.account_id, posting.amount)
        for number, posting in enumerate(entry.draft.postings, start=1)
    ]


ACCOUNTS: Final = Rows(accounts, Account, constants=("change",))
PROCESSES: Final = Rows(processes, Process)
OPEN_CALLS: Final = Rows(open_calls, OpenCall, codecs={"legs": AS_JSON})
HOLDS: Final = Rows(
    holds,
    Hold,
    codecs={"state": as_enum(HoldState)},
    new={"state": HoldState.PLACED.value, "captured": 0, "settled_at": None},
)
RECORDS: Final = Rows(calls, CallRecord)
REQUESTS: Final = Rows(requests, RememberedRequest, codecs={"outcome": (to_text, from_text)})
POSTINGS: Final = Rows(postings, Line)
ENTRIES: Final = Rows(
    entries,
    Entry,
    codecs={"kind": (lambda kind: kind.value, str)},
    paths={
        "entry_id": "draft.entry_id",
        "kind": "draft.kind",
        "at": "draft.at",
        "call_id": "draft.call_id",
        "refunds": "draft.refunds",
        "memo": "draft.memo",
    },
    names=(),
)
"""Only ever added: readers put entries and their postings together (`ledger.reads`)."""

PRODUCTS: Final[Mapping[Kind, Rows[Any]]] = MappingProxyType(
    {
        CalledNumber: Rows(account_numbers, CalledNumber),
        Allowance: Rows(allowances, Allowance),
        AllowanceTake: Rows(allowance_takes, AllowanceTake),
        PendingCharge: Rows(pending_charges, PendingCharge),
        CardPayment: Rows(card_payments, CardPayment, codecs={"use": as_enum(CardUse), "state": as_enum(CardState)}),
        CardRefund: Rows(card_refunds, CardRefund, codecs={"state": as_enum(CardRefundState)}),
        CreditLine: Rows(credit_lines, CreditLine),
        Invoice: Rows(invoices, Invoice, codecs={"state": as_enum(InvoiceState)}),
        Dormancy: Rows(dormancies, Dormancy),
        TrustIdentity: Rows(trust_identities, TrustIdentity),
        CreditLot: Rows(credit_lots, CreditLot),
        Message: Rows(messages, Message, codecs={"state": as_enum(MessageState), "direction": as_enum(Direction)}),
        MessageDraw: Rows(message_draws, MessageDraw),
    }
)
"""The rows of products: what a row is called in its table is its `row_id`, whatever the column is."""
