"""The connections that only read: each question is answered from one snapshot.

Those of SQLite each answer in a thread, a whole question at once: statement by statement, handed to a thread and
awaited, they would cost six times as much. Those of PostgreSQL are an engine on asyncio, for they wait for a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.address import SQLITE
from ledger.engine import Session, server_options, sqlite_engine

T = TypeVar("T")

READERS_MAX: Final = 4
"""Reads at once. SQLite reads on one core each; a page of the console or a command needs one."""


class FileReaders:
    """Connections to a file, made as they are needed, each used by one thread at a time."""

    def __init__(self, url: URL, busy_seconds: float) -> None:
        self._url: Final = url
        self._pragmas: Final = (f"busy_timeout = {round(busy_seconds * 1000)}", "query_only = ON")
        self._threads: Final = ThreadPoolExecutor(READERS_MAX, thread_name_prefix="ledger-reader")
        self._idle: Final[list[Session]] = []

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Answer a question.

        Raises:
            sqlalchemy.exc.DBAPIError: The database failed.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, query)

    async def close(self) -> None:
        """Let go of the connections, after the reads that are under way."""
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().drop()

    def _answer(self, query: Callable[[Connection], T]) -> T:
        try:
            session = self._idle.pop()
        except IndexError:
            session = Session(sqlite_engine(self._url, self._pragmas))
        try:
            return session.snapshot(query)
        finally:
            self._idle.append(session)


class ServerReaders:
    """Connections to PostgreSQL."""

    def __init__(self, url: URL, busy_seconds: float) -> None:
        self._engine: Final = create_async_engine(
            url,
            pool_size=READERS_MAX,
            max_overflow=0,
            connect_args=server_options(busy_seconds, "-c default_transaction_read_only=on"),
            isolation_level="REPEATABLE READ",
        )

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


Readers = FileReaders | ServerReaders


def readers(url: URL, busy_seconds: float) -> Readers:
    """Those of a database; they connect when there is first something to read."""
    return (FileReaders if url.get_backend_name() == SQLITE else ServerReaders)(url, busy_seconds)
