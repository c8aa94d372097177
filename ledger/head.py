"""The one row that says where the book stands: the last entry of the chain, the number of the last change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, select

from ledger.entries import Head
from ledger.errors import NotABookError
from ledger.question import Question
from ledger.statements import Working, marks
from ledger.tables import head

_READ: Final = "SELECT seq, hash, changes FROM head"
_HEAD: Final = Question(select(head.c.seq, head.c.hash, head.c.changes))


def take_head(session: Working) -> Callable[[], Head]:
    """Where the book stands, and nobody else moves it before this transaction ends; to be waited for."""
    answer = session.send(f"{_READ}{session.lock}", ())
    return lambda: _head_of(answer())


def look_at_head(session: Working) -> Head:
    """Where the book stands now."""
    return _head_of(session.execute(_READ, ()))


def _head_of(rows: list[tuple[Any, ...]]) -> Head:
    """The one row as a value.

    Raises:
        NotABookError: It is gone, or there are several.
    """
    if len(rows) != 1:
        problem = f"table head has {len(rows)} rows, not the one that says where the book stands"
        raise NotABookError(f"{problem}: restore the database from a backup")
    return Head(*rows[0])


def move_head(session: Working, reached: Head) -> None:
    """Say where the book stands from now on."""
    seq, last, changes = marks(session.dialect, 3)
    text = f"UPDATE head SET seq = {seq}, hash = {last}, changes = {changes}"  # noqa: S608 - it holds marks alone
    session.send(text, (reached.seq, reached.hash, reached.changes))


def read_head(connection: Connection) -> Head:
    """Where a snapshot of the book stands."""
    return _head_of(list(_HEAD.rows(connection)))
