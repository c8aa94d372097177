"""Postings and call records as flat tables: CSV, and Parquet with exact decimals.

CSV: UTF-8, CRLF between rows (RFC 4180), a header; instants in ISO 8601 with their zone, amounts with six decimals,
nothing where there is no value. Parquet: the same columns typed; amounts are DECIMAL(19, 6), instants UTC microseconds.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Final, TextIO, assert_never

from sqlalchemy import Connection, select

from ledger.entries import MICROSECOND, to_micros
from ledger.errors import LedgerError
from ledger.money import Money
from ledger.papers.journals import six_decimals
from ledger.papers.snapshot import iterate_entries
from ledger.reads import to_record
from ledger.records import CallRecord
from ledger.tables import calls


class Type(Enum):
    """What a column holds; values are the types of Parquet, in DuckDB's words."""

    TEXT = "VARCHAR"
    WHOLE = "BIGINT"
    INSTANT = "TIMESTAMPTZ"
    AMOUNT = "DECIMAL(19,6)"
    """Dollars. 19 digits hold every balance a book may have."""
    SECONDS = "DECIMAL(18,6)"


Cell = str | int | datetime | Money | timedelta | None


@dataclass(frozen=True, slots=True)
class Flat:
    """A table: its name, its columns in order, and how its rows are read from a snapshot."""

    name: str
    columns: tuple[tuple[str, Type], ...]
    rows: Callable[[Connection], Iterator[tuple[Cell, ...]]]


class ParquetMissingError(LedgerError):
    """The optional program for Parquet is not installed."""

    def __init__(self) -> None:
        super().__init__("Parquet needs duckdb: pip install 'payphone[export]', or take --format csv")


def _posting_rows(connection: Connection) -> Iterator[tuple[Cell, ...]]:
    for entry in iterate_entries(connection):
        draft = entry.draft
        for line, posting in enumerate(draft.postings, start=1):
            yield (
                entry.seq,
                line,
                draft.entry_id,
                draft.kind.value,
                draft.at,
                posting.account_id,
                posting.amount,
                draft.call_id,
                draft.refunds,
                draft.memo,
                entry.hash,
            )


ENTRIES: Final = Flat(
    "entries",
    (
        ("seq", Type.WHOLE),
        ("line", Type.WHOLE),
        ("entry", Type.TEXT),
        ("kind", Type.TEXT),
        ("at", Type.INSTANT),
        ("account", Type.TEXT),
        ("amount", Type.AMOUNT),
        ("call", Type.TEXT),
        ("refunds", Type.TEXT),
        ("memo", Type.TEXT),
        ("hash", Type.TEXT),
    ),
    _posting_rows,
)
"""A row for each posting; credit is positive, as in the book."""


def _call_rows(connection: Connection) -> Iterator[tuple[Cell, ...]]:
    query = select(calls).order_by(calls.c.started_at, calls.c.call_id).execution_options(yield_per=1_000)
    for row in connection.execute(query).mappings():
        yield _call_row(to_record(row))


def _call_row(record: CallRecord) -> tuple[Cell, ...]:
    return (
        record.call_id,
        record.facility,
        record.station,
        record.person,
        record.number,
        record.billing,
        record.payer,
        record.started_at,
        record.rang_at,
        record.answered_at,
        record.accepted_at,
        record.ended_at,
        record.why,
        record.ended_by,
        record.talk,
        record.charged,
        record.tariff,
        record.explanation,
        record.recording,
    )


CALLS: Final = Flat(
    "calls",
    (
        ("call", Type.TEXT),
        ("facility", Type.TEXT),
        ("station", Type.TEXT),
        ("person", Type.TEXT),
        ("number", Type.TEXT),
        ("billing", Type.TEXT),
        ("payer", Type.TEXT),
        ("started_at", Type.INSTANT),
        ("rang_at", Type.INSTANT),
        ("answered_at", Type.INSTANT),
        ("accepted_at", Type.INSTANT),
        ("ended_at", Type.INSTANT),
        ("why", Type.TEXT),
        ("ended_by", Type.TEXT),
        ("talk_seconds", Type.SECONDS),
        ("charged", Type.AMOUNT),
        ("tariff", Type.TEXT),
        ("explanation", Type.TEXT),
        ("recording", Type.TEXT),
    ),
    _call_rows,
)
"""A row for each call record, the oldest first; the names are those of the JSON records."""


def write_csv(flat: Flat, connection: Connection, file: TextIO) -> int:
    """Write a table as CSV into a file opened with `newline=""`; returns how many rows."""
    writer = csv.writer(file)
    writer.writerow([name for name, _ in flat.columns])
    count = 0
    for row in flat.rows(connection):
        writer.writerow(map(_as_text, row))
        count += 1
    return count


def write_parquet(flat: Flat, connection: Connection, path: Path) -> int:
    """Write a table as one Parquet file (zstd); returns how many rows.

    The rows go to DuckDB through a file of JSON lines: whole micros as digits, so that no float is met.

    Raises:
        ParquetMissingError: duckdb is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415 - an optional extra, 25 MB.
    except ImportError:
        raise ParquetMissingError from None
    with tempfile.TemporaryDirectory(prefix="payphone-") as folder:
        lines = Path(folder) / "rows.jsonl"
        count = _write_lines(flat.rows(connection), lines)
        chosen = ", ".join(_typed(f"c{place}", name, type_) for place, (name, type_) in enumerate(flat.columns))
        columns = {
            f"c{place}": "BIGINT" if type_ in {Type.WHOLE, Type.INSTANT} else "VARCHAR"
            for place, (_, type_) in enumerate(flat.columns)
        }
        # Nothing is fetched from elsewhere: all it needs is in the wheel.
        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        with duckdb.connect(config=settings) as database:
            database.execute("SET TimeZone = 'UTC'")
            source = f"read_json({_literal(str(lines))}, format = 'newline_delimited', columns = {columns})"
            database.execute(
                f"COPY (SELECT {chosen} FROM {source}) TO {_literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608
            )
    return count


def _write_lines(rows: Iterable[tuple[Cell, ...]], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps({f"c{place}": _as_json(cell) for place, cell in enumerate(row)}) + "\n")
            count += 1
    return count


def _typed(column: str, name: str, type_: Type) -> str:
    match type_:
        case Type.INSTANT:
            return f'make_timestamptz({column}) AS "{name}"'
        case Type.TEXT | Type.WHOLE | Type.AMOUNT | Type.SECONDS:
            return f'CAST({column} AS {type_.value}) AS "{name}"'
        case _:
            assert_never(type_)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _as_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.isoformat()
        case Money():
            return six_decimals(cell)
        case timedelta():
            return six_decimals(Money(cell // MICROSECOND))
        case str() | int():
            return str(cell)
        case _:
            assert_never(cell)


def _as_json(cell: Cell) -> Any:
    match cell:
        case datetime():
            return to_micros(cell)
        case None | str() | int():
            return cell
        case _:
            return _as_text(cell)
