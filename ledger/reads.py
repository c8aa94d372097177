"""What people and programs ask a book, answered from one snapshot each."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from itertools import starmap
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Integer, RowMapping, bindparam, select

from ledger.address import SQLITE
from ledger.entries import Entry, EntryDraft, EntryId, EntryKind, Posting
from ledger.hold import Hold, HoldState, ids_of_call
from ledger.money import AccountId, CallId
from ledger.question import Question, columns_of
from ledger.records import CallRecord, OpenCall
from ledger.requests import Process
from ledger.rows import Account
from ledger.stored import Line
from ledger.tables import accounts, calls, entries, holds, open_calls, postings, processes

_ACCOUNTS: Final = Question(select(*columns_of(accounts, Account)).order_by(accounts.c.account_id))


def read_accounts(connection: Connection) -> tuple[Account, ...]:
    """All accounts, by id."""
    return tuple(starmap(Account, _ACCOUNTS.rows(connection)))


def read_calls(
    connection: Connection,
    *,
    last: int | None = None,
    number: str | None = None,
    person: str | None = None,
    payer: AccountId | None = None,
) -> tuple[CallRecord, ...]:
    """Records that match every filter given, the newest first, `last` of them at most."""
    wanted = {"number": number, "person": person, "payer": payer}
    given: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if last is not None:
        given["last"] = last
    return tuple(starmap(CallRecord, _of_calls(*given).rows(connection, **given)))


@lru_cache
def _of_calls(*given: str) -> Question:
    """The records that match the filters given: there are as many questions as sets of these."""
    query = select(*columns_of(calls, CallRecord)).order_by(calls.c.started_at.desc(), calls.c.call_id.desc())
    for name in given:
        query = query.limit(bindparam(name, type_=Integer)) if name == "last" else query.where(_is(calls.c[name]))
    return Question(query)


def _is(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a column has the value given under its name."""
    return column == bindparam(column.key)


_CALL: Final = Question(select(*columns_of(calls, CallRecord)).where(_is(calls.c.call_id)))


def read_call(connection: Connection, call_id: CallId) -> CallRecord | None:
    """The record of one call, None while it is open or if there is none."""
    row = _CALL.first(connection, call_id=call_id)
    return None if row is None else CallRecord(*row)


def read_entries(
    connection: Connection, *, call_id: CallId | None = None, account_id: AccountId | None = None
) -> tuple[Entry, ...]:
    """Entries with all their postings, in the order they were booked.

    `call_id` takes a call's charge and what was refunded of it; `account_id` takes those with a posting
    on that account.
    """
    if call_id is None:
        if account_id is None:
            return _entries(connection, _ALL)
        return _entries(connection, _OF_ACCOUNT, account_id=account_id)
    if account_id is None:
        return _entries(connection, _OF_CALL, call_id=call_id)
    return _entries(connection, _OF_BOTH, call_id=call_id, account_id=account_id)


def read_entries_of(
    connection: Connection, account_id: AccountId, begins: datetime, ends: datetime
) -> tuple[Entry, ...]:
    """Entries with a posting on an account, from one instant up to another, in the order they were booked."""
    return _entries(connection, _OF_SPAN, account_id=account_id, begins=begins, ends=ends)


def read_entries_between(connection: Connection, after: int, most: int) -> tuple[Entry, ...]:
    """The next entries of the chain after a place in it, `most` of them at most."""
    return _entries(connection, _BETWEEN, after=after, most=most)


class _Reading:
    """Some entries, and their postings."""

    def __init__(self, *chosen: ColumnElement[bool]) -> None:
        of_entries = select(entries.c.seq).where(*chosen)
        lines = select(*columns_of(postings, Line)).order_by(postings.c.seq, postings.c.line)
        self.entries = Question(select(*_OF_ENTRY).where(*chosen).order_by(entries.c.seq))
        self.postings = Question(lines.where(postings.c.seq.in_(of_entries)) if chosen else lines)


_FIELDS: Final = ("seq", "entry_id", "kind", "at", "call_id", "refunds", "memo", "previous_hash", "hash")
_OF_ENTRY: Final = [entries.c[name] for name in _FIELDS]

_IS_OF_CALL: Final = _is(entries.c.call_id) | entries.c.refunds.in_(
    select(entries.c.entry_id).where(_is(entries.c.call_id))
)
_IS_OF_ACCOUNT: Final = entries.c.seq.in_(select(postings.c.seq).where(_is(postings.c.account_id)))
_FOLLOWING: Final = select(entries.c.seq).where(entries.c.seq > bindparam("after")).order_by(entries.c.seq)

_ALL: Final = _Reading()
_OF_CALL: Final = _Reading(_IS_OF_CALL)
_OF_ACCOUNT: Final = _Reading(_IS_OF_ACCOUNT)
_OF_BOTH: Final = _Reading(_IS_OF_CALL, _IS_OF_ACCOUNT)
_OF_SPAN: Final = _Reading(entries.c.at >= bindparam("begins"), entries.c.at < bindparam("ends"), _IS_OF_ACCOUNT)
_BETWEEN: Final = _Reading(entries.c.seq.in_(_FOLLOWING.limit(bindparam("most", type_=Integer))))


def _entries(connection: Connection, reading: _Reading, **values: Any) -> tuple[Entry, ...]:
    lines: defaultdict[int, list[Posting]] = defaultdict(list)
    for seq, _, account_id, amount in reading.postings.rows(connection, **values):
        lines[seq].append(Posting(AccountId(account_id), amount))
    return tuple(
        Entry(
            seq,
            EntryDraft(EntryId(entry_id), EntryKind(kind), at, tuple(lines[seq]), call_id, refunds, memo),
            previous_hash,
            hash_,
        )
        for seq, entry_id, kind, at, call_id, refunds, memo, previous_hash, hash_ in reading.entries.rows(
            connection, **values
        )
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
    if process_id is None:
        rows = _OPEN_CALLS.rows(connection)
    else:
        rows = _OPEN_CALLS_OF_PROCESS.rows(connection, process_id=process_id)
    return tuple(starmap(OpenCall, ((*facts, tuple(json.loads(legs))) for *facts, legs in rows)))


_EVERY_OPEN_CALL: Final = select(*columns_of(open_calls, OpenCall)).order_by(
    open_calls.c.started_at, open_calls.c.call_id
)
_OPEN_CALLS: Final = Question(_EVERY_OPEN_CALL)
_OPEN_CALLS_OF_PROCESS: Final = Question(_EVERY_OPEN_CALL.where(_is(open_calls.c.process_id)))


def read_processes(connection: Connection) -> tuple[Process, ...]:
    """The registered processes, the oldest first."""
    return tuple(starmap(Process, _PROCESSES.rows(connection)))


_PROCESSES: Final = Question(
    select(*columns_of(processes, Process)).order_by(processes.c.started_at, processes.c.process_id)
)


def to_hold(row: RowMapping) -> Hold:
    """A hold of the table `holds`."""
    return Hold(**{**row, "state": HoldState(row["state"])})


def to_account(row: RowMapping) -> Account:
    """An account of the table `accounts`."""
    return Account(row["account_id"], row["floor"], row["balance"], row["held"], row["opened_at"])


def to_record(row: RowMapping) -> CallRecord:
    """A record of the table `calls`."""
    return CallRecord(**row)
