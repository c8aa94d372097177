"""Where a book lives, and the connections to it.

One connection writes; it takes the write lock as its transaction begins (`BEGIN IMMEDIATE`), so that
what it reads is what it decides on, whoever else writes. Others read, each from a snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from ledger.errors import BookAddressError

P = ParamSpec("P")
T = TypeVar("T")

READERS_MAX: Final = 4
"""Reads at once. SQLite reads on one core each; a page of the console or a command needs one."""

_DRIVER: Final = "sqlite+aiosqlite"
_DIRECT: Final = "sqlite+pysqlite"

_CONNECT: Final = {"isolation_level": None}
"""The driver begins no transaction of its own: `begin_transaction` below does."""


def book_url(address: str) -> URL:
    """The URL of a book, given as one or as the plain path of a file.

    Raises:
        BookAddressError: Not a file of SQLite.
    """
    if "://" not in address:
        if not address:
            raise BookAddressError("no database is named; write for example sqlite+aiosqlite:///payphone.db")
        return URL.create(_DRIVER, database=address)
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise BookAddressError(f"{address!r} is not the URL of a database") from None
    if url.get_backend_name() != "sqlite":
        raise BookAddressError(
            f"{address!r}: books live in SQLite files for now; write sqlite+aiosqlite:///payphone.db"
        )
    if not url.database or ":memory:" in url.database or url.query:
        raise BookAddressError(f"{address!r}: a book needs a file, which other processes can open too")
    return url.set(drivername=_DRIVER)


def book_path(url: URL) -> Path:
    """The file of a book."""
    return Path(url.database or "")


class WriteThread:
    """The one connection that writes, in a thread of its own.

    A transaction of a group is some ten statements. Sent one by one to a driver's thread, and awaited one
    by one, they cost three times as much as the same work done in that thread at once, and the decisions
    in between would keep the event loop from its media.
    """

    def __init__(self, url: URL, busy_seconds: float) -> None:
        self.engine = create_engine(url.set(drivername=_DIRECT), pool_size=1, max_overflow=0, connect_args=_CONNECT)
        pragmas = (
            f"busy_timeout = {round(busy_seconds * 1000)}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        )
        _prepare(self.engine, pragmas, "BEGIN IMMEDIATE")
        self._is_closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-writer")

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do some work within one transaction, and commit it; undo it if it raises."""

        def transact() -> T:
            try:
                with self.engine.begin() as connection:
                    return work(connection, *args, **kwargs)
            except DBAPIError:
                # Whatever state the connection is in: the next transaction gets a fresh one.
                self.engine.dispose()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._thread, transact)

    async def close(self) -> None:
        """Let go of the connection and the thread, after the work that is under way."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self.engine.dispose)
        self._thread.shutdown()


def reading_engine(url: URL, busy_seconds: float) -> AsyncEngine:
    """The engine of connections that only read: each transaction sees one snapshot."""
    engine = create_async_engine(url, pool_size=READERS_MAX, max_overflow=0, connect_args=_CONNECT)
    _prepare(engine.sync_engine, (f"busy_timeout = {round(busy_seconds * 1000)}", "query_only = ON"), "BEGIN")
    return engine


def _prepare(engine: Engine, pragmas: tuple[str, ...], begin: str) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
