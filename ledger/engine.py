"""The connections to a book's database: one that writes, and some that read.

The writing connection takes the write lock as its transaction begins (`BEGIN IMMEDIATE`), so that what it
reads is what it decides on, whoever else writes. Its statements are prepared ones (`ledger.statements`), run on
the driver itself; SQLAlchemy's own connection stands beside them, in the same transaction, for rows of other
packages and for migrations. Others read (`ledger.readers`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Dialect, Engine, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.util import LRUCache

from ledger.address import MEMORY, SQLITE, book_path
from ledger.backfill import Backfill, copy_rest
from ledger.prepared import Answer, Prepared

P = ParamSpec("P")
T = TypeVar("T")

_BY_KEY: Final = "-c enable_seqscan=off -c jit=off"
"""Who writes finds rows by their keys. A plan made while a table was empty would look through all of it for ever after,
or until statistics are gathered. Nothing asked here is worth compiling, whatever it seems to cost."""

CACHE_KIB: Final = 65_536
"""Pages of the file that the writer keeps: the keys of a month of a large facility. By default it is 2 MiB, and every
insert then reads, and writes ahead of its time, pages of three indexes."""

WAL_PAGES: Final = 32_000
"""Pages of the log, 128 MiB, after which a commit copies them into the file: three seconds of all that a disk takes.
Where `ledger.backfill` works it never comes to that."""

BEGIN: Final = "BEGIN IMMEDIATE"
"""SQLite's, which takes the lock."""

COMPILED_MAX: Final = 1_000
"""Statements kept compiled: all there are, several times over."""

CONNECT_SECONDS: Final = 5
"""How long a server may take to answer a new connection."""

