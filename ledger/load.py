"""The rows a group of requests needs, as values: by footprint, each table with one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import Connection, or_, select

from ledger.address import SQLITE
from ledger.entries import EntryId, EntryKind, Posting
from ledger.footprint import Footprint
from ledger.head import take_head
from ledger.hold import Hold, HoldId, HoldState, ids_of_call, is_hold_id
from ledger.money import AccountId, CallId
from ledger.product_rows import accounts_of_products, calls_of_products, load_of_accounts, load_products
from ledger.rows import ChargeEntry, WorkingRows, charge_entry, remembered_of
from ledger.statements import Working
from ledger.stored import ACCOUNTS, HOLDS, OPEN_CALLS, PROCESSES, REQUESTS
from ledger.tables import entries, holds, open_calls, postings, processes

EXPIRE_MAX: Final = 1_000
"""Holds that one ExpireHolds gives back at most; whoever has more asks again."""


def load(session: Working, wanted: Footprint) -> WorkingRows:
    """The rows a group needs, each with what it needs to be judged (see `ledger.rows.View`)."""
    # What is asked before anything is looked at is waited for together.
    head = take_head(session)
    processes_of_all = PROCESSES.all(session) if wanted.every_process else ()
    if wanted.is_of_processes:
        rows = WorkingRows(head())
        rows.load(processes_of_all)
        return rows
    remembered = REQUESTS.find(session, "request_id", wanted.remembered)
    placing = HOLDS.find(session, "hold_id", [each for each in wanted.remembered if is_hold_id(each)])
    needed = HOLDS.find(session, "hold_id", wanted.holds)
    of_ending = _of_calls(session, wanted.ending)
    rows = WorkingRows(head())
    rows.load(processes_of_all)
    rows.load(remembered)
    rows.load(seen for hold in placing if (seen := remembered_of(hold)) is not None)
    rows.load(needed)
    rows.load(hold for hold in of_ending if hold.state is HoldState.PLACED)
    if wanted.silent_since is not None:
        rows.load(HOLDS.find(session, "hold_id", _abandoned(session.core, wanted)))
    load_products(session, rows, wanted)
    _load_calls(session, rows, wanted)
    if not wanted.every_process:
        process_ids = wanted.processes | {call.process_id for call in rows.calls.values()}
        rows.load(PROCESSES.find(session, "process_id", process_ids))
    for charge_id in wanted.charges:
        rows.load(_charge(session.core, charge_id))
    account_ids = wanted.accounts | {hold.account_id for hold in rows.holds.values()} | accounts_of_products(rows)
    for charge in rows.charges.values():
        account_ids |= {part.account_id for part in charge.parts}
    rows.load(ACCOUNTS.find(session, "account_id", account_ids))
    load_of_accounts(session, rows, wanted)
    return rows


def load_plain(session: Working, accounts: Collection[AccountId], calls: Collection[CallId]) -> WorkingRows:
    """The rows that plain holds need, if none of them was placed before."""
    head = take_head(session)
    held = ACCOUNTS.find(session, "account_id", accounts)
    is_open = OPEN_CALLS.keys(session, calls)  # All three are waited for together.
    rows = WorkingRows(head())
    rows.open |= is_open
    rows.load(held)
    return rows


def _load_calls(session: Working, rows: WorkingRows, wanted: Footprint) -> None:
    call_ids = wanted.calls | {hold.call_id for hold in rows.holds.values()} | calls_of_products(rows)
    if wanted.silent_since is None:
        # That a call goes on is all that most requests ask of it, and a call has twenty columns.
        rows.open |= OPEN_CALLS.keys(session, call_ids)
    else:
        rows.load(OPEN_CALLS.find(session, "call_id", call_ids))
    rows.load(OPEN_CALLS.find(session, "process_id", wanted.retiring))


def _of_calls(session: Working, call_ids: Collection[CallId]) -> Iterable[Hold]:
    if session.dialect != SQLITE:
        return HOLDS.find(session, "call_id", call_ids)
    found = [HOLDS.between(session, "hold_id", *ids_of_call(call_id)) for call_id in call_ids]
    return (hold for of_call in found for hold in of_call if hold.call_id in call_ids)


def _abandoned(connection: Connection, wanted: Footprint) -> list[HoldId]:
    of_call = holds.outerjoin(open_calls, holds.c.call_id == open_calls.c.call_id).outerjoin(
        processes, open_calls.c.process_id == processes.c.process_id
    )
    is_silent = (open_calls.c.accepted_at.is_(None)) & (processes.c.beat_at < wanted.silent_since)
    query = (
        select(holds.c.hold_id)
        .select_from(of_call)
        .where(holds.c.state == HoldState.PLACED.value, or_(open_calls.c.call_id.is_(None), is_silent))
        .order_by(holds.c.placed_at, holds.c.hold_id)
        .limit(EXPIRE_MAX)
    )
    return list(map(HoldId, connection.execute(query).scalars()))


def _charge(connection: Connection, charge_id: EntryId) -> Iterable[ChargeEntry]:
    lines = connection.execute(
        select(entries.c.kind, postings.c.account_id, postings.c.amount)
        .join(postings, postings.c.seq == entries.c.seq)
        .where(
            or_(
                (entries.c.entry_id == charge_id) & (entries.c.kind == EntryKind.CHARGE.value),
                entries.c.refunds == charge_id,
            )
        )
        .order_by(postings.c.seq, postings.c.line)
    ).all()
    charged = [Posting(AccountId(each), amount) for kind, each, amount in lines if kind == EntryKind.CHARGE.value]
    given_back = [Posting(AccountId(each), amount) for kind, each, amount in lines if kind == EntryKind.REFUND.value]
    if charged:
        yield charge_entry(charge_id, charged, given_back)
