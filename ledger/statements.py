"""Prepared statements: the rows of one table as values, read and written by the handful.

A group of requests touches each table with one statement. SQLAlchemy declares the tables (`ledger.tables`); here
their statements are written once, as text, and run on the driver itself: what SQLAlchemy does for every row and
every statement would cost more than all decisions of the group together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import Column, Connection, Table, create_mock_engine

from ledger.address import SQLITE
from ledger.columns import Amount, Instant, Span
from ledger.entries import MICROSECOND, from_micros, to_micros
from ledger.money import Money
from ledger.prepared import Answer

T = TypeVar("T")


class Working(Protocol):
    """What statements run on (`ledger.engine.Session`)."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""

    @property
    def driver(self) -> Any:
        """The driver's connection."""

    @property
    def core(self) -> Connection:
        """SQLAlchemy's connection, in the same transaction."""

    @property
    def lock(self) -> str:
        """What a SELECT ends with so that nobody else changes its rows before this transaction ends."""

    def execute(self, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run one prepared statement; returns its rows."""

    def send(self, text: str, parameters: Sequence[Any]) -> Answer:
        """Run one prepared statement, at the latest when an answer is asked for or the transaction ends."""


_ESCAPES: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
"""What has a meaning of its own in the text that COPY takes."""

COPIED_MIN: Final = 50
"""Rows from which on COPY takes less time than arrays, though it has to be waited for by itself."""

_TOGETHER: Final = (64, 32, 16, 8, 4, 2, 1)
"""Rows that SQLite writes with one statement: a fifth less than one by one, and the threads of Python change places
once a statement instead of once a row. Each size is a statement more to be kept prepared."""

_ROOMS: Final = (1, 2, 4, 8)
"""Numbers of keys that are parameters of their own: each is a statement more to be kept prepared."""

_POSTGRESQL: Final = create_mock_engine("postgresql+psycopg://", print).dialect

Codec = tuple[Callable[[Any], Any], Callable[[Any], Any]]
"""To the database, and back; neither ever sees None."""

AS_JSON: Final[Codec] = (lambda value: json.dumps(value, separators=(",", ":")), lambda text: tuple(json.loads(text)))
"""A tuple of texts."""


def as_enum(kind: type[Enum]) -> Codec:
    """A member by its value."""
    return (lambda member: member.value, kind)


_CODECS: Final[Mapping[type[Any], Codec]] = {
    Amount: (lambda amount: amount.micros, Money),
    Instant: (to_micros, from_micros),
    Span: (lambda span: span // MICROSECOND, lambda micros: micros * MICROSECOND),
}


class Rows(Generic[T]):
    """The rows of one table that stand for values of one class.

    Args:
        table: Where they are stored.
        make: The class; its fields are read and written by their names.
        codecs: How the fields are stored whose column does not tell.
        paths: Where a column's value is found, for columns that are no field.
        constants: Columns that have one value for all rows of a statement, given to `put`.
        names: The columns in the order of `make`'s arguments, where they are not its fields.
        new: Columns that have one value in all rows that `add_stored` adds.
    """

    def __init__(
        self,
        table: Table,
        make: Callable[..., T],
        *,
        codecs: Mapping[str, Codec] | None = None,
        paths: Mapping[str, str] | None = None,
        constants: tuple[str, ...] = (),
        names: tuple[str, ...] | None = None,
        new: Mapping[str, str | int | None] | None = None,
    ) -> None:
        codecs = codecs or {}
        if names is None:
            assert isinstance(make, type), "whoever is no class says the columns"
            names = tuple(field.name for field in fields(make))
        stored = [column for column in table.c if column.name not in constants]
        self.table: Final = table
        self._make: Final = make
        self._constants: Final = constants
        self._columns: Final = [*(column.name for column in stored), *constants]
        self._get: Final = attrgetter(*(f"{(paths or {}).get(each.name, each.name)}{_inner(each)}" for each in stored))
        self._encoders: Final = [each for each in _coders(stored, codecs, 0) if not _inner(stored[each[0]])]
        self._shown: Final = names
        self._decoders: Final = _coders([table.c[name] for name in names], codecs, 1)
        self._new: Final = new or {}
        self._in_order: Final = [*(name for name in self._columns if name not in self._new), *self._new]
        """Those of a row for `add_stored` first."""
        self._texts: Final[dict[tuple[str, str, str, int], str]] = {}

    @property
    def key(self) -> str:
        """The column of the primary key; the first one, where it has several."""
        return self.table.primary_key.columns[0].name

    def find(self, session: Working, column: str, keys: Collection[Any]) -> Iterable[T]:
        """The rows whose column has one of these values, in no order; they are waited for when they are looked at."""
        if not keys:
            return ()
        return self._made(self._asked(session, "find", column, keys))

    def between(self, session: Working, column: str, low: str, high: str) -> Iterable[T]:
        """The rows whose column lies between two texts, neither included."""
        return self._made(session.send(self._text(session.dialect, "between", column), (low, high)))

    def keys(self, session: Working, keys: Collection[str]) -> set[Any]:
        """Which of these are the one key of a row."""
        if not keys:
            return set()
        return {key for (key,) in self._asked(session, "keys", self.key, keys)()}

    def all(self, session: Working) -> Iterable[T]:
        """Every row; for tables that stay small."""
        return self._made(session.send(self._text(session.dialect, "all", ""), ()))

    def add(self, session: Working, rows: Collection[T], **constants: object) -> None:
        """Add rows with new keys."""
        self._write(session, "add", rows, constants)

    def put(self, session: Working, rows: Collection[T], **constants: object) -> None:
        """Add rows, or replace all but the key of those that have their keys."""
        self._write(session, "put", rows, constants)

    def add_stored(self, session: Working, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows with new keys that are tuples already: columns in the table's order without the `new` ones."""
        if not rows:
            return
        if session.dialect == SQLITE:
            self._write_together(session, "add_stored", rows)
        elif len(rows) < COPIED_MIN:
            columns = [*zip(*rows, strict=True), *([value] * len(rows) for value in self._new.values())]
            session.send(self._text(session.dialect, "add_few", ""), list(map(list, columns)))
        else:
            text = self._text(session.dialect, "add_stored", "")
            with session.driver.cursor() as cursor, cursor.copy(text) as copy:
                copy.write(copied(rows, tuple(self._new.values())))

    def drop(self, session: Working, keys: Collection[str]) -> None:
        """Delete rows by their one key."""
        if keys:
            (key,) = self.table.primary_key.columns
            self._asked(session, "drop", key.name, keys)

    def _asked(self, session: Working, verb: str, column: str, keys: Collection[Any]) -> Answer:
        """What a statement for some keys is answered."""
        few = room_for(session.dialect, len(keys))
        return session.send(self._text(session.dialect, verb, column, few), list_of(session, keys, few))

    def _made(self, answer: Answer) -> Iterator[T]:
        make, decoders = self._make, self._decoders
        for row in answer():
            values = list(row)
            for index, decode in decoders:
                if (value := values[index]) is not None:
                    values[index] = decode(value)
            yield make(*values)

    def _write(self, session: Working, verb: str, rows: Collection[T], constants: Mapping[str, object]) -> None:
        if not rows:
            return
        # Column by column: that takes a third less than row by row.
        columns: list[Sequence[Any]] = list(zip(*map(self._get, rows), strict=True))
        for index, encode in self._encoders:
            columns[index] = [None if value is None else encode(value) for value in columns[index]]
        columns += [[constants[name]] * len(rows) for name in self._constants]
        if session.dialect == SQLITE:
            self._write_together(session, verb, list(zip(*columns, strict=True)))
        else:
            session.send(self._text(session.dialect, verb, ""), list(map(list, columns)))

    def _write_together(self, session: Working, verb: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write rows to SQLite, as many with one statement as one of its sizes has."""
        done = 0
        for size in _TOGETHER:
            while len(rows) - done >= size:
                values = tuple(chain.from_iterable(rows[done : done + size]))
                session.driver.execute(self._text(SQLITE, verb, "", size), values)
                done += size

    def _text(self, dialect: str, verb: str, column: str, few: int = 0) -> str:
        known = self._texts.get((dialect, verb, column, few))
        if known is None:
            known = self._texts[dialect, verb, column, few] = self._written(dialect, verb, column, few)
        return known

    def _written(self, dialect: str, verb: str, column: str, few: int) -> str:
        name = self.table.name
        match verb:
            case "find" | "all":
                where = f" WHERE {column} {among(dialect, few)}" if column else ""
                return f"SELECT {', '.join(self._shown)} FROM {name}{where}"  # noqa: S608 - names of our own tables
            case "between":
                low, high = marks(dialect, 2)
                return f"SELECT {', '.join(self._shown)} FROM {name} WHERE {column} > {low} AND {column} < {high}"  # noqa: S608
            case "keys":
                return f"SELECT {column} FROM {name} WHERE {column} {among(dialect, few)}"  # noqa: S608 - as above
            case "add_stored":
                columns = ", ".join(self._in_order)
                if dialect != SQLITE:
                    return f"COPY {name} ({columns}) FROM STDIN"
                given = ["?"] * (len(self._columns) - len(self._new))
                values = f"({', '.join((*given, *map(_literal, self._new.values())))})"
                return f"INSERT INTO {name} ({columns}) VALUES {', '.join([values] * few)}"  # noqa: S608 - as above
            case "drop":
                return f"DELETE FROM {name} WHERE {column} {among(dialect, few)}"  # noqa: S608 - as above
            case "add_few":
                return f"INSERT INTO {name} ({', '.join(self._in_order)}) {self._values(dialect, self._in_order, few)}"
            case _:
                text = f"INSERT INTO {name} ({', '.join(self._columns)}) {self._values(dialect, self._columns, few)}"
                return text if verb == "add" else f"{text} {self._replacing()}"

    def _values(self, dialect: str, columns: Sequence[str], few: int) -> str:
        """The rows to be written: each by itself, or column by column as arrays in one statement."""
        if dialect == SQLITE:
            row = f"({', '.join(marks(dialect, len(columns)))})"
            return f"VALUES {', '.join([row] * few)}"
        kinds = (self.table.c[name].type.compile(_POSTGRESQL) for name in columns)
        arrays = (f"{mark}::{kind}[]" for mark, kind in zip(marks(dialect, len(columns)), kinds, strict=True))
        return f"SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608 - types alone

    def _replacing(self) -> str:
        keys = [column.name for column in self.table.primary_key.columns]
        changed = ", ".join(f"{name} = excluded.{name}" for name in self._columns if name not in keys)
        return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"


def marks(dialect: str, count: int) -> list[str]:
    """The places of parameters in a statement."""
    return ["?" if dialect == SQLITE else f"${number}" for number in range(1, count + 1)]


def room_for(dialect: str, count: int) -> int:
    """How many parameters `among` takes so many keys as; 0 for all as one list.

    SQLite needs longer to make a list's table than to find a few keys, and PostgreSQL has it for nothing.
    """
    return next((room for room in _ROOMS if count <= room), 0) if dialect == SQLITE else 0


def among(dialect: str, few: int) -> str:
    """Whether a column is one of some keys: of a few, or of a list, which is one parameter however long it is.

    An IN list of thousands would be written out, and parsed, anew each time.
    """
    # Not `= ANY`: that is compared one by one with every row as long as the planner knows nothing of the table.
    if dialect != SQLITE:
        return "IN (SELECT unnest($1::TEXT[]))"
    return f"IN ({', '.join(marks(dialect, few))})" if few else "IN (SELECT value FROM json_each(?))"


def list_of(session: Working, keys: Iterable[Any], few: int) -> tuple[Any, ...]:
    """The parameters that `among` takes: the last of a few keys stands for those that are missing."""
    listed = list(keys)
    if few:
        return (*listed, *listed[-1:] * (few - len(listed)))
    return (json.dumps(listed) if session.dialect == SQLITE else listed,)


def copied(rows: Sequence[tuple[Any, ...]], constants: tuple[Any, ...]) -> str:
    """Rows as COPY takes them, each with the same last columns: that takes a third of what arrays do."""
    end = "".join(f"\t{_field(value)}" for value in constants) + "\n"
    text = "".join(["\t".join(map(str, row)) + end for row in rows])
    marks_of_columns = (len(rows[0]) - 1 + len(constants)) * len(rows)
    is_plain = text.count("\t") == marks_of_columns and text.count("\n") == len(rows) and "\r" not in text
    if is_plain and text.count("\\") == end.count("\\") * len(rows):
        return text
    return "".join(["\t".join(map(_field, row)) + end for row in rows])


def _field(value: str | int | None) -> str:
    """One column of COPY's text."""
    return r"\N" if value is None else str(value).translate(_ESCAPES)


def _literal(value: str | int | None) -> str:
    """A value of the program's own as SQL."""
    return "NULL" if value is None else repr(value)


def _inner(column: Column[Any]) -> str:
    """Where a value has what is stored as a plain attribute, which is read along with it."""
    return ".micros" if type(column.type) is Amount and not column.nullable else ""


def _coders(columns: Iterable[Column[Any]], codecs: Mapping[str, Codec], way: int) -> list[tuple[int, Any]]:
    found = []
    for index, column in enumerate(columns):
        codec = codecs.get(column.name) or _CODECS.get(type(column.type))
        if codec is not None:
            found.append((index, codec[way]))
    return found
