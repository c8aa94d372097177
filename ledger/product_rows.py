"""Rows of products in the database: one way of loading and storing for all (see `ledger.products.rows`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import starmap
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, literal, or_, select

from ledger.chart import AccountKind
from ledger.columns import Amount
from ledger.entries import EntryId, EntryKind, Posting
from ledger.footprint import Footprint, accounts_of
from ledger.money import ZERO, AccountId, CallId
from ledger.products.card_rows import CardPayment, CardRefund
from ledger.products.directbill import paid_since
from ledger.products.pending import charge_from_text
from ledger.products.rows import (
    Allowance,
    AllowanceTake,
    CalledNumber,
    CreditLine,
    CreditLot,
    Invoice,
    Kind,
    Message,
    MessageDraw,
    PendingCharge,
    ProductRows,
)
from ledger.products.windows import Sum, Window
from ledger.question import Question, among, columns_of, listed
from ledger.rows import DepositEntry, WorkingRows
from ledger.statements import Working
from ledger.stored import PRODUCTS
from ledger.tables import allowance_takes, entries, open_calls, postings, processes

EXPIRE_MAX: Final = 1_000
"""Calls whose free seconds one ExpireHolds gives back at most; whoever has more asks again."""

_PARENTS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        CalledNumber: "account_id",
        AllowanceTake: "call_id",
        CardPayment: "call_id",
        CardRefund: "call_id",
        Invoice: "account_id",
        CreditLot: "account_id",
        MessageDraw: "message_id",
    }
)
"""The columns that rows are found by beside their keys."""


def load_products(session: Working, rows: WorkingRows, wanted: Footprint) -> None:
    """Load the rows of products that a group needs, and those that these bring along."""
    by_column: defaultdict[tuple[Kind, str], set[str]] = defaultdict(set)
    for kind, row_id in wanted.products:
        by_column[kind, PRODUCTS[kind].key].add(row_id)
    for kind, parent in wanted.children:
        by_column[kind, _PARENTS[kind]].add(parent)
    for (kind, column), keys in by_column.items():
        rows.load(PRODUCTS[kind].find(session, column, keys))
    if wanted.silent_since is not None:
        taken = PRODUCTS[AllowanceTake]
        rows.load(taken.find(session, taken.key, _abandoned(session.core, wanted)))
    cycles = {f"{each.key}/{each.cycle}" for each in rows.products.all(AllowanceTake)}
    rows.load(PRODUCTS[Allowance].find(session, PRODUCTS[Allowance].key, cycles))
    # Of an owner who sends and is judged in one group, lots are found twice: they are the same.
    lots = {each.lot_id for each in rows.products.all(MessageDraw)}
    rows.load(PRODUCTS[CreditLot].find(session, PRODUCTS[CreditLot].key, lots))
    for deposit_id in wanted.deposits:
        rows.load(_deposit(session.core, deposit_id))


def calls_of_products(rows: WorkingRows) -> set[CallId]:
    """The calls that rows of products belong to."""
    return {each.call_id for each in rows.products.all(AllowanceTake)}


def accounts_of_products(rows: WorkingRows) -> set[AccountId]:
    """The accounts that rows of products, and deposits, will touch."""
    of_charges = (accounts_of(charge_from_text(each.body)) for each in rows.products.all(PendingCharge))
    of_deposits = (posting.account_id for each in rows.deposits.values() for posting in each.postings)
    of_messages = (each.account_id for each in rows.products.all(Message))
    return {*of_deposits, *of_messages, *(account_id for accounts in of_charges for account_id in accounts)}


def load_of_accounts(session: Working, rows: WorkingRows, wanted: Footprint) -> None:
    """Load what belongs to the accounts that were loaded: credit lines, sums, the last use."""
    on_credit = {each for each in rows.accounts if each.startswith(f"{AccountKind.DIRECTBILL.value}:")}
    rows.load(PRODUCTS[CreditLine].find(session, "account_id", on_credit))
    for window in wanted.windows | {paid_since(each) for each in rows.products.all(Invoice)}:
        rows.totals[window] = read_total(session.core, window)
    if wanted.used:
        rows.last_used.update(read_last_used(session.core, wanted.used))


def save_products(session: Working, products: ProductRows) -> None:
    """Write every row that changed, and drop those that are gone."""
    put: defaultdict[Kind, list[Any]] = defaultdict(list)
    gone: defaultdict[Kind, list[str]] = defaultdict(list)
    for (kind, row_id), row in products.changed.items():
        if row is None:
            gone[kind].append(row_id)
        else:
            put[kind].append(row)
    for kind, rows in put.items():
        PRODUCTS[kind].put(session, rows)
    for kind, row_ids in gone.items():
        PRODUCTS[kind].drop(session, row_ids)


def read_rows(connection: Connection, kind: Kind, **keys: Collection[str]) -> Iterator[Any]:
    """For readers: the rows whose columns each are among these keys, in no order."""
    alone = frozenset(name for name, wanted in keys.items() if len(wanted) == 1)
    given = {name: next(iter(wanted)) if name in alone else listed(wanted) for name, wanted in keys.items()}
    way = (kind, frozenset(keys), alone)
    if way not in _questions:
        columns = PRODUCTS[kind].table.c
        is_wanted = (columns[key] == bindparam(key) if key in alone else among(columns[key], key) for key in keys)
        _questions[way] = Question(select(*columns_of(PRODUCTS[kind].table, kind)).where(*is_wanted))
    yield from starmap(kind, _questions[way].rows(connection, **given))


_questions: Final[dict[tuple[Kind, frozenset[str], frozenset[str]], Question]] = {}
"""By a kind of rows, the columns they are wanted by, and those of one text alone: as many as callers ask."""


def read_last_used(connection: Connection, accounts: Collection[AccountId]) -> dict[AccountId, Any]:
    """When each account was last used, as the entries say; none that never was."""
    query = (
        select(postings.c.account_id, func.max(entries.c.at))
        .join(entries, entries.c.seq == postings.c.seq)
        .where(postings.c.account_id.in_(sorted(accounts)), _kinds(Sum.USE))
        .group_by(postings.c.account_id)
    )
    return {AccountId(account_id): at for account_id, at in connection.execute(query)}


def _kinds(of: Sum) -> Any:
    return entries.c.kind.in_(sorted(kind.value for kind in of.value))


def read_total(connection: Connection, window: Window) -> Any:
    """What the postings of a window come to."""
    query = (
        select(func.coalesce(func.sum(postings.c.amount), literal(ZERO, Amount())))
        .join(entries, entries.c.seq == postings.c.seq)
        .where(postings.c.account_id == window.account_id, _kinds(window.of))
    )
    if window.since is not None:
        query = query.where(entries.c.at >= window.since)
    if window.until is not None:
        query = query.where(entries.c.at < window.until)
    return connection.execute(query).scalar_one()


def _deposit(connection: Connection, deposit_id: EntryId) -> Iterator[DepositEntry]:
    lines = connection.execute(
        select(postings.c.account_id, postings.c.amount)
        .join(entries, entries.c.seq == postings.c.seq)
        .where(entries.c.entry_id == deposit_id, entries.c.kind == EntryKind.DEPOSIT.value)
        .order_by(postings.c.line)
    ).all()
    if not lines:
        return
    taken_back = select(entries.c.seq).where(
        entries.c.refunds == deposit_id, entries.c.kind == EntryKind.CHARGEBACK.value
    )
    is_back = connection.execute(taken_back).first() is not None
    yield DepositEntry(deposit_id, tuple(Posting(AccountId(each), amount) for each, amount in lines), is_back)


def _abandoned(connection: Connection, wanted: Footprint) -> list[str]:
    takes = allowance_takes
    of_call = takes.outerjoin(open_calls, takes.c.call_id == open_calls.c.call_id).outerjoin(
        processes, open_calls.c.process_id == processes.c.process_id
    )
    is_silent = (open_calls.c.accepted_at.is_(None)) & (processes.c.beat_at < wanted.silent_since)
    query = (
        select(takes.c.row_id)
        .select_from(of_call)
        .where(or_(open_calls.c.call_id.is_(None), is_silent))
        .order_by(takes.c.row_id)
        .limit(EXPIRE_MAX)
    )
    return list(connection.execute(query).scalars())
