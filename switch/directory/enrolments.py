"""Who enrolled: on the first call a person chooses the rest of their PIN, and says their name.

The configuration gives the first part of a PIN; what is chosen is kept as a salted digest. An enrolment is
durable, in the book's database, and read anew by every process at each call.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from ledger.store import Book
from prompts.catalog import ClipId
from switch.directory.people import PersonId
from switch.directory.tables import enrolments

SALT_BYTES: Final = 16
ROUNDS: Final = 2**12
"""Of scrypt, 4 MB and some 10 ms: a few digits cannot be hidden from who has the book for long, only made dear."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person chose and said."""

    person: PersonId
    salt: bytes
    secret: bytes
    name: ClipId | None
    """The clip of the spoken name."""
    enrolled_at: datetime

    @property
    def has_chosen(self) -> bool:
        """Whether the PIN is complete; a name may have been spoken without one to choose."""
        return bool(self.secret)

    def is_chosen(self, digits: str) -> bool:
        """Whether these are the digits that were chosen, compared in constant time."""
        return self.has_chosen and hmac.compare_digest(_digest(digits, self.salt), self.secret)


class Enrolments:
    """The enrolments of one book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def of(self, person: PersonId) -> Enrolment | None:
        """The enrolment of a person, None before the first call."""
        query = select(enrolments).where(enrolments.c.person == person)

        def look(connection: Connection) -> Enrolment | None:
            row = connection.execute(query).first()
            if row is None:
                return None
            name = None if row.name is None else ClipId(row.name)
            return Enrolment(person, bytes.fromhex(row.salt), bytes.fromhex(row.secret), name, row.enrolled_at)

        return await self._book.read(look)

    async def choose(self, person: PersonId, digits: str, *, salt: bytes, at: datetime) -> bool:
        """Keep the rest of a PIN; False: it was chosen already, and stays as it is."""
        secret = _digest(digits, salt)

        def store(connection: Connection) -> bool:
            known = connection.execute(select(enrolments.c.secret).where(enrolments.c.person == person)).first()
            if known is not None and known.secret:
                return False
            _put(connection, person, at, salt=salt.hex(), secret=secret.hex())
            return True

        return await self._book.write(store)

    async def keep_name(self, person: PersonId, name: ClipId, *, at: datetime) -> None:
        """Keep the clip of the name that a person spoke."""
        await self._book.write(lambda connection: _put(connection, person, at, name=name))


def _put(connection: Connection, person: PersonId, at: datetime, **values: str) -> None:
    """Change the row of a person, or make it."""
    changed = connection.execute(update(enrolments).where(enrolments.c.person == person).values(values)).rowcount
    if not changed:
        row = {"person": person, "salt": "", "secret": "", "name": None, "enrolled_at": at}
        connection.execute(insert(enrolments).values(row | values))


def _digest(digits: str, salt: bytes) -> bytes:
    return hashlib.scrypt(digits.encode(), salt=salt, n=ROUNDS, r=8, p=1)
