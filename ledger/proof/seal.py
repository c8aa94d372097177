"""Digests of rows that will not change any more, by which a changed one is found and named.

A digest covers every column that has a value, by name: a column added later, empty in older rows, leaves their
digests as they are. Nothing here asks the database to sort: databases sort texts differently.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    Table,
    TypeDecorator,
    and_,
    cast,
    literal,
    select,
    type_coerce,
)

from ledger.hold import HoldState
from ledger.proof.tables import seals
from ledger.tables import accounts, calls, entries, holds, postings, requests

READ_ROWS: Final = 2_000
"""Rows taken from the database at once."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A table whose rows are sealed."""

    table: Table
    word: str
    """What a row is called in a finding."""
    key: ColumnElement[str]
    about: ColumnElement[Any]
    """What helps to find the row again: an account, an entry's id."""
    final: ColumnElement[bool] | None = None
    """Which rows will not change any more; None means all."""
    columns: tuple[str, ...] | None = None
    """Those of the row that will not change; None means all."""
    kept_as: str | None = None
    """What its seals are kept under; None means the table's name."""

    @property
    def name(self) -> str:
        """The name of its seals."""
        return self.table.name if self.kept_as is None else self.kept_as

    @property
    def content(self) -> tuple[ColumnElement[Any], ...]:
        """The columns that are sealed, by name."""
        every = self.table.c
        names = sorted(every.keys() if self.columns is None else self.columns)
        return tuple(every[name] for name in names)


SEALED: Final = (
    Sealed(entries, "entry", cast(entries.c.seq, String), entries.c.entry_id),
    Sealed(
        postings,
        "posting",
        cast(postings.c.seq, String).concat("/").concat(cast(postings.c.line, String)),
        postings.c.account_id,
    ),
    Sealed(calls, "call", calls.c.call_id, calls.c.payer),
    Sealed(holds, "hold", holds.c.hold_id, holds.c.account_id, final=holds.c.state != HoldState.PLACED.value),
    Sealed(
        holds,
        "placed hold",
        holds.c.hold_id,
        holds.c.account_id,
        final=holds.c.state == HoldState.PLACED.value,
        columns=("hold_id", "account_id", "call_id", "amount", "placed_at", "available"),
        kept_as="placed_holds",
    ),
    Sealed(requests, "request", requests.c.request_id, literal("")),
    # Balance and held follow from postings and holds, which are sealed; the floor follows from agreements.
    Sealed(accounts, "account", accounts.c.account_id, literal(""), columns=("account_id", "opened_at")),
)

UNSEALED: Final = {
    "head": "the last entry; a checkpoint names it",
    "processes": "changes every second",
    "open_calls": "changes until the call ends",
    "account_numbers": "changes as numbers are added and taken off",
    "allowances": "changes with every call",
    "allowance_takes": "gone when the call ends",
    "pending_charges": "gone when the charge is posted; the record says the same amount",
    "card_payments": "changes until the processor answered; what was paid follows from entries, which are sealed",
    "credit_lines": "changes with what is agreed on",
    "invoices": "changes until it is paid; its amount follows from entries, which are sealed",
    "dormancies": "changes with every notice",
    "credit_lots": "changes with every message; its money follows from entries, which are sealed",
    "messages": "changes until it is delivered or rejected",
    "message_draws": "gone when a message is rejected",
    "trust_identities": "says who may be sent to, moves no money, and may be corrected",
}
"""Tables without seals, and why."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The digest of one row."""

    table_name: str
    row_key: str
    about: str
    digest: str


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row that has a seal."""

    row_key: str
    about: str
    """What the seal says of it, and the row perhaps no longer."""
    is_intact: bool
    """Whether it is what it was when it was sealed."""


def new_seals(connection: Connection, sealed: Sealed) -> Iterator[Seal]:
    """Seals of the final rows of a table that have none yet."""
    query = _with_seals(sealed).where(seals.c.digest.is_(None))
    if sealed.final is not None:
        query = query.where(sealed.final)
    for row, digest in _digested(connection, query, sealed):
        yield Seal(sealed.name, row[0], row[1] or "", digest)


def sealed_rows(connection: Connection, sealed: Sealed) -> Iterator[SealedRow]:
    """The rows of a table that have a seal."""
    query = _with_seals(sealed).where(seals.c.digest.is_not(None))
    for row, digest in _digested(connection, query, sealed):
        yield SealedRow(row[0], row[3], is_intact=digest == row[2])


def rows_of(connection: Connection, query: Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
    """Rows, some at a time."""
    return iter(connection.execute(query.execution_options(yield_per=READ_ROWS)))


def _with_seals(sealed: Sealed) -> Select[*tuple[Any, ...]]:
    """Key, what it is about, digest and about of the seal, then the content in the order of the columns' names."""
    its_seal = and_(seals.c.table_name == sealed.name, seals.c.row_key == sealed.key)
    content = (_as_stored(column) for column in sealed.content)
    chosen = select(sealed.key, sealed.about, seals.c.digest, seals.c.about.label("sealed_about"), *content)
    return chosen.select_from(sealed.table.outerjoin(seals, its_seal))


def _as_stored(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column's whole numbers and texts as they are in the database, whatever values they stand for."""
    return type_coerce(column, column.type.impl_instance) if isinstance(column.type, TypeDecorator) else column


def _digested(
    connection: Connection, query: Select[*tuple[Any, ...]], sealed: Sealed
) -> Iterator[tuple[Row[*tuple[Any, ...]], str]]:
    names = [column.name for column in sealed.content]
    for row in rows_of(connection, query):
        yield row, row_digest(names, row[_BEFORE_CONTENT:])


_BEFORE_CONTENT: Final = 4
"""Columns of `_with_seals` before the content."""


def row_digest(names: Sequence[str], values: Sequence[str | int | None]) -> str:
    """SHA-256 over the columns that have a value, as JSON in the order given, in hexadecimal."""
    content = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    return hashlib.sha256(_to_json(content).encode("ascii")).hexdigest()


def digest_of(made: Iterable[Seal]) -> str:
    """SHA-256 over seals in the order of their keys, in hexadecimal."""
    whole = hashlib.sha256()
    for line in sorted(_to_json([seal.row_key, seal.about, seal.digest]) for seal in made):
        whole.update(line.encode("ascii") + b"\n")
    return whole.hexdigest()


_to_json: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, default=repr).encode
"""JSON on one line. What the program never writes, and JSON does not know, stands as Python shows it."""
