"""Facilities that are turned off and on while switches run: durable, in the book's database.

The last word of the command holds, before the configuration's; every switch on the book hears it within half a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from ledger.question import Question, columns_of
from ledger.store import Book
from switch.directory.tables import facility_switches


@dataclass(frozen=True, slots=True)
class FacilitySwitch:
    """What was last said of a facility."""

    facility: str
    is_off: bool
    ends_calls: bool
    """Whether calls that go on are ended, or end by themselves."""
    why: str
    at: datetime


class FacilitySwitches:
    """The switches of all facilities in one book; read again only when rows may have changed."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: Mapping[str, FacilitySwitch] | None = None
        self._changes = 0
        book.on_rows(self._changed)

    async def all(self) -> Mapping[str, FacilitySwitch]:
        """What was said, by facility.

        Raises:
            LedgerUnavailableError: The database did not answer.
        """
        if self._known is not None:
            return self._known
        seen = self._changes
        found = await self._book.read(_read)
        if seen == self._changes:  # Else this may be the state before the change.
            self._known = found
        return found

    async def is_off(self, facility: str, *, otherwise: bool) -> bool:
        """Whether nobody may call from a facility; `otherwise` is the word of the configuration."""
        said = (await self.all()).get(facility)
        return otherwise if said is None else said.is_off

    async def turn(self, switch: FacilitySwitch) -> None:
        """Turn a facility off or on, from now on."""
        row = {
            "facility": switch.facility,
            "is_off": switch.is_off,
            "ends_calls": switch.ends_calls,
            "why": switch.why,
            "at": switch.at,
        }

        def store(connection: Connection) -> None:
            connection.execute(delete(facility_switches).where(facility_switches.c.facility == switch.facility))
            connection.execute(insert(facility_switches).values(row))

        await self._book.write(store)

    def _changed(self) -> None:
        self._changes += 1
        self._known = None


def _read(connection: Connection) -> Mapping[str, FacilitySwitch]:
    return {row[0]: FacilitySwitch(*row) for row in _ALL.rows(connection)}


_ALL: Final = Question(select(*columns_of(facility_switches, FacilitySwitch)))
