"""Blocks of called numbers, and stations locked out: durable, in the book's database.

A block is of (number, facility), or of a number for every facility. Only customer service removes one
(S1-14); the row stays, with when and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from ledger.question import Question, columns_of
from ledger.store import Book
from switch.directory.tables import blocks, lockouts

EVERY_FACILITY: Final = "*"

LATEST_MAX: Final = 256
"""So many of the blocks stored last are looked at for calls that go on: more than half a second brings."""


class BlockKind(Enum):
    """Who blocked (DOMAIN: controls)."""

    KEYPAD = "keypad"
    AGENT = "agent"
    FACILITY = "facility"
    SECURITY = "security"
    OVER_LIMIT = "over-limit"


@dataclass(frozen=True, slots=True)
class Block:
    """A block that stands, or stood."""

    number: str
    facility: str
    kind: BlockKind
    why: str
    blocked_at: datetime
    removed_at: datetime | None = None
    removed_why: str | None = None

    def touches(self, number: str, facility: str) -> bool:
        """Whether it stands for calls from this facility to this number."""
        return self.removed_at is None and self.number == number and self.facility in {facility, EVERY_FACILITY}


class Blocks:
    """The blocks and lock-outs of one book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def is_blocked(self, number: str, facility: str) -> bool:
        """Whether calls from this facility to this number are blocked now."""
        return any(block.removed_at is None for block in await self.of(number, facility))

    async def of(self, number: str, facility: str | None = None) -> tuple[Block, ...]:
        """Every block of a number, the oldest first; with a facility, those that touch it."""
        if facility is None:
            return await self._book.read(lambda connection: _blocks(connection, _OF_NUMBER, number=number))
        return await self._book.read(
            lambda connection: _blocks(connection, _TOUCHING, number=number, facility=facility)
        )

    async def latest(self) -> tuple[Block, ...]:
        """The blocks stored last, the newest first, `LATEST_MAX` at most; whoever stored them."""
        return await self._book.read(lambda connection: _blocks(connection, _LATEST))

    async def block(self, *, number: str, facility: str, kind: BlockKind, why: str, at: datetime) -> bool:
        """Block from now; False: it stood already, and stays as it is."""
        block = Block(number, facility, kind, why, at)
        return await self._book.write(lambda connection: store_block(connection, block))

    async def unblock(self, *, number: str, facility: str, why: str, at: datetime) -> int:
        """Remove the standing blocks of (number, facility); returns how many there were."""
        return await self._book.write(
            lambda connection: remove_blocks(connection, number=number, facility=facility, why=why, at=at)
        )

    async def lock(self, station: str, until: datetime) -> None:
        """Refuse PINs at a station until this instant."""

        def store(connection: Connection) -> None:
            connection.execute(delete(lockouts).where(lockouts.c.station == station))
            connection.execute(insert(lockouts).values(station=station, until=until))

        await self._book.write(store)

    async def locked_until(self, station: str, now: datetime) -> datetime | None:
        """The end of a lock-out that holds now, None if the station is free."""

        def look(connection: Connection) -> datetime | None:
            return next((until for until in _UNTIL.column(connection, station=station) if until > now), None)

        return await self._book.read(look)


def store_block(connection: Connection, block: Block) -> bool:
    """Store a block, within a transaction of the book's writer; False: it stood already, and stays as it is."""
    if (
        connection.execute(select(blocks.c.block_id).where(*_standing(block.number, block.facility))).first()
        is not None
    ):
        return False
    row = {"number": block.number, "facility": block.facility, "kind": block.kind.value, "why": block.why}
    connection.execute(insert(blocks).values(row | {"blocked_at": block.blocked_at}))
    return True


def remove_blocks(connection: Connection, *, number: str, facility: str, why: str, at: datetime) -> int:
    """Remove the standing blocks of (number, facility), within such a transaction; returns how many there were."""
    removal = update(blocks).where(*_standing(number, facility)).values(removed_at=at, removed_why=why)
    return connection.execute(removal).rowcount


def _standing(number: str, facility: str) -> tuple[ColumnElement[bool], ...]:
    return blocks.c.number == number, blocks.c.facility == facility, blocks.c.removed_at.is_(None)


_EVERY: Final = select(*columns_of(blocks, Block))
_OF_NUMBER: Final = Question(_EVERY.where(blocks.c.number == bindparam("number")).order_by(blocks.c.block_id))
_TOUCHING: Final = Question(
    _EVERY.where(
        blocks.c.number == bindparam("number"),
        (blocks.c.facility == bindparam("facility")) | (blocks.c.facility == EVERY_FACILITY),
    ).order_by(blocks.c.block_id)
)
_LATEST: Final = Question(_EVERY.order_by(blocks.c.block_id.desc()).limit(LATEST_MAX))
_UNTIL: Final = Question(select(lockouts.c.until).where(lockouts.c.station == bindparam("station")))


def _blocks(connection: Connection, question: Question, **wanted: str) -> tuple[Block, ...]:
    return tuple(
        Block(number, facility, BlockKind(kind), *rest)
        for number, facility, kind, *rest in question.rows(connection, **wanted)
    )
