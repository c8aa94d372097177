"""Calls of a person to a number a while ago (`retry` of a profile), by the book's records.

So whoever must wait waits on every switch of the book, and over restarts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from ivr.reasons import Reason
from ledger.store import Book
from ledger.tables import calls

CALL_MAX: Final = timedelta(days=1)
"""No call lasts longer: where to begin in an index by the beginnings of calls."""


class Attempts:
    """The calls of one book that came to nothing."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def has_tried(self, person: str, number: str, *, since: datetime, ends: Collection[Reason]) -> bool:
        """Whether a call of a person to a number ended after an instant in one of these ways.

        Who gave up before it rang has disturbed nobody, and has not tried.

        Raises:
            LedgerUnavailableError: The database did not answer.
        """
        query = (
            select(calls.c.call_id)
            .where(calls.c.person == person, calls.c.started_at > since - CALL_MAX)
            .where(calls.c.number == number, calls.c.ended_at > since, calls.c.why.in_([each.value for each in ends]))
            .where((calls.c.why != Reason.GAVE_UP.value) | calls.c.rang_at.is_not(None))
            .limit(1)
        )
        return await self._book.read(lambda connection: connection.execute(query).first() is not None)
