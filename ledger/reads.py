"""What people and programs ask a book, answered from one snapshot each."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, bindparam, select

from ledger.address import SQLITE
from ledger.entries import Entry, EntryDraft, EntryId, EntryKind, Posting
from ledger.hold import Hold, HoldState, ids_of_call
from ledger.money import AccountId, CallId
from ledger.records import CallRecord, OpenCall
from ledger.requests import Process
from ledger.rows import Account
from ledger.tables import accounts, calls, entries, holds, open_calls, postings, processes

_ACCOUNTS: Final = select(accounts).order_by(accounts.c.account_id)


def read_accounts(connection: Connection) -> tuple[Account, ...]:
    """All accounts, by id."""
    return tuple(map(to_account, connection.execute(_ACCOUNTS).mappings()))


def read_calls(
    connection: Connection,
    *,
    last: int | None = None,
    number: str | None = None,
    person: str | None = None,
    payer: AccountId | None = None,
) -> tuple[CallRecord, ...]:
    """Records that match every filter given, the newest first, `last` of them at most."""
    query = select(calls).order_by(calls.c.started_at.desc(), calls.c.call_id.desc()).limit(last)
    wanted = {calls.c.number: number, calls.c.person: person, calls.c.payer: payer}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return tuple(map(to_record, connection.execute(query).mappings()))


def read_call(connection: Connection, call_id: CallId) -> CallRecord | None:
    """The record of one call, None while it is open or if there is none."""
    row = connection.execute(select(calls).where(calls.c.call_id == call_id)).mappings().first()
    return None if row is None else to_record(row)


def read_entries(
    connection: Connection, *, call_id: CallId | None = None, account_id: AccountId | None = None
) -> tuple[Entry, ...]:
    """Entries with all their postings, in the order they were booked.

    `call_id` takes a call's charge and what was refunded of it; `account_id` takes those with a posting
    on that account.
    """
    if call_id is None and account_id is None:
        return _entries(connection, _ALL)
    query = select(entries)
    if call_id is not None:
        charges = select(entries.c.entry_id).where(entries.c.call_id == call_id)
        query = query.where((entries.c.call_id == call_id) | entries.c.refunds.in_(charges))
    if account_id is not None:
        query = query.where(entries.c.seq.in_(select(postings.c.seq).where(postings.c.account_id == account_id)))
    return _entries(connection, _Reading(query))


def read_entries_of(
    connection: Connection, account_id: AccountId, begins: datetime, ends: datetime
) -> tuple[Entry, ...]:
    """Entries with a posting on an account, from one instant up to another, in the order they were booked."""
    of_account = select(postings.c.seq).where(postings.c.account_id == account_id)
    in_time = select(entries).where(entries.c.at >= begins, entries.c.at < ends)
    return _entries(connection, _Reading(in_time.where(entries.c.seq.in_(of_account))))


def read_entries_between(connection: Connection, after: int, most: int) -> tuple[Entry, ...]:
    """The next entries of the chain after a place in it, `most` of them at most."""
    return _entries(connection, _BETWEEN, after=after, most=most)


class _Reading:
    """Some entries, and their postings: statements that are asked again are written once."""

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        of_entries = postings.c.seq.in_(query.with_only_columns(entries.c.seq))
        self.entries = query.order_by(entries.c.seq)
        self.postings = select(postings).where(of_entries).order_by(postings.c.seq, postings.c.line)


_ALL: Final = _Reading(select(entries))
_FOLLOWING: Final = select(entries.c.seq).where(entries.c.seq > bindparam("after")).order_by(entries.c.seq)
_BETWEEN: Final = _Reading(select(entries).where(entries.c.seq.in_(_FOLLOWING.limit(bindparam("most")))))


def _entries(connection: Connection, reading: _Reading, **values: int) -> tuple[Entry, ...]:
    lines: defaultdict[int, list[Posting]] = defaultdict(list)
    for row in connection.execute(reading.postings, values):
        lines[row.seq].append(Posting(AccountId(row.account_id), row.amount))
    return tuple(
        Entry(
            row.seq,
            EntryDraft(
                EntryId(row.entry_id),
                EntryKind(row.kind),
                row.at,
                tuple(lines[row.seq]),
                row.call_id,
                row.refunds,
                row.memo,
            ),
            row.previous_hash,
            row.hash,
        )
        for row in connection.execute(reading.entries, values)
    )


def read_holds(
    connection: Connection, *, call_id: CallId | None = None, state: HoldState | None = None
) -> tuple[Hold, ...]:
    """Holds that match every filter given, the oldest first."""
    query = select(holds).order_by(holds.c.placed_at, holds.c.hold_id)
    if call_id is not None:
        query = query.where(holds.c.call_id == call_id)
        if connection.dialect.name == SQLITE:
            first, last = ids_of_call(call_id)
            query = query.where(holds.c.hold_id > first, holds.c.hold_id < last)
    if state is not None:
        query = query.where(holds.c.state == state.value)
    return tuple(map(to_hold, connection.execute(query).mappings()))


def read_open_calls(connection: Connection, *, process_id: str | None = None) -> tuple[OpenCall, ...]:
    """Calls that are going on, of all processes or of one, the oldest first."""
    query = select(open_calls).order_by(open_calls.c.started_at, open_calls.c.call_id)
    if process_id is not None:
        query = query.where(open_calls.c.process_id == process_id)
    return tuple(map(to_open_call, connection.execute(query).mappings()))


def read_processes(connection: Connection) -> tuple[Process, ...]:
    """The registered processes, the oldest first."""
    query = select(processes).order_by(processes.c.started_at, processes.c.process_id)
    return tuple(map(to_process, connection.execute(query).mappings()))


def to_hold(row: RowMapping) -> Hold:
    """A hold of the table `holds`."""
    return Hold(**{**row, "state": HoldState(row["state"])})


def to_account(row: RowMapping) -> Account:
    """An account of the table `accounts`."""
    return Account(row["account_id"], row["floor"], row["balance"], row["held"], row["opened_at"])


def to_open_call(row: RowMapping) -> OpenCall:
    """An open call of the table `open_calls`."""
    return OpenCall(**{**row, "call_id": CallId(row["call_id"]), "legs": tuple(json.loads(row["legs"]))})


def to_record(row: RowMapping) -> CallRecord:
    """A record of the table `calls`."""
    return CallRecord(**row)


def to_process(row: RowMapping) -> Process:
    """A process of the table `processes`."""
    return Process(**row)
