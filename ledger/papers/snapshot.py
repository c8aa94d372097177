"""The journal as it is read for an export: accounts with their first day, entries in the order of the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from ledger.entries import Entry
from ledger.money import AccountId, Money
from ledger.reads import read_accounts, read_entries_between
from ledger.tables import entries, postings

CHUNK: Final = 5_000
"""Entries read together: a few megabytes."""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account of the book, as a journal declares it."""

    account_id: AccountId
    first_day: date
    """UTC: when it was opened, or the day of its first posting if that says an earlier one."""
    opened_at: datetime
    balance: Money


def read_account_lines(connection: Connection) -> tuple[AccountLine, ...]:
    """All accounts, by id."""
    firsts = (
        select(postings.c.account_id, func.min(entries.c.at).label("first"))
        .join(entries, entries.c.seq == postings.c.seq)
        .group_by(postings.c.account_id)
    )
    first_of = {row.account_id: row.first for row in connection.execute(firsts)}
    return tuple(
        AccountLine(
            account.account_id,
            min(account.opened_at, first_of.get(account.account_id, account.opened_at)).date(),
            account.opened_at,
            account.balance,
        )
        for account in read_accounts(connection)
    )


def iterate_entries(connection: Connection) -> Iterator[Entry]:
    """Every entry, in the order of the chain."""
    seq = 0
    while chunk := read_entries_between(connection, seq, CHUNK):
        yield from chunk
        seq = chunk[-1].seq


def day_after_all(connection: Connection, lines: tuple[AccountLine, ...]) -> date | None:
    """The day after everything in the journal, on which its balances are asserted; None for an empty book."""
    last = connection.execute(select(func.max(entries.c.at))).scalar_one()
    days = [line.first_day for line in lines] + ([] if last is None else [last.date()])
    return max(days) + timedelta(days=1) if days else None
