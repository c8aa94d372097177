"""What people and programs ask a book about products, answered from one snapshot each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, literal, select

from ledger.entries import EntryKind
from ledger.money import ZERO, AccountId, CallId, Money
from ledger.product_rows import read_rows
from ledger.products.numbers import payer_at
from ledger.products.rows import CalledNumber
from ledger.tables import Amount, calls, entries, postings


def read_payer(connection: Connection, number: str, at: datetime) -> AccountId | None:
    """Which account with several numbers pays for this one at an instant; None if none does (yet)."""
    return payer_at(next(read_rows(connection, CalledNumber, number={number}), None), at)


def read_numbers(connection: Connection, account_id: AccountId) -> tuple[CalledNumber, ...]:
    """The numbers of an account, by number."""
    found = read_rows(connection, CalledNumber, account_id={account_id})
    return tuple(sorted(found, key=lambda row: row.number))


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry of an account, with the call it is about."""

    at: datetime
    entry_id: str
    kind: EntryKind
    amount: Money
    """As it changed the balance: a charge is negative."""
    memo: str
    call_id: CallId | None
    started_at: datetime | None
    facility: str | None
    number: str | None
    talk: timedelta | None


@dataclass(frozen=True, slots=True)
class Statement:
    """An account over a span of time, such as a month of collect calls (S1-4)."""

    account_id: AccountId
    since: datetime
    until: datetime
    opening: Money
    lines: tuple[StatementLine, ...]
    closing: Money


def read_statement(connection: Connection, account_id: AccountId, since: datetime, until: datetime) -> Statement:
    """What an account had, what happened, and what it has then; `until` is exclusive."""
    before = (
        select(func.coalesce(func.sum(postings.c.amount), literal(ZERO, Amount())))
        .join(entries, entries.c.seq == postings.c.seq)
        .where(postings.c.account_id == account_id, entries.c.at < since)
    )
    opening: Money = connection.execute(before).scalar_one()
    during = (
        select(
            entries.c.at,
            entries.c.entry_id,
            entries.c.kind,
            postings.c.amount,
            entries.c.memo,
            entries.c.call_id,
            calls.c.started_at,
            calls.c.facility,
            calls.c.number,
            calls.c.talk,
        )
        .join(postings, postings.c.seq == entries.c.seq)
        .outerjoin(calls, calls.c.call_id == entries.c.call_id)
        .where(postings.c.account_id == account_id, entries.c.at >= since, entries.c.at < until)
        .order_by(entries.c.at, entries.c.seq)
    )
    lines = tuple(
        StatementLine(**{**row, "kind": EntryKind(row["kind"])}) for row in connection.execute(during).mappings()
    )
    closing = Money(opening.micros + sum(line.amount.micros for line in lines))
    return Statement(account_id, since, until, opening, lines, closing)
