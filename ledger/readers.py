"""The connections that only read: each question is answered from one snapshot.

Both databases have an engine on asyncio (aiosqlite, psycopg). aiosqlite hands each call to a thread of its connection
and awaits it, which costs more than most statements do: what is asked again and again is a `Question`, one call each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ledger.address import SQLITE
from ledger.engine import server_options

T = TypeVar("T")

READERS_MAX: Final = 4
"""Reads at once. SQLite reads on one core each; a page of the console or a command needs one."""


class Readers:
    """Connections to a database, made as they are needed."""

    def __init__(self, url: URL, busy_seconds: float) -> None:
        of_file = url.get_backend_name() == SQLITE
        self._engine: Final = (_to_file if of_file else _to_server)(url, busy_seconds)

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Answer a question.

        Raises:
            sqlalchemy.exc.DBAPIError: The database failed.
        """
        async with self._engine.begin() as connection:
            return await connection.run_sync(query)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._engine.dispose()


def _to_server(url: URL, busy_seconds: float) -> AsyncEngine:
    options = server_options(busy_seconds, "-c default_transaction_read_only=on")
    return create_async_engine(
        url, pool_size=READERS_MAX, max_overflow=0, connect_args=options, isolation_level="REPEATABLE READ"
    )


def _to_file(url: URL, busy_seconds: float) -> AsyncEngine:
    # Neither the driver begins a transaction nor the pool ends one: each question does, once.
    engine = create_async_engine(
        url,
        pool_size=READERS_MAX,
        max_overflow=0,
        pool_reset_on_return=None,
        connect_args={"isolation_level": None},
    )
    pragmas = f"PRAGMA busy_timeout = {round(busy_seconds * 1000)}; PRAGMA query_only = ON"

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: AdaptedConnection, _entry: Any) -> None:
        connection.run_async(lambda driver: driver.executescript(pragmas))

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        adapted: Any = connection.connection.dbapi_connection
        adapted.run_async(lambda driver: driver.execute_fetchall("BEGIN"))

    return engine