_LOST: Final[Mapping[str, int]] = MappingProxyType(
    {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
)
"""A server that vanished from the network is given up after ten seconds, in which nothing of it is heard; by the
system's own settings that takes two hours. Sockets of one machine know no such loss."""

_DIRECT: Final = "sqlite+pysqlite"

_dialects: Final[dict[str, Dialect]] = {}
_compiled: Final[LRUCache[Any, Any]] = LRUCache(COMPILED_MAX)
"""What is compiled belongs to a dialect. A process that opens book after book would otherwise write every statement
anew for each."""


class Session:
    """The writing connection: prepared statements on the driver, and SQLAlchemy's connection beside them.

    Whoever works in one transaction gets it; `transact` begins and commits.
    """

    def __init__(self, engine: Engine) -> None:
        self.dialect: Final = engine.dialect.name
        self._errors: Final = engine.dialect.loaded_dbapi.Error
        self._conflict: Final = engine.dialect.loaded_dbapi.IntegrityError
        self._engine: Final = engine
        self._is_memory: Final = engine.url.database == MEMORY
        self._core: Connection | None = None
        self._driver: Any = None
        self._prepared: Prepared | None = None
        """The statements of PostgreSQL; the driver of SQLite keeps its own."""

    @property
    def driver(self) -> Any:
        """The driver's connection, for `ledger.statements`, with nothing under way on it."""
        self._settle()
        return self._driver

    @property
    def core(self) -> Connection:
        """SQLAlchemy's connection, in the transaction that is under way."""
        assert self._core is not None, "there is a connection only while somebody works"
        self._settle()
        return self._core

    @property
    def lock(self) -> str:
        """SQLite's transactions have the whole file from their begin on; PostgreSQL's lock the head of the book."""
        return "" if self.dialect == SQLITE else " FOR UPDATE"

    def execute(self, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run one prepared statement; returns its rows."""
        return self.send(text, parameters)()

    def send(self, text: str, parameters: Sequence[Any]) -> Answer:
        """Run one prepared statement, at the latest when an answer is asked for or the transaction ends.

        Returns what gives its rows. Whatever error it has is raised here, there, or at that end.
        """
        if self._prepared is not None:
            return self._prepared.send(text, parameters)
        rows: list[tuple[Any, ...]] = self._driver.execute(text, parameters).fetchall()
        return lambda: rows

    def transact(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do some work within one transaction, and commit it; undo it if it raises.

        Raises:
            sqlalchemy.exc.DBAPIError: The database failed; whatever state the connection is in, the next
                transaction gets a fresh one.
        """

        def begun() -> T:
            if self._prepared is None:
                self._driver.execute(BEGIN)
                result = work(self, *args, **kwargs)
                self._driver.commit()
            else:
                self._prepared.send("BEGIN", ())
                result = work(self, *args, **kwargs)
                self._prepared.commit()
            return result

        return self._guarded(begun)

    def look(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask something without keeping anybody from writing.

        Raises:
            sqlalchemy.exc.DBAPIError: As `transact`.
        """

        def asked() -> T:
            result = query(self, *args, **kwargs)
            self._settle()
            self._driver.rollback()  # PostgreSQL's driver may have begun a transaction for it.
            return result

        return self._guarded(asked)

    def _guarded(self, work: Callable[[], T]) -> T:
        """Do some work on a connection, and leave no transaction open whatever comes of it."""
        try:
            core = self._connected()
            try:
                return work()
            except BaseException:
                if self._prepared is not None:
                    self._prepared.forget()
                self._driver.rollback()
                raise
            finally:
                if core.in_transaction():  # It only notes that one is under way: the driver begins and ends it.
                    core.rollback()
        except DBAPIError:
            self._drop_broken()
            raise
        except self._errors as error:
            is_lost = getattr(self._driver, "closed", False)  # SQLite's is never lost.
            if not isinstance(error, self._conflict):  # A row that breaks a rule breaks no connection.
                self._drop_broken()
            raise DBAPIError.instance(None, None, error, self._errors, connection_invalidated=is_lost) from error

    def copy_log(self) -> None:
        """Copy what is left of SQLite's log into its file, so that the next transaction begins it anew."""
        if self._driver is not None:
            copy_rest(self._driver)

    def drop(self) -> None:
        """Let go of the connection."""
        core, self._core, self._driver, self._prepared = self._core, None, None, None
        if core is not None:
            try:
                core.invalidate()
                core.close()
            except (SQLAlchemyError, self._errors):  # It is broken anyway.
                pass
        self._engine.dispose()

    def _settle(self) -> None:
        """Wait for what was sent: SQLAlchemy and the driver send their own beside it."""
        if self._prepared is not None:
            self._prepared.settle()

    def _connected(self) -> Connection:
        if self._core is None:
            self._core = self._engine.connect()
            self._driver = self._core.connection.driver_connection
            self._prepared = None if self.dialect == SQLITE else Prepared(self._driver)
        return self._core

    def _drop_broken(self) -> None:
        if not self._is_memory:  # Without its connection there would be no book.
            self.drop()


class WriteThread:
    """The one connection that writes, in a thread of its own.

    A transaction of a group is some ten statements. Sent one by one to a driver's thread, and awaited one
    by one, they cost three times as much as the same work done in that thread at once, and the decisions
    in between would keep the event loop from its media.
    """

    def __init__(self, url: URL, busy_seconds: float) -> None:
        self.session = Session(_writing_engine(url, busy_seconds))
        self._backfill = None if (path := book_path(url)) is None else Backfill(path)
        self._is_closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-writer")

    async def run(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do some work within one transaction, and commit it; undo it if it raises."""
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._thread, partial(self.session.transact, work, *args, **kwargs))
        if self._backfill is not None and self._backfill.committed(loop.time()):
            self._thread.submit(self.session.copy_log)
        return result

    async def look(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask something without keeping anybody from writing."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, partial(self.session.look, query, *args, **kwargs)
        )

    async def rest(self) -> None:
        """Wait until what is under way has ended."""
        await asyncio.get_running_loop().run_in_executor(self._thread, int)

    async def close(self) -> None:
        """Let go of the connection and the thread, after the work that is under way."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._backfill is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._backfill.close)
        await asyncio.get_running_loop().run_in_executor(self._thread, self.session.drop)
        self._thread.shutdown()


class WriteInline:
    """The one connection that writes, on the event loop: for simulations, where nobody waits for a disk.

    Each piece of work still takes its turn: the loop runs others between it and its answer, so that a crash can
    fall there as well. Going to a thread and back costs ten times what is done there.
    """

    def __init__(self, url: URL, busy_seconds: float) -> None:
        self.session = Session(_writing_engine(url, busy_seconds))

    async def run(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do some work within one transaction, and commit it; undo it if it raises."""
        result = self.session.transact(work, *args, **kwargs)
        await asyncio.sleep(0)
        return result

    async def look(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask something without keeping anybody from writing."""
        result = self.session.look(query, *args, **kwargs)
        await asyncio.sleep(0)
        return result

    async def rest(self) -> None:
        """Nothing is ever under way."""

    async def close(self) -> None:
        """Let go of the connection."""
        self.session.drop()


Writing = WriteThread | WriteInline


def _writing_engine(url: URL, busy_seconds: float) -> Engine:
    if url.get_backend_name() != SQLITE:
        engine = create_engine(url, poolclass=StaticPool, connect_args=server_options(busy_seconds, _BY_KEY))
        engine.dialect = _dialects.setdefault(engine.dialect.driver, engine.dialect)
        return engine.execution_options(compiled_cache=_compiled)
    return sqlite_engine(
        url,
        (
            f"busy_timeout = {round(busy_seconds * 1000)}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"cache_size = {-CACHE_KIB}",
            f"wal_autocheckpoint = {WAL_PAGES}",
        ),
    )


def sqlite_engine(url: URL, pragmas: tuple[str, ...]) -> Engine:
    """The engine of one connection to a file, to be used by any one thread at a time."""
    script, dialect = ";".join(f"PRAGMA {pragma}" for pragma in pragmas), _sqlite()

    def connect() -> Any:  # What SQLAlchemy declares of a connection, SQLite's has by other names of arguments.
        # The driver begins no transaction of its own: `Session` does.
        driver = sqlite3.connect(url.database or "", isolation_level=None, check_same_thread=False)
        driver.executescript(script)
        return driver

    pool = StaticPool(connect, dialect=dialect)
    return Engine(pool, dialect, url.set(drivername=_DIRECT), execution_options={"compiled_cache": _compiled})


@lru_cache(maxsize=1)
def _sqlite() -> Dialect:
    """What SQLAlchemy knows of SQLite, found out once: `create_engine` takes as long as to open a file."""
    engine = create_engine(f"{_DIRECT}://", poolclass=StaticPool)
    engine.connect().close()
    engine.dispose()
    return engine.dialect


def server_options(busy_seconds: float, more: str = "") -> dict[str, Any]:
    """How PostgreSQL is connected to: whoever waits for a lock gives up as on a file."""
    options = f"-c lock_timeout={round(busy_seconds * 1000)} {more}"
    names = {"application_name": "payphone", "connect_timeout": CONNECT_SECONDS, "options": options}
    return names | dict(_LOST)
