"""Questions to a database that may have gone away meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DatabaseError, DBAPIError

from ledger.errors import LedgerUnavailableError

T = TypeVar("T")


async def asked(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask the database, and once more if the connection was lost: a server that was restarted is found again.

    PostgreSQL has other kinds of a `DatabaseError` where SQLite has only an `OperationalError`.
    """
    try:
        try:
            return await ask()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return await ask()
    except DatabaseError as error:
        raise LedgerUnavailableError(f"the book cannot be read: {error.orig}") from error
