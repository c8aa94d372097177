"""What readers ask again and again: statements written once a process, and run on SQLite's driver itself.

Each time a statement is executed, SQLAlchemy looks for what it has compiled of it, and makes a context and a result:
for a short one that takes several times as long as SQLite does, and on aiosqlite four calls of its thread instead of
one. A reader on PostgreSQL waits for the server, and asks by SQLAlchemy as everybody else does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Connection, Dialect, FromClause, Select, Text, bindparam
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from ledger.address import SQLITE

_Process = Callable[[Any], Any]


class Question:
    """A statement, whose parameters each have a name."""

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self._query: Final = query
        self._written: _Written | None = None

    def rows(self, connection: Connection, **values: Any) -> Iterator[tuple[Any, ...]]:
        """Ask it within the transaction of a connection; its rows come one by one.

        Raises:
            sqlalchemy.exc.DBAPIError: The database failed.
            ValueError: A row has what the program never writes; those before it have come.
        """
        if connection.dialect.name != SQLITE:
            return iter(connection.execute(self._query, values))
        written = self._written
        if written is None:
            written = self._written = _write(self._query, connection.dialect, values)
        return _asked(connection.connection.dbapi_connection, written, values)

    def column(self, connection: Connection, **values: Any) -> Iterator[Any]:
        """Ask it, for the first column of its rows."""
        return (row[0] for row in self.rows(connection, **values))

    def first(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:
        """Ask it, for its first row; None if there is none."""
        return next(self.rows(connection, **values), None)


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement as SQLite takes it."""

    text: str
    parameters: tuple[tuple[str | None, Any], ...]
    """In their order: the name of a value that is given, and how it is stored; or None, and what stands there."""
    decoders: tuple[tuple[int, _Process], ...]


def _write(query: Select[*tuple[Any, ...]], dialect: Dialect, values: dict[str, Any]) -> _Written:
    compiled = query.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler), "a SELECT is SQL"
    state = compiled.construct_expanded_state(values)
    parameters: list[tuple[str | None, Any]] = []
    for name in state.positiontup or ():
        bind, value = compiled.binds.get(name), state.parameters[name]
        # What is not there is a value of a list, which the compiler has taken apart.
        encode = state.processors.get(name) if bind is None else bind.type.dialect_impl(dialect).bind_processor(dialect)
        if name in values:
            parameters.append((name, encode))
        else:
            parameters.append((None, value if encode is None else encode(value)))
    ways = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in query.selected_columns)
    decoders = tuple((index, decode) for index, decode in enumerate(ways) if decode is not None)
    return _Written(state.statement, tuple(parameters), decoders)


def _asked(driver: Any, written: _Written, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    given = [
        way if name is None else values[name] if way is None else way(values[name]) for name, way in written.parameters
    ]
    decoders = written.decoders
    try:
        if isinstance(driver, AdaptedConnection):
            rows = driver.run_async(lambda own: own.execute_fetchall(written.text, given))
        else:
            rows = driver.execute(written.text, given)
        for row in rows:
            if not decoders:
                yield row
                continue
            decoded = list(row)
            for index, decode in decoders:
                decoded[index] = decode(decoded[index])
            yield tuple(decoded)
    except sqlite3.Error as error:
        raise DBAPIError.instance(written.text, None, error, sqlite3.Error) from error


def columns_of(table: FromClause, kind: type[Any]) -> list[ColumnElement[Any]]:
    """The columns of a table that are the fields of a class, in their order."""
    return [table.c[each.name] for each in fields(kind)]


class _Listed(GenericFunction[Any]):
    """The texts of a list that is one parameter, as JSON."""

    inherit_cache = True


@compiles(_Listed)
def _of_json(listed: _Listed, compiler: SQLCompiler, **rest: Any) -> str:
    """As PostgreSQL takes them apart."""
    return f"(SELECT json_array_elements_text(CAST({compiler.process(listed.clauses, **rest)} AS JSON)))"


@compiles(_Listed, SQLITE)
def _of_json_on_sqlite(listed: _Listed, compiler: SQLCompiler, **rest: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(listed.clauses, **rest)}))"  # noqa: S608 - a mark


def among(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Whether a column is one of the texts that are given under a name, as `listed`.

    However many they are, they are one parameter; a list of its own length would be a statement of its own.
    """
    return column.op("IN", return_type=Boolean())(_Listed(bindparam(name, type_=Text())))


def listed(texts: Iterable[str]) -> str:
    """Some texts as `among` takes them."""
    return json.dumps(sorted(texts))
