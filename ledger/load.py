"""Rows of the database as values: for decisions (by footprint) and for readers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Text,
    bindparam,
    column,
    func,
    literal,
    or_,
    select,
)

from ledger.entries import EntryId, EntryKind, Head
from ledger.footprint import Footprint
from ledger.hold import Hold, HoldState
from ledger.money import ZERO, AccountId, CallId
from ledger.outcomes import from_text
from ledger.records import CallRecord, OpenCall
from ledger.requests import Process
from ledger.rows import Account, ChargeEntry, RememberedRequest, WorkingRows
from ledger.tables import Amount, accounts, entries, head, holds, open_calls, postings, processes, requests

EXPIRE_MAX: Final = 1_000
"""Holds that one ExpireHolds gives back at most; whoever has more asks again."""


def load(connection: Connection, wanted: Footprint) -> WorkingRows:
    """The rows a group needs, each with what it needs to be judged (see `ledger.rows.View`)."""
    rows = WorkingRows(load_head(connection))
    rows.load(_remembered(connection, wanted.remembered))
    rows.load(_needed_holds(connection, wanted))
    call_ids = wanted.calls | {hold.call_id for hold in rows.holds.values()}
    rows.load(map(to_open_call, _by_key(connection, _CALLS, call_ids)))
    rows.load(map(to_open_call, _by_key(connection, _CALLS_OF, wanted.retiring)))
    process_ids = wanted.processes | {call.process_id for call in rows.calls.values()}
    rows.load(map(to_process, _by_key(connection, _PROCESSES, process_ids)))
    for charge_id in wanted.charges:
        rows.load(_charge(connection, charge_id))
    account_ids = wanted.accounts | {hold.account_id for hold in rows.holds.values()}
    for charge in rows.charges.values():
        account_ids |= {charge.payer, charge.income}
    rows.load(map(to_account, _by_key(connection, _ACCOUNTS, account_ids)))
    return rows


def load_head(connection: Connection) -> Head:
    """Where the book stands."""
    row = connection.execute(select(head.c.seq, head.c.hash, head.c.changes)).one()
    return Head(row.seq, row.hash, row.changes)


def among(key: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column is one of the parameter `keys`, a JSON array.

    One statement and one parameter for any number of keys: an IN list of thousands would be written
    out, and parsed, anew each time.
    """
    values = func.json_each(bindparam("keys", type_=Text)).table_valued(column("value", Text))
    return key.in_(select(values.c.value))


_REMEMBERED: Final = select(requests.c.request_id, requests.c.digest, requests.c.outcome).where(
    among(requests.c.request_id)
)
_ACCOUNTS: Final = select(accounts).where(among(accounts.c.account_id))
_HOLDS: Final = select(holds).where(among(holds.c.hold_id))
_HOLDS_OF: Final = select(holds).where(among(holds.c.call_id), holds.c.state == HoldState.PLACED.value)
_CALLS: Final = select(open_calls).where(among(open_calls.c.call_id))
_CALLS_OF: Final = select(open_calls).where(among(open_calls.c.process_id))
_PROCESSES: Final = select(processes).where(among(processes.c.process_id))


def _by_key(connection: Connection, query: Select[Any], keys: Collection[str]) -> Iterable[RowMapping]:
    if not keys:
        return ()
    return connection.execute(query, {"keys": json.dumps(list(keys))}).mappings()


def _remembered(connection: Connection, keys: Collection[str]) -> Iterable[RememberedRequest]:
    for row in _by_key(connection, _REMEMBERED, keys):
        yield RememberedRequest(row["request_id"], row["digest"], from_text(row["outcome"]))


def _needed_holds(connection: Connection, wanted: Footprint) -> Iterable[Hold]:
    yield from map(to_hold, _by_key(connection, _HOLDS, wanted.holds))
    yield from map(to_hold, _by_key(connection, _HOLDS_OF, wanted.ending))
    if wanted.silent_since is None:
        return
    of_call = holds.outerjoin(open_calls, holds.c.call_id == open_calls.c.call_id).outerjoin(
        processes, open_calls.c.process_id == processes.c.process_id
    )
    is_silent = (open_calls.c.accepted_at.is_(None)) & (processes.c.beat_at < wanted.silent_since)
    abandoned = (
        select(holds)
        .select_from(of_call)
        .where(holds.c.state == HoldState.PLACED.value, or_(open_calls.c.call_id.is_(None), is_silent))
        .order_by(holds.c.placed_at, holds.c.hold_id)
        .limit(EXPIRE_MAX)
    )
    yield from map(to_hold, connection.execute(abandoned).mappings())


def _charge(connection: Connection, charge_id: EntryId) -> Iterable[ChargeEntry]:
    lines = connection.execute(
        select(postings.c.account_id, postings.c.amount)
        .join(postings, postings.c.seq == entries.c.seq)
        .where(entries.c.entry_id == charge_id, entries.c.kind == EntryKind.CHARGE.value)
        .order_by(postings.c.line)
    ).all()
    if not lines:
        return
    payer, income = lines
    refunded = connection.execute(
        select(func.coalesce(func.sum(postings.c.amount), literal(ZERO, Amount())))
        .join(entries, postings.c.seq == entries.c.seq)
        .where(entries.c.refunds == charge_id, postings.c.account_id == payer.account_id)
    ).scalar_one()
    yield ChargeEntry(
        charge_id,
        AccountId(payer.account_id),
        AccountId(income.account_id),
        income.amount,
        refunded,
    )


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
