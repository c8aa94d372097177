"""Write what a group of decisions has changed: a few statements, each for many rows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, insert, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import UpdateBase

from ledger.entries import Entry, Head
from ledger.hold import Hold
from ledger.outcomes import to_text
from ledger.records import CallRecord, OpenCall
from ledger.requests import Process
from ledger.rows import Account, WorkingRows
from ledger.tables import accounts, calls, entries, head, holds, open_calls, postings, processes, requests

Values = dict[str, Any]


def save(connection: Connection, rows: WorkingRows, *, is_written_beside: bool) -> Head:
    """Write every change, rows that others refer to first. Returns where the book stands then.

    Nothing is written, and no change is counted, where nothing changed: neither here, nor
    (`is_written_beside`) in tables of others in the same transaction.
    """
    steps = [
        (_PUT_ACCOUNT, [_account(row, rows.head.changes + 1) for row in rows.changed_accounts.values()]),
        (_PUT_PROCESS, [_process(row) for row in rows.changed_processes.values() if row is not None]),
        (_PUT_CALL, [_open_call(row) for row in rows.changed_calls.values() if row is not None]),
        (_DROP_CALL, [{"key": key} for key, row in rows.changed_calls.items() if row is None]),
        (_DROP_PROCESS, [{"key": key} for key, row in rows.changed_processes.items() if row is None]),
        (_PUT_HOLD, [_hold(row) for row in rows.changed_holds.values()]),
        (_ADD_RECORD, [_record(row) for row in rows.new_records]),
        (_ADD_ENTRY, [_entry(row) for row in rows.new_entries]),
        (_ADD_POSTING, [line for row in rows.new_entries for line in _postings(row)]),
        (_ADD_REQUEST, [_request(row.request_id, row.digest, to_text(row.outcome)) for row in rows.new_requests]),
    ]
    if not is_written_beside and not any(values for _, values in steps):
        return rows.head
    for statement, values in steps:
        if values:
            connection.execute(statement, values)
    reached = replace(rows.head, changes=rows.head.changes + 1)
    connection.execute(_PUT_HEAD, {"seq": reached.seq, "hash": reached.hash, "changes": reached.changes})
    return reached


def _upsert(table: Table, *keys: str) -> UpdateBase:
    """Insert a row, or replace all but the key of the one that has its key."""
    statement = sqlite.insert(table)
    changed = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=changed)


_PUT_HEAD: Final = update(head)
_PUT_ACCOUNT: Final = _upsert(accounts, "account_id")
_PUT_PROCESS: Final = _upsert(processes, "process_id")
_DROP_PROCESS: Final = delete(processes).where(processes.c.process_id == bindparam("key"))
_PUT_CALL: Final = _upsert(open_calls, "call_id")
_DROP_CALL: Final = delete(open_calls).where(open_calls.c.call_id == bindparam("key"))
_PUT_HOLD: Final = _upsert(holds, "hold_id")
_ADD_RECORD: Final = insert(calls)
_ADD_ENTRY: Final = insert(entries)
_ADD_POSTING: Final = insert(postings)
_ADD_REQUEST: Final = insert(requests)


def _account(account: Account, change: int) -> Values:
    return {
        "account_id": account.account_id,
        "floor": account.floor,
        "balance": account.balance,
        "held": account.held,
        "opened_at": account.opened_at,
        "change": change,
    }


def _hold(hold: Hold) -> Values:
    return {
        "hold_id": hold.hold_id,
        "account_id": hold.account_id,
        "call_id": hold.call_id,
        "amount": hold.amount,
        "placed_at": hold.placed_at,
        "state": hold.state.value,
        "captured": hold.captured,
        "settled_at": hold.settled_at,
    }


def _process(process: Process) -> Values:
    return {column.name: getattr(process, column.name) for column in processes.c}


def _open_call(call: OpenCall) -> Values:
    values = {column.name: getattr(call, column.name) for column in open_calls.c}
    return values | {"legs": json.dumps(call.legs)}


def _record(record: CallRecord) -> Values:
    return {column.name: getattr(record, column.name) for column in calls.c}


def _entry(entry: Entry) -> Values:
    draft = entry.draft
    return {
        "seq": entry.seq,
        "entry_id": draft.entry_id,
        "kind": draft.kind.value,
        "at": draft.at,
        "call_id": draft.call_id,
        "refunds": draft.refunds,
        "memo": draft.memo,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def _postings(entry: Entry) -> list[Values]:
    return [
        {"seq": entry.seq, "line": line, "account_id": posting.account_id, "amount": posting.amount}
        for line, posting in enumerate(entry.draft.postings, start=1)
    ]


def _request(request_id: str, digest: str, outcome: str) -> Values:
    return {"request_id": request_id, "digest": digest, "outcome": outcome}
