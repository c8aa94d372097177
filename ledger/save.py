"""Write what a group of decisions has changed: a few statements, each for many rows."""

from __future__ import annotations

from dataclasses import replace

from ledger.entries import Head
from ledger.head import move_head
from ledger.hold import HoldState
from ledger.product_rows import save_products
from ledger.rows import WorkingRows
from ledger.statements import Working
from ledger.stored import (
    ACCOUNTS,
    ENTRIES,
    HOLDS,
    OPEN_CALLS,
    POSTINGS,
    PROCESSES,
    RECORDS,
    REQUESTS,
    lines_of,
)


def save(session: Working, rows: WorkingRows, *, is_written_beside: bool) -> Head:
    """Write every change, rows that others refer to first. Returns where the book stands then.

    No change is counted where nothing changed but the beats of processes: neither here, nor
    (`is_written_beside`) in tables of others in the same transaction.
    """
    if rows.changed_processes:
        PROCESSES.put(session, [row for row in rows.changed_processes.values() if row is not None])
    if not (rows.has_news or is_written_beside):
        _drop_processes(session, rows)
        return rows.head
    change = rows.head.changes + 1
    ACCOUNTS.put(session, rows.changed_accounts.values(), change=change)
    OPEN_CALLS.put(session, [row for row in rows.changed_calls.values() if row is not None])
    OPEN_CALLS.drop(session, [key for key, row in rows.changed_calls.items() if row is None])
    _drop_processes(session, rows)
    # A hold that changed and is placed is a new one: once placed, it only ever becomes settled.
    # In the order of their keys, so that one page of an index after the other is written, a third faster.
    HOLDS.add_stored(session, sorted(rows.stored_holds))
    HOLDS.add(session, [hold for hold in rows.changed_holds.values() if hold.state is HoldState.PLACED])
    HOLDS.put(session, [hold for hold in rows.changed_holds.values() if hold.state is not HoldState.PLACED])
    RECORDS.add(session, rows.new_records)
    ENTRIES.add(session, rows.new_entries)
    POSTINGS.add(session, [line for entry in rows.new_entries for line in lines_of(entry)])
    REQUESTS.add(session, rows.new_requests)
    save_products(session, rows.products)
    reached = replace(rows.head, changes=change)
    move_head(session, reached)
    return reached


def _drop_processes(session: Working, rows: WorkingRows) -> None:
    PROCESSES.drop(session, [key for key, row in rows.changed_processes.items() if row is None])
