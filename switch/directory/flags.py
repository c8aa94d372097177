"""Suspicions about calls, kept beside their records: durable, in the book's database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy import Connection, insert, select

from ledger.money import CallId
from ledger.store import Book
from switch.directory.tables import call_flags

LATEST_MAX: Final = 1_000
"""So many flags are shown at a time."""


class Suspicion(Enum):
    """What may have happened."""

    THREE_WAY = "three-way"
    """The called party brought in somebody else."""
    FORWARDED = "forwarded"
    """The called number sent the call on."""


class Source(Enum):
    """Who says so."""

    HEARD = "heard"
    """The sound: a hook-flash and a second dial tone."""
    SIP = "sip"
    """The far end's signalling: 181, a redirection, History-Info, Diversion."""
    INJECTED = "injected"
    """A scenario, or another program."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One suspicion about one call."""

    call_id: CallId
    suspicion: Suspicion
    source: Source
    at: datetime


class Flags:
    """The flags of one book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def add(self, *flags: Flag) -> None:
        """Keep flags; one that is kept already stays as it is.

        Raises:
            LedgerError: The book does not answer.
        """

        def store(connection: Connection) -> None:
            for each in flags:
                key = {"call_id": each.call_id, "kind": each.suspicion.value, "source": each.source.value}
                if connection.execute(select(call_flags.c.flag_id).filter_by(**key)).first() is None:
                    connection.execute(insert(call_flags).values(at=each.at, **key))

        await self._book.write(store)

    async def latest(self) -> tuple[Flag, ...]:
        """The flags kept last, the oldest of them first, `LATEST_MAX` at most."""
        query = select(call_flags).order_by(call_flags.c.flag_id.desc()).limit(LATEST_MAX)

        def look(connection: Connection) -> tuple[Flag, ...]:
            rows = connection.execute(query).all()
            return tuple(
                Flag(CallId(row.call_id), Suspicion(row.kind), Source(row.source), row.at) for row in reversed(rows)
            )

        return await self._book.read(look)
