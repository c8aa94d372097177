"""What happened on one account between two instants, read from one snapshot.

Whose month that is, and in which time zone, the caller knows: this module sees instants in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from sqlalchemy import Connection, cast, func, select

from ledger.columns import Amount
from ledger.entries import Entry, EntryId, EntryKind
from ledger.money import ZERO, AccountId, CallId, Money, total
from ledger.reads import read_entries_of, to_account, to_record
from ledger.records import CallRecord
from ledger.rows import Account
from ledger.tables import accounts, calls, entries, postings


class LineKind(Enum):
    """What a line is about; values are the headings of the totals, in their order."""

    DEPOSIT = "Deposits"
    CALL = "Calls"
    REFUND = "Refunds"
    FEE = "Fees"
    TRANSFER = "Transfers"
    ADJUSTMENT = "Adjustments"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry on the account, or one accepted call that cost nothing. Credit is positive."""

    kind: LineKind
    at: datetime
    """When it was booked; of a free call, when it ended."""
    amount: Money
    balance: Money
    """Of the account, after it."""
    entry_id: EntryId | None
    memo: str
    call: CallRecord | None
    """The call that was charged or given back."""
    parts: tuple[tuple[AccountId, Money], ...]
    """Taxes, fees and shares of others within the entry: what each account got of it, or paid (negative)."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An account from one instant up to another, which is not in it any more."""

    account: Account
    begins: datetime
    ends: datetime
    opening: Money
    lines: tuple[Line, ...]

    @property
    def closing(self) -> Money:
        """The balance at the end."""
        return self.opening + total(line.amount for line in self.lines)

    def total_of(self, kind: LineKind) -> Money:
        """What the lines of one kind sum to."""
        return total(line.amount for line in self.lines if line.kind is kind)


_PARTS: Final = ("taxes:", "income:fees:", "receivable:")
"""Accounts whose share of an entry is told apart."""


def read_statement(connection: Connection, account_id: AccountId, begins: datetime, ends: datetime) -> Statement | None:
    """The statement of an account; None if there is no such account."""
    row = connection.execute(select(accounts).where(accounts.c.account_id == account_id)).mappings().first()
    if row is None:
        return None
    account = to_account(row)
    of_account = (
        # PostgreSQL sums to a decimal; the book knows whole micros alone.
        select(cast(func.sum(postings.c.amount), Amount))
        .join(entries, entries.c.seq == postings.c.seq)
        .where(postings.c.account_id == account_id, entries.c.at < begins)
    )
    opening = connection.execute(of_account).scalar_one() or ZERO
    booked = read_entries_of(connection, account_id, begins, ends)
    free = _free_calls(connection, account_id, begins, ends)
    records = _records(connection, booked)
    drafted = [_line(entry, account_id, records.get(entry.draft.entry_id)) for entry in booked] + [
        Line(LineKind.CALL, record.ended_at, ZERO, ZERO, None, "", record, ()) for record in free
    ]
    return Statement(account, begins, ends, opening, _with_balances(drafted, opening))


def _with_balances(lines: list[Line], opening: Money) -> tuple[Line, ...]:
    """The lines in the order of their instants (what was booked first comes first), each with its balance."""
    balance, ordered = opening, []
    for line in sorted(lines, key=lambda line: line.at):
        balance += line.amount
        ordered.append(Line(line.kind, line.at, line.amount, balance, line.entry_id, line.memo, line.call, line.parts))
    return tuple(ordered)


def _line(entry: Entry, account_id: AccountId, call: CallRecord | None) -> Line:
    draft = entry.draft
    amount = total(posting.amount for posting in draft.postings if posting.account_id == account_id)
    parts = tuple(
        (posting.account_id, posting.amount)
        for posting in draft.postings
        if posting.account_id != account_id and posting.account_id.startswith(_PARTS)
    )
    return Line(_kind(draft.kind), draft.at, amount, ZERO, draft.entry_id, draft.memo, call, parts)


_KINDS: Final = {
    "charge": LineKind.CALL,
    "deposit": LineKind.DEPOSIT,
    "refund": LineKind.REFUND,
    "transfer": LineKind.TRANSFER,
    "fee": LineKind.FEE,
}


def _kind(kind: EntryKind) -> LineKind:
    """The heading of an entry; whatever is none of the others corrects the account."""
    return _KINDS.get(kind.value, LineKind.ADJUSTMENT)


def _free_calls(
    connection: Connection, account_id: AccountId, begins: datetime, ends: datetime
) -> tuple[CallRecord, ...]:
    """Accepted calls of this payer that cost nothing: they belong to what was talked."""
    query = select(calls).where(
        calls.c.payer == account_id,
        calls.c.charged == ZERO,
        calls.c.talk > timedelta(0),
        calls.c.ended_at >= begins,
        calls.c.ended_at < ends,
    )
    return tuple(map(to_record, connection.execute(query.order_by(calls.c.call_id)).mappings()))


def _records(connection: Connection, booked: Iterable[Entry]) -> dict[EntryId, CallRecord]:
    """The call of each charge, and of each refund by the charge it gives back."""
    found: dict[EntryId, CallRecord] = {}
    known: dict[CallId, CallRecord | None] = {}
    for entry in booked:
        call_id = entry.draft.call_id
        if call_id is None and entry.draft.refunds is not None:
            charge = select(entries.c.call_id).where(entries.c.entry_id == entry.draft.refunds)
            call_id = connection.execute(charge).scalar_one_or_none()
        if call_id is None:
            continue
        if call_id not in known:
            row = connection.execute(select(calls).where(calls.c.call_id == call_id)).mappings().first()
            known[call_id] = None if row is None else to_record(row)
        if (record := known[call_id]) is not None:
            found[entry.draft.entry_id] = record
    return found
