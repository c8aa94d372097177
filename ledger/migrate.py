"""Bring a database to the tables this program knows: run at every opening, within one transaction."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import SchemaItem

from ledger.address import POSTGRESQL, SQLITE
from ledger.engine import Writing
from ledger.errors import MissingBookError, NewerBookError, NotABookError
from ledger.head import look_at_head
from ledger.statements import Working
from ledger.tables import ONLY_ON, metadata
from ledger.writer import RETRY_SECONDS

OPEN_TRIES_MAX: Final = 5
"""How often opening is tried: whoever makes the same book at the same time is done by then."""

_HISTORY: Final = Path(__file__).parent / "migrations"

_LOCK: Final = 0x70617970686F6E65
"""An advisory lock of PostgreSQL: "payphone" in ASCII."""

_VERSION: Final = "alembic_version"
"""The table of Alembic that says which step was the last one."""

_HAS_HISTORY: Final = MappingProxyType(
    {
        SQLITE: f"SELECT name FROM sqlite_master WHERE name = '{_VERSION}'",  # noqa: S608 - a constant
        POSTGRESQL: f"SELECT to_regclass('{_VERSION}')::TEXT",
    }
)
"""What is answered with the table's name where there is one."""

_new_books: Final[dict[str, tuple[str, ...]]] = {}
"""The statements that make a new book, by the database's dialect: written by the first one a process makes."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of the history, by name."""

    known: frozenset[str]
    last: str | None


async def bring_up_to_date(writing: Writing, *, may_create: bool) -> int:
    """Migrate; returns the number of the last change.

    Tries again while others open the book at the same time: SQLite does not wait when two turn a new
    file to WAL at once.
    """
    tries = 0
    while True:
        try:
            return await writing.run(_bring, may_create=may_create)
        except OperationalError:
            tries += 1
            if tries == OPEN_TRIES_MAX:
                raise
            await asyncio.sleep(RETRY_SECONDS)


def _bring(session: Working, *, may_create: bool) -> int:
    if not _is_at_end(session):
        migrate(session.core, may_create=may_create)
    return look_at_head(session).changes


def _is_at_end(session: Working) -> bool:
    """Whether the tables are at the last step of the history: most books are opened as they were left."""
    if session.execute(_HAS_HISTORY[session.dialect], ()) != [(_VERSION,)]:
        return False
    return session.execute(f"SELECT version_num FROM {_VERSION}", ()) == [(_steps().last,)]  # noqa: S608 - a constant


def migrate(connection: Connection, *, may_create: bool = True) -> None:
    """Run the steps this database has not seen. The caller commits.

    Raises:
        MissingBookError: It has no tables at all, and `may_create` is false.
        NewerBookError: Its last step is not in this program's history.
        NotABookError: It has tables, but no history.
    """
    if connection.dialect.name != SQLITE:
        # Others may open, and make, the same book at this instant; SQLite has locked the file.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    steps = _steps()
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in steps.known:
        raise NewerBookError(
            f"the book was written by a newer payphone (its tables are at {current},"
            f" this program knows up to {steps.last}): run that version"
        )
    if current == steps.last:
        return
    if current is None:
        if inspect(connection).get_table_names():
            raise NotABookError("the database has tables that are not a book's: choose another file")
        if not may_create:
            raise MissingBookError("there is no book in this database; payphone serve makes one")
        if _make_again(connection):
            return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if current is None:
        _remember(connection)


@lru_cache(maxsize=1)
def _steps() -> _Steps:
    script = ScriptDirectory.from_config(_config())
    return _Steps(frozenset(step.revision for step in script.walk_revisions()), script.get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HISTORY).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _make_again(connection: Connection) -> bool:
    """Make a new book as this process made one before: simulations make thousands."""
    statements = _new_books.get(connection.dialect.name, ())
    for statement in statements:
        connection.exec_driver_sql(statement)
    return bool(statements)


def _remember(connection: Connection) -> None:
    if connection.dialect.name != SQLITE:
        return  # Only SQLite tells the statements that made it.
    driver = connection.connection.driver_connection
    assert driver is not None, "a connection that has just migrated is open"
    _new_books[SQLITE] = tuple(line for line in driver.iterdump() if line not in {"BEGIN TRANSACTION;", "COMMIT;"})


def differences(connection: Connection) -> list[str]:
    """How the migrated tables differ from those declared in this process; empty when they agree.

    Tables that no imported module has declared are left out.
    """
    dialect = connection.dialect.name

    def is_declared(thing: SchemaItem, name: str | None, kind: str, _reflected: object, _other: object) -> bool:
        if kind in {"index", "foreign_key_constraint"}:
            return bool(thing.info.get(ONLY_ON, dialect) == dialect)
        return kind != "table" or name in metadata.tables

    context = MigrationContext.configure(
        connection,
        opts={"include_object": is_declared, "compare_type": True},
    )
    return [repr(difference) for difference in compare_metadata(context, metadata)]
