"""Which table keeps which values: the prepared statements of the ledger's own tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.entries import Entry
from ledger.hold import Hold, HoldState
from ledger.money import AccountId, Money
from ledger.outcomes import from_text, to_text
from ledger.records import CallRecord, OpenCall
from ledger.requests import Process
from ledger.rows import Account, RememberedRequest
from ledger.statements import AS_JSON, Rows, as_enum
from ledger.tables import accounts, calls, entries, holds, open_calls, postings, processes, requests


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
HOLDS: Final = Rows(holds, Hold, codecs={"state": as_enum(HoldState)})
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
