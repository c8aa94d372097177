"""Where a test's book lives: in a file of its own, or in a database of its own on the tests' server.

A shelf makes books by copying: an original is made once for each list of requests, by the first test that wants it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Protocol, Self

import psycopg
from psycopg.abc import QueryNoTemplate

from ledger.address import POSTGRESQL, SQLITE
from ledger.requests import Request
from tests.support.ledger import fill_book
from tests.support.postgres import Cluster


class Shelf(Protocol):
    """What both kinds of shelf do."""

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""

    def empty(self) -> str:
        """The address of a book that nobody has made yet."""

    def book(self, *requests: Request) -> str:
        """The address of a book of one's own, with these requests done."""

    def change(self, address: str, *statements: str) -> None:
        """Change rows behind the book's back, with every guard of the database off; each must find one."""

    def locked(self, address: str) -> Lock:
        """Keep every other writer from the book, within a block or until it is let go."""


class Lock(Protocol):
    """A lock that somebody else has."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_exc: object) -> None: ...

    def let_go(self) -> None:
        """End it. Ending it again changes nothing."""


@dataclass(slots=True)
class FileShelf:
    """Books in files of one folder."""

    folder: Path
    kind: str = SQLITE
    _originals: dict[tuple[Request, ...], str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def empty(self) -> str:
        return str(self.folder / f"book-{next(self._numbers)}.db")

    def book(self, *requests: Request) -> str:
        if requests not in self._originals:
            self._originals[requests] = fill_book(self.empty(), *requests)
        return str(copyfile(self._originals[requests], self.empty()))

    def change(self, address: str, *statements: str) -> None:
        with closing(sqlite3.connect(address)) as other:
            other.execute("PRAGMA foreign_keys = OFF")
            other.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                assert other.execute(statement).rowcount != 0
            other.commit()

    def locked(self, address: str) -> FileLock:
        return FileLock(address)


class FileLock:
    """A transaction of somebody else that writes a file."""

    def __init__(self, address: str) -> None:
        self._other = sqlite3.connect(address, isolation_level=None)
        self._other.execute("BEGIN IMMEDIATE")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.let_go()

    def let_go(self) -> None:
        self._other.close()


@dataclass(slots=True)
class ServerShelf:
    """Books in databases of one server; those that were given out are dropped by `clear`."""

    cluster: Cluster
    kind: str = POSTGRESQL
    _originals: dict[tuple[Request, ...], str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _given: list[str] = field(default_factory=list)

    def empty(self) -> str:
        name = f"book_{next(self._numbers)}"
        self._given.append(name)
        return self.cluster.make(name)

    def book(self, *requests: Request) -> str:
        if requests not in self._originals:
            original = f"original_{next(self._numbers)}"
            fill_book(self.cluster.make(original), *requests)
            self._originals[requests] = original
        name = f"book_{next(self._numbers)}"
        self._given.append(name)
        return self.cluster.make(name, template=self._originals[requests])

    def change(self, address: str, *statements: str) -> None:
        with psycopg.connect(address) as other:
            other.execute("SET session_replication_role = replica")  # No foreign keys are checked.
            checks = other.execute(
                "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0"
            ).fetchall()
            for table, name in checks:
                other.execute(_own(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
            for statement in statements:
                assert other.execute(_own(statement)).rowcount != 0

    def locked(self, address: str) -> ServerLock:
        return ServerLock(address)

    def clear(self) -> None:
        """Drop what was given out, whoever still uses it."""
        for name in self._given:
            self.cluster.drop(name)
        self._given.clear()


class ServerLock:
    """A transaction of somebody else that has the head of a book."""

    def __init__(self, address: str) -> None:
        self._other = psycopg.connect(address)
        self._other.execute("SELECT 1 FROM head FOR UPDATE")

    def change(self, statement: str) -> None:
        """Change rows in that transaction, which is committed when it ends."""
        self._other.execute(_own(statement))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.let_go()

    def let_go(self) -> None:
        if not self._other.closed:
            self._other.commit()
            self._other.close()


@contextmanager
def cleared(shelf: ServerShelf) -> Iterator[ServerShelf]:
    """Give out books of a server within this block."""
    try:
        yield shelf
    finally:
        shelf.clear()


def _own(statement: str) -> QueryNoTemplate:
    """A statement written in a test, which is as good as a literal."""
    return statement  # type: ignore[return-value]
