"""Prepared statements on libpq itself, for the connection that writes to PostgreSQL.

psycopg looks at every statement and every value of it anew, and takes turns between sending and waiting: that is four
fifths of what a short statement costs here, and a small group is ten of them. The book writes and reads texts, whole
numbers and arrays of both this way, so that all there is to do is to write them down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

from psycopg import Connection, DataError, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

_ENCODING: Final = "utf-8"

_DONE: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


class _Decode(Protocol):
    def __call__(self, stored: bytes, /) -> Any: ...


_DECODERS: Final[Mapping[int, _Decode]] = MappingProxyType({20: int, 23: int, 25: bytes.decode, 1043: bytes.decode})
"""By the number that PostgreSQL gives a type: BIGINT, INTEGER, TEXT, VARCHAR."""


class Prepared:
    """The statements of one connection, each prepared when it is first run."""

    def __init__(self, driver: Connection[Any]) -> None:
        self._libpq: Final = driver.pgconn
        self._names: Final[dict[str, bytes]] = {}
        """As many as `ledger.stored` has statements."""

    def begin(self) -> None:
        """Begin a transaction; the driver commits it, or rolls it back."""
        _checked(self._libpq.exec_(b"BEGIN"))

    def execute(self, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a statement with parameters $1 and so on; returns its rows.

        Raises:
            psycopg.Error: As the driver raises it.
        """
        name = self._names.get(text)
        if name is None:
            name = f"payphone_{len(self._names) + 1}".encode()
            _checked(self._libpq.prepare(name, text.encode()))
            self._names[text] = name
        values: list[Any] = [parameter_of(each) for each in parameters]
        result = _checked(self._libpq.exec_prepared(name, values))
        value = result.get_value
        columns = [(index, _DECODERS[result.ftype(index)]) for index in range(result.nfields)]
        return [
            tuple(None if (it := value(row, index)) is None else decode(it) for index, decode in columns)
            for row in range(result.ntuples)
        ]


def _checked(result: PGresult) -> PGresult:
    if result.status in _DONE:
        return result
    if not result.error_field(DiagnosticField.SQLSTATE):
        # Not the server says so, but libpq, which has lost it.
        raise OperationalError(result.error_message.decode(_ENCODING, "replace"))
    raise error_from_result(result, encoding=_ENCODING)


def parameter_of(value: str | int | list[Any] | None) -> bytes | None:
    """A value as PostgreSQL reads it.

    Raises:
        psycopg.DataError: A text has the character with the number 0, which would end it there.
    """
    if value is None:
        return None
    text = f"{{{','.join(map(_element, value))}}}" if isinstance(value, list) else str(value)
    if "\0" in text:
        raise DataError("a text of PostgreSQL has no character with the number 0")
    return text.encode(_ENCODING)


def _element(value: str | int | None) -> str:
    """One element of an array."""
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if "\\" in value or '"' in value:
        value = value.replace("\\", r"\\").replace('"', r"\"")
    return f'"{value}"'
