"""Prepared statements on libpq itself, for the connection that writes to PostgreSQL, sent without waiting for answers.

psycopg looks at every statement and every value of it anew, and takes turns between sending and waiting: that is four
fifths of what a short statement costs here, and a small group is eight of them. The book writes and reads texts, whole
numbers and arrays of both this way, so that all there is to do is to write them down. They go out together, in
libpq's pipeline mode, when the first answer is asked for: a group waits twice, for what it reads and for its commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from select import POLLIN, POLLOUT, poll
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

from psycopg import Connection, DataError, Error, InterfaceError, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

_ENCODING: Final = "utf-8"

_DONE: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})

_Row: TypeAlias = tuple[Any, ...]
Answer: TypeAlias = Callable[[], list[_Row]]
"""The rows a statement is answered with; who asks for them waits for all that was sent so far."""


class _Decode(Protocol):
    def __call__(self, stored: bytes, /) -> Any: ...


_DECODERS: Final[Mapping[int, _Decode]] = MappingProxyType({20: int, 23: int, 25: bytes.decode, 1043: bytes.decode})
"""By the number that PostgreSQL gives a type: BIGINT, INTEGER, TEXT, VARCHAR."""


class Prepared:
    """The statements of one connection, each prepared when it is first run.

    What is sent runs in its order. Where one fails, none after it runs until somebody waits, and whoever waits gets its
    error: an answer, or `settle`.
    """

    def __init__(self, driver: Connection[Any]) -> None:
        self._libpq: Final = driver.pgconn
        self._names: Final[dict[str, bytes]] = {}
        """As many as `ledger.stored` has statements."""
        self._sent: Final[list[_Sent]] = []
        """What nobody has waited for."""
        self._poll: Final = poll()

    def send(self, text: str, parameters: Sequence[Any]) -> Answer:
        """Send a statement with parameters $1 and so on.

        Raises:
            psycopg.Error: It cannot be sent, or prepared, or one before it failed.
        """
        return self._send(text, parameters).rows

    def commit(self) -> None:
        """Commit the transaction, and wait for it.

        Raises:
            psycopg.Error: It was not committed, or nobody knows: a statement failed, the server is lost.
        """
        sent = self._send("COMMIT", ())
        sent.rows()
        assert sent.result is not None, "it was waited for"
        if sent.result.command_status != b"COMMIT":  # Of a transaction in which something failed: ROLLBACK.
            raise OperationalError("the server rolled back what was to be committed")

    def settle(self) -> None:
        """Wait until all that was sent has run; nothing is under way then.

        Raises:
            psycopg.Error: The first error of it, as the driver raises it.
        """
        if not self._sent:
            return
        error: Error | None = None
        try:
            self._libpq.pipeline_sync()
            for sent in self._sent:
                result = self._next()
                if result.status in _DONE:
                    sent.result = result
                elif error is None:
                    error = _error_of(result)
                self._libpq.get_result()  # Nothing: the end of what this one is answered.
            self._next()  # The word that all has run.
            self._libpq.exit_pipeline_mode()
        except OperationalError as lost:
            error = error or lost  # A server that is shut down says so first.
        self._sent.clear()
        if error is not None:
            raise error

    def forget(self) -> None:
        """Wait as `settle` does, whatever comes of it."""
        with suppress(Error):
            self.settle()

    def _send(self, text: str, parameters: Sequence[Any]) -> _Sent:
        name = self._names.get(text) or self._prepare(text)
        values: list[Any] = [parameter_of(each) for each in parameters]
        if not self._sent:
            self._libpq.enter_pipeline_mode()
        self._libpq.send_query_prepared(name, values)
        sent = _Sent(self)
        self._sent.append(sent)
        return sent

    def _next(self) -> PGresult:
        """The next result, waited for.

        Raises:
            psycopg.OperationalError: The server is lost.
        """
        libpq = self._libpq
        while libpq.is_busy():
            self._poll.register(libpq.socket, POLLIN | POLLOUT if libpq.flush() else POLLIN)
            self._poll.poll()
            libpq.consume_input()
        result = libpq.get_result()
        if result is None:
            raise OperationalError(libpq.get_error_message())
        return result

    def _prepare(self, text: str) -> bytes:
        self.settle()
        name = self._names[text] = f"payphone_{len(self._names) + 1}".encode()
        result = self._libpq.prepare(name, text.encode())
        if result.status not in _DONE:
            del self._names[text]
            raise _error_of(result)
        return name


class _Sent:
    """A statement that was sent, and what it is answered."""

    __slots__ = ("_prepared", "result")

    def __init__(self, prepared: Prepared) -> None:
        self._prepared: Final = prepared
        self.result: PGresult | None = None

    def rows(self) -> list[_Row]:
        """The rows, once all that was sent has run; see `Answer`."""
        if self.result is None:
            self._prepared.settle()
        result = self.result
        if result is None:
            raise InterfaceError("this statement, or one before it, failed")
        value = result.get_value
        columns = [(index, _DECODERS[result.ftype(index)]) for index in range(result.nfields)]
        return [
            tuple(None if (it := value(row, index)) is None else decode(it) for index, decode in columns)
            for row in range(result.ntuples)
        ]


def _error_of(result: PGresult) -> Error:
    if not result.error_field(DiagnosticField.SQLSTATE):
        # Not the server says so, but libpq, which has lost it.
        return OperationalError(result.error_message.decode(_ENCODING, "replace"))
    return error_from_result(result, encoding=_ENCODING)


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
