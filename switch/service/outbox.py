"""What customers are to be told (S1-5): kept until it is handed over, as lines of JSON in a file for now.

A notice is made of what the book says, not of what a job did: a job that was cut off is made good by the next run.
It is marked as handed over after it was: one that is cut off in between is handed over twice, never not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from ledger.entries import to_micros
from ledger.money import AccountId
from ledger.products.inactivity import InactivityRule
from ledger.store import Book
from ledger.tables import dormancies
from switch.service.customers import read_holder
from switch.service.tables import notices

NOTICES_MAX: Final = 10_000
"""Made or handed over at a time: a run of the jobs takes a thousand steps of each kind."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a customer is to be told."""

    notice_id: str
    at: datetime
    kind: str
    """`idle` or `closed`."""
    account_id: AccountId
    customer_id: str | None
    words: str


class Outbox:
    """The notices of one book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def fill(self, rule: InactivityRule) -> tuple[Notice, ...]:
        """Make the notices that what was done to idle accounts asks for; returns the new ones."""

        def store(connection: Connection) -> tuple[Notice, ...]:
            known = set(connection.execute(select(notices.c.notice_id)).scalars())
            made = tuple(each for each in _wanted(connection, rule) if each.notice_id not in known)[:NOTICES_MAX]
            for each in made:
                connection.execute(insert(notices).values(notice_facts(each)))
            return made

        if not await self._book.read(lambda connection: any(_missing(connection, rule))):
            return ()
        return await self._book.write(store)

    async def waiting(self) -> tuple[Notice, ...]:
        """Notices that were not handed over yet, the oldest first."""
        query = (
            select(notices)
            .where(notices.c.sent_at.is_(None))
            .order_by(notices.c.at, notices.c.notice_id)
            .limit(NOTICES_MAX)
        )
        return await self._book.read(
            lambda connection: tuple(
                Notice(row.notice_id, row.at, row.kind, AccountId(row.account_id), row.customer_id, row.words)
                for row in connection.execute(query)
            )
        )

    async def hand_over(self, take: Callable[[Notice], None], *, to: str, at: datetime) -> tuple[Notice, ...]:
        """Give every waiting notice to a sink, and mark it as handed over.

        Raises whatever the sink raises; what it took before is marked.
        """
        taken: list[Notice] = []
        try:
            for each in await self.waiting():
                take(each)
                taken.append(each)
        finally:
            ids = [each.notice_id for each in taken]
            if ids:
                mark = update(notices).where(notices.c.notice_id.in_(ids)).values(sent_at=at, sent_by=to)
                await self._book.write(lambda connection: connection.execute(mark).rowcount)
        return tuple(taken)


def notice_facts(notice: Notice) -> dict[str, object]:
    """A notice as facts, instants as values."""
    return {name: getattr(notice, name) for name in Notice.__dataclass_fields__}


def notice_line(notice: Notice) -> str:
    """A notice as one line of JSON."""
    return json.dumps(notice_facts(notice) | {"at": notice.at.isoformat()}, ensure_ascii=False)


def _missing(connection: Connection, rule: InactivityRule) -> Iterable[Notice]:
    known = set(connection.execute(select(notices.c.notice_id)).scalars())
    return (each for each in _wanted(connection, rule) if each.notice_id not in known)


def _wanted(connection: Connection, rule: InactivityRule) -> Iterable[Notice]:
    """Every notice that the book's idle accounts ask for."""
    query = select(dormancies).where(dormancies.c.notified_at.is_not(None)).order_by(dormancies.c.account_id)
    for row in connection.execute(query):
        account_id = AccountId(row.account_id)
        holder = read_holder(connection, account_id)
        notified = f"idle/{account_id}/{to_micros(row.notified_at)}"
        yield Notice(
            notified, row.notified_at, "idle", account_id, holder, _idle_words(account_id, row.notified_at, rule)
        )
        if row.closed_at is not None:
            words = f"{account_id} was not used and is closed; what was on it is paid out"
            yield Notice(
                f"closed/{account_id}/{to_micros(row.closed_at)}", row.closed_at, "closed", account_id, holder, words
            )


def _idle_words(account_id: AccountId, notified_at: datetime, rule: InactivityRule) -> str:
    if rule.is_from_notice:
        end = f"on {notified_at + rule.closing_after:%Y-%m-%d}"
    else:
        end = f"{rule.closing_after.days} days after its last use"
    return f"{account_id} has not been used for a while: it is closed {end} unless you call, pay, or tell us to keep it"
