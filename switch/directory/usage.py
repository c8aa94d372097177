"""How much a person or a number has talked: of the book's records and of the calls that go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from ledger.store import Book
from ledger.tables import calls, open_calls
from switch.directory.rules import Counted


@dataclass(frozen=True, slots=True)
class Used:
    """Accepted calls and their talk, calls that go on included."""

    calls: int
    talk: timedelta


class Usage:
    """Counts accepted calls in one book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def of(self, counted: Counted, key: str, *, since: datetime, now: datetime) -> Used:
        """What was used by a person, or with a number, in calls that began at `since` or later.

        Raises:
            LedgerUnavailableError: The database did not answer.
        """
        name = "number" if counted is Counted.NUMBER else "person"
        ended = select(func.count(), type_coerce(func.coalesce(func.sum(calls.c.talk), 0), BigInteger)).where(
            calls.c[name] == key, calls.c.started_at >= since, calls.c.accepted_at.is_not(None)
        )
        going_on = select(open_calls.c.accepted_at).where(
            open_calls.c[name] == key, open_calls.c.accepted_at.is_not(None)
        )

        def look(connection: Connection) -> Used:
            count, micros = connection.execute(ended).one()
            began = connection.execute(going_on).scalars().all()
            talk = timedelta(microseconds=int(micros))
            return Used(count + len(began), sum((max(timedelta(0), now - each) for each in began), talk))

        return await self._book.read(look)
