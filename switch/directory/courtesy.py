"""Courtesy calls: a number that cannot be billed gets one short free call, once for ever.

The use is a row of the book, stored before the talk begins: of several calls at once, in whatever processes, one
gets it, and a crash does not give it back.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from ledger.money import CallId
from ledger.store import Book
from switch.directory.tables import courtesy_calls


class CourtesyCalls:
    """The courtesy calls of one book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def is_used(self, number: str) -> bool:
        """Whether a number had its courtesy call."""
        return await self._book.read(lambda connection: _user(connection, number) is not None)

    async def use(self, number: str, call_id: CallId, at: datetime) -> bool:
        """Take the courtesy call of a number for this call; False: another call had it.

        Raises:
            LedgerError: The book does not answer; it may be asked again.
        """

        def take(connection: Connection) -> bool:
            user = _user(connection, number)
            if user is not None:
                return user == call_id
            connection.execute(insert(courtesy_calls).values(number=number, call_id=call_id, used_at=at))
            return True

        return await self._book.write(take)


def _user(connection: Connection, number: str) -> str | None:
    """The call that had it, None while none did."""
    query = select(courtesy_calls.c.call_id).where(courtesy_calls.c.number == number)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found
