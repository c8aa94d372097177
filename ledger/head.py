"""The one row that says where the book stands: the last entry of the chain, the number of the last change."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, select

from ledger.entries import Head
from ledger.statements import Working, marks
from ledger.tables import head

_READ: Final = "SELECT seq, hash, changes FROM head"


def ask_for_head(session: Working) -> Any:
    """Ask where the book stands, and let nobody else move it before this transaction ends."""
    return session.driver.execute(f"{_READ}{session.lock}")


def take_head(asked: Any) -> Head:
    """What `ask_for_head` was answered."""
    return Head(*asked.fetchone())


def look_at_head(session: Working) -> Head:
    """Where the book stands now."""
    return take_head(session.driver.execute(_READ))


def move_head(session: Working, reached: Head) -> None:
    """Say where the book stands from now on."""
    mark = marks(session.dialect, 1)[0]
    text = f"UPDATE head SET seq = {mark}, hash = {mark}, changes = {mark}"  # noqa: S608 - it holds marks alone
    session.driver.execute(text, (reached.seq, reached.hash, reached.changes))


def read_head(connection: Connection) -> Head:
    """Where a snapshot of the book stands."""
    row = connection.execute(select(head.c.seq, head.c.hash, head.c.changes)).one()
    return Head(row.seq, row.hash, row.changes)
