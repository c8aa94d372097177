"""One export: a format, a table, and where it goes."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Final, TextIO, assert_never

from sqlalchemy import Connection

from ledger.errors import LedgerError
from ledger.papers.flat import CALLS, ENTRIES, write_csv, write_parquet
from ledger.papers.journals import beancount_lines, hledger_lines


class Format(Enum):
    """What another program reads."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"
    PARQUET = "parquet"


class What(Enum):
    """Which part of the book."""

    ENTRIES = "entries"
    CALLS = "calls"


_TABLES: Final = {What.ENTRIES: ENTRIES, What.CALLS: CALLS}


_JOURNALS: Final = {Format.BEANCOUNT: "book.beancount", Format.HLEDGER: "book.journal"}


class ExportError(LedgerError):
    """The export cannot be made as it was asked for; says what to ask for instead."""


def export(connection: Connection, format_: Format, what: What, out: Path | None) -> Path | None:
    """Write one export from one snapshot; returns the file, None when it went to standard output.

    A folder gets a file named after the format (`book.beancount`) or after the table (`calls.csv`). A file is complete
    or not there: it is written beside its place and moved. A device or a pipe is refused: it would be replaced.

    Raises:
        ExportError: A journal has no calls; Parquet is no text; the file cannot be written, or is none.
        ParquetMissingError: The optional program for Parquet is not installed.
    """
    if format_ in _JOURNALS and what is What.CALLS:
        raise ExportError(f"a {format_.value} journal has no call records: take --format csv or parquet")
    if out is None:
        if format_ is Format.PARQUET:
            raise ExportError("Parquet is no text: name a file with --out")
        _write_text(connection, format_, what, sys.stdout)
        return None
    path = out / file_name(format_, what) if out.is_dir() else out
    if path.exists() and not path.is_file():
        raise ExportError(f"{path} is no file: name one with --out, or leave it out for standard output")
    partial = path.with_name(f".{path.name}.partial")
    try:
        if format_ is Format.PARQUET:
            write_parquet(_TABLES[what], connection, partial)
        else:
            with partial.open("w", encoding="utf-8", newline="") as file:
                _write_text(connection, format_, what, file)
        partial.replace(path)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}; name another file with --out") from error
    finally:
        partial.unlink(missing_ok=True)
    return path


def file_name(format_: Format, what: What) -> str:
    """What an export is called in a folder."""
    return _JOURNALS.get(format_, f"{what.value}.{format_.value}")


def _write_text(connection: Connection, format_: Format, what: What, file: TextIO) -> None:
    match format_:
        case Format.BEANCOUNT:
            file.writelines(f"{line}\n" for line in beancount_lines(connection))
        case Format.HLEDGER:
            file.writelines(f"{line}\n" for line in hledger_lines(connection))
        case Format.CSV | Format.PARQUET:
            assert format_ is Format.CSV, "Parquet is written by its own program"
            write_csv(_TABLES[what], connection, file)
        case _:
            assert_never(format_)
